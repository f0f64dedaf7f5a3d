"""From a scenario file to a `Scenario` ready to run: read, override, validate, resolve, refuse what cannot apply."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ramify.scenario.errors import ScenarioError, nearest
from ramify.scenario.grid_rules import refuse_unresolved
from ramify.scenario.host_files import with_host_file
from ramify.scenario.load import Document, parse_text, read_text
from ramify.scenario.overrides import apply_overrides
from ramify.scenario.resolve import resolve
from ramify.scenario.rules import refuse_misfits
from ramify.scenario.schema import Scenario
from ramify.scenario.shipped import shipped_scenarios
from ramify.scenario.validate import validate


def load_scenario(source: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """The resolved scenario in a file.

    Parameters
    ----------
    source : str or Path
        A file, or the name of a shipped scenario such as 'copper_pillars'.
    overrides : iterable of str
        'section.key=VALUE', the value in YAML.

    Raises
    ------
    ScenarioError
        With file, line, key, value, what is allowed and the nearest match.
    """
    path = find_scenario(source)
    return finish(parse_text(read_text(path), str(path)), overrides)


def scenario_from_text(text: str, overrides: Iterable[str] = (), file: str = "scenario") -> Scenario:
    """The resolved scenario in a YAML text; `file` is its name in messages."""
    return finish(parse_text(text, file), overrides)


def find_scenario(source: str | Path) -> Path:
    """The path of a scenario file, or of the shipped scenario of that name."""
    path, shipped = Path(source), shipped_scenarios()
    if os.path.exists(path) or path.suffix or len(path.parts) != 1:
        return path
    if str(source) in shipped:
        return shipped[str(source)]
    hint = nearest(str(source), shipped)
    allowed = f"a file, or one of {', '.join(shipped)}"
    raise ScenarioError("no such scenario file, and none of that name is shipped", (), str(source), allowed, hint)


def finish(document: Document, overrides: Iterable[str]) -> Scenario:
    """The resolved scenario in a document."""
    apply_overrides(document, overrides)
    scenario = validate(document)
    try:
        scenario = with_host_file(scenario, Path(document.file).parent)
        refuse_misfits(scenario)
        resolved = resolve(scenario)
        refuse_unresolved(resolved)
    except ScenarioError as error:
        raise document.locate(error) from None
    return resolved
