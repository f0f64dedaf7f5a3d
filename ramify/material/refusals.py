"""What the analysis refuses, as the one message that the command line tells."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ramify.commands.common import refuse


@contextlib.contextmanager
def refused_files() -> Iterator[None]:
    """Turn refused files and statements into one message and exit code 2."""
    from ramify.atomistic.errors import AtomisticError
    from ramify.scenario.errors import ScenarioError

    try:
        yield
    except (AtomisticError, ScenarioError) as error:
        refuse(error)
