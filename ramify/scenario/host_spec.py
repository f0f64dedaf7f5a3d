"""A host alone: a scenario file, or one that holds `domain` and `host` and leaves the cell out.

What such a file leaves out and the description of a host never reads takes a value of no consequence, so that the
rest of ramify sees a scenario. Films, nuclei and protocols are not judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import host_rule as host_on_grid
from ramify.scenario.host_rules import host_rule
from ramify.scenario.load import Document, parse_text, read_text
from ramify.scenario.loading import find_scenario, finish
from ramify.scenario.overrides import apply_overrides
from ramify.scenario.resolve import resolve
from ramify.scenario.rules import domain_rule, preset_rule
from ramify.scenario.schema import PlatingScenario
from ramify.scenario.validate import validate

KEYS = ("title", "version", "domain", "host", "metal")
"""Of a file that describes a host alone."""
PLACEHOLDERS = {
    "electrolyte": {"preset": "LiPF6 in EC:DMC", "concentration": "1 mol/L"},
    "kinetics": {"exchange_current_density": "1 A/m^2"},
    "protocol": ["rest for 1 s"],
}


def load_host(source: str | Path, overrides: Iterable[str] = ()) -> PlatingScenario:
    """The resolved scenario of a file, of a shipped name, or of a file that holds a domain and a host alone.

    Raises
    ------
    ScenarioError
        With file, line, key, value, what is allowed and the nearest match.
    """
    path = find_scenario(source)
    document = parse_text(read_text(path), str(path))
    overrides = list(overrides)
    apply_overrides(document, overrides)
    if not set(document.data) <= set(KEYS):
        scenario = finish(parse_text(read_text(path), str(path)), overrides)
        if not isinstance(scenario, PlatingScenario):
            error = ScenarioError("describes no host", ("model",), scenario.model, "model: plating")
            raise document.locate(error)
        return scenario
    return _host_alone(document)


def _host_alone(document: Document) -> PlatingScenario:
    try:
        if "host" not in document.data:
            raise ScenarioError("is required and missing", ("host",))
        document.data |= PLACEHOLDERS
        scenario = validate(document, PlatingScenario)
        for rule in (domain_rule, preset_rule, host_rule):
            rule(scenario)
        resolved = resolve(scenario)
        host_on_grid(resolved)
    except ScenarioError as error:
        raise document.locate(error) from None
    return resolved
