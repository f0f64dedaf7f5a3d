"""JSON Schema of scenario files, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from ramify.models import DEFAULT, MODELS, find_model
from ramify.scenario.base import VERSION
from ramify.scenario.fields import INCLUSIONS


def scenario_schema(model: str = DEFAULT) -> dict[str, Any]:
    """The schema of one model's scenarios, draft 2020-12."""
    schema = find_model(model).scenario.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = f"ramify scenario, model: {model}"
    schema["properties"]["version"] |= {"const": VERSION}
    taken = {"$ref": "#/$defs/MaterialSection"}
    records = {"type": "object", "additionalProperties": {"anyOf": [*INCLUSIONS[:2], taken]}}
    schema["properties"]["materials"] = {"anyOf": [records, {"type": "null"}], "default": None}
    if "mechanics" in schema["properties"]:  # editors read `off` as text, some YAML libraries as a truth value
        section = {"$ref": "#/$defs/MechanicsSection"}
        schema["properties"]["mechanics"] = {"anyOf": [{"enum": ["off", False]}, section], "default": "off"}
    return schema


def all_schemas() -> dict[str, Any]:
    """The schema of every scenario: each model's own, chosen by the key `model`."""
    schemas = {name: scenario_schema(name) for name in MODELS}
    definitions: dict[str, Any] = {}
    for name, schema in schemas.items():
        for key, definition in schema.pop("$defs", {}).items():
            if definitions.setdefault(key, definition) != definition:
                raise AssertionError(f"two models have different sections named {key} ({name})")
    named = {"properties": {"model": {"enum": list(MODELS), "default": DEFAULT}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ramify scenario",
        "type": "object",
        "allOf": [named, *(_when(name, schema) for name, schema in schemas.items())],
        "$defs": definitions,
    }


def _when(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Schema of a model, where the key names it; the default also where the key is left out."""
    condition: dict[str, Any] = {"properties": {"model": {"const": name}}}
    if name != DEFAULT:
        condition["required"] = ["model"]
    return {"if": condition, "then": {key: value for key, value in schema.items() if key != "$schema"}}
