"""What the analysis refuses, as the error that the command line tells."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ramify.atomistic.errors import AtomisticError
from ramify.scenario.errors import ScenarioError


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn refused input into one message and exit code 2."""
    from ramify.cli import refuse

    try:
        yield
    except (AtomisticError, ScenarioError) as error:
        refuse(error)
