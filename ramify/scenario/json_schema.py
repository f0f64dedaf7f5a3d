"""JSON Schema of scenario files, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from ramify.scenario.schema import VERSION, Scenario


def scenario_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    schema = Scenario.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ramify scenario"
    schema["properties"]["version"] |= {"const": VERSION}
    # editors read `off` as text, some YAML libraries as a truth value
    schema["properties"]["mechanics"] = {"enum": ["off", False], "default": "off"}
    return schema
