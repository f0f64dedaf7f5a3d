"""From a scenario file to a `Scenario` ready to run: read, override, validate, resolve, refuse what cannot apply."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ramify.models import DEFAULT, MODELS, Model, find_model
from ramify.scenario.base import Scenario
from ramify.scenario.errors import ScenarioError, nearest, shown
from ramify.scenario.load import Document, parse_text, read_text
from ramify.scenario.materials import include_records
from ramify.scenario.overrides import apply_overrides
from ramify.scenario.shipped import shipped_scenarios
from ramify.scenario.validate import validate


def load_scenario(source: str | Path, overrides: Iterable[str] = ()) -> Any:
    """The resolved scenario in a file, of the class of its model (a `Scenario`).

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


def scenario_from_text(text: str, overrides: Iterable[str] = (), file: str = "scenario") -> Any:
    """The resolved scenario in a YAML text, of the class of its model; `file` is its name in messages."""
    return finish(parse_text(text, file), overrides)


def find_scenario(source: str | Path) -> Path:
    """The path of a scenario file, or of the shipped scenario of that name."""
    path, shipped = Path(source), shipped_scenarios()
    if str(source) in shipped and not path.is_file():  # a folder of that name is likely to hold its results
        return shipped[str(source)]
    if os.path.exists(path) or path.suffix or len(path.parts) != 1:
        return path
    hint = nearest(str(source), shipped)
    allowed = f"a file, or one of {', '.join(shipped)}"
    raise ScenarioError("no such scenario file, and none of that name is shipped", (), str(source), allowed, hint)


def finish(document: Document, overrides: Iterable[str]) -> Scenario:
    """The resolved scenario in a document."""
    apply_overrides(document, overrides)
    include_records(document)
    model = named_model(document)
    scenario = validate(document, model.scenario)
    try:
        return model.complete(scenario, Path(document.file).parent)
    except ScenarioError as error:
        raise document.locate(error) from None


def named_model(document: Document) -> Model:
    """The model that a document asks for; ScenarioError where there is none of that name."""
    name = document.data.get("model", DEFAULT)
    if isinstance(name, str) and name in MODELS:
        return find_model(name)
    hint = nearest(str(name), MODELS)
    error = ScenarioError("not one of the choices", ("model",), shown(name), ", ".join(MODELS), hint)
    raise document.locate(error)


def model_named_in(path: Path) -> str:
    """Name of the model of a scenario file, without the rest of the file being judged."""
    document = parse_text(read_text(path), str(path))
    named_model(document)
    return str(document.data.get("model", DEFAULT))
