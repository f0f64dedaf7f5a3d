"""JSON Schema of study files, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from ramify.study.schema import VERSION, Study


def study_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    schema = Study.model_json_schema(mode="validation")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ramify study"
    schema["properties"]["version"] |= {"const": VERSION}
    names = {"type": "array", "items": {"type": "string"}, "minItems": 2}
    schema["properties"]["zip"] = {"anyOf": [names, {"type": "array", "items": names}], "default": []}
    one_or_several = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    for section in ("FactorSection", "RepeatSection"):
        schema["$defs"][section]["properties"]["key"] = one_or_several
    return schema
