"""The resolved scenario as YAML.

Loading what `to_yaml` writes gives the same scenario: numbers are written in SI units with all their digits.
"""

from __future__ import annotations

import io
from typing import Any

from ramify.scenario.base import LAST, Scenario


def to_data(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain data with units, as it stands in a file."""
    data = scenario.model_dump(mode="json", exclude_none=True)
    data |= {key: data.pop(key) for key in LAST if key in data}
    if isinstance(data.get("host"), dict):
        data["host"] = {"type": data["host"]["type"]} | data["host"]
    return data


def to_yaml(scenario: Scenario) -> str:
    """The scenario as the text of a scenario file."""
    return _yaml(to_data(scenario))


def host_yaml(scenario: Scenario) -> str:
    """Domain, host and metal of the scenario as the text of a file for `ramify host`."""
    data = to_data(scenario)
    return _yaml({key: data[key] for key in ("title", "version", "domain", "host", "metal")})


def _yaml(data: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 110
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
