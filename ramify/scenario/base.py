"""What the scenarios of all models have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, SkipValidation, WithJsonSchema, field_validator

from ramify.scenario.errors import ScenarioError
from ramify.scenario.fields import Section, Temperature, Time, as_pydantic, refuse
from ramify.scenario.protocol import Protocol
from ramify.scenario.protocol_text import parse_protocol, protocol_entries

VERSION = 1
"""Version of the schema that this program writes and the newest it reads."""
LAST = ("protocol", "output", "numerics", "materials")
"""Sections that stand at the end of a file, after what they act on."""


class MaterialSection(Section):
    """A material record and what a scenario has taken from it."""

    record: str
    temperature: Temperature | None = None
    quantile: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    sha256: str | None = None
    quantity: str | None = None
    value: str | float | None = None
    standard_uncertainty: str | float | None = None


class Scenario(Section):
    """Head of a scenario; each model's own class (`ramify.models`) adds its sections."""

    title: Annotated[str, Field(max_length=500)] = ""
    version: int = VERSION
    model: str
    materials: dict[str, MaterialSection] | None = None
    """Material records by name, and what was taken from them."""

    @field_validator("version", mode="before")
    @classmethod
    def refuse_newer(cls, value: Any) -> Any:
        """Refuse a version that this program does not know."""
        if isinstance(value, int) and not isinstance(value, bool) and value > VERSION:
            raise refuse("written for a newer version of ramify", (), value, f"versions up to {VERSION}")
        if value != VERSION or isinstance(value, bool):
            raise refuse("not a version of the scenario format", (), value, f"{VERSION}")
        return value


def _read_protocol(entries: object) -> Protocol:
    try:
        return parse_protocol(entries)
    except ScenarioError as error:
        raise as_pydantic(error) from None


PROTOCOL_SCHEMA: dict[str, Any] = {
    "type": "array",
    "minItems": 1,
    "description": "steps such as 'plate at 2 mA/cm^2 until 0.5 mAh/cm^2', or 'repeat N:' with a list of steps",
    "items": {
        "anyOf": [
            {"type": "string", "pattern": r"^\s*(plate|strip|hold|rest|pulse)\b"},
            {
                "type": "object",
                "patternProperties": {r"^repeat [1-9][0-9]*$": {"type": "array", "minItems": 1}},
                "additionalProperties": False,
                "minProperties": 1,
                "maxProperties": 1,
            },
        ]
    },
}
ProtocolField = Annotated[
    SkipValidation[Protocol],
    BeforeValidator(_read_protocol),
    PlainSerializer(protocol_entries),
    WithJsonSchema(PROTOCOL_SCHEMA),
]


class StoredFields(Section):
    """What is kept of a run; each model names the fields it can store."""

    every: Time | None = None
    """Time between snapshots of the fields; at the start, the switches and the end by default."""
    fields: Annotated[tuple[str, ...], Field(min_length=1, strict=False)] | None = None
    checkpoint_every: Time = 600.0
    """Wall time between checkpoints."""


class TimedScenario(Scenario):
    """A scenario that runs through a protocol in time steps on a structured grid (`ramify.run`)."""

    engine: str
    """Each model names its own."""
    protocol: ProtocolField
    output: StoredFields = StoredFields()
