"""Building blocks of the schema: quantities with units, plain numbers, and sections that refuse unknown keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ramify.scenario import units
from ramify.scenario.errors import Key, ScenarioError, nearest, shown

REFUSED = "scenario"
"""Type of the pydantic errors that carry a `ScenarioError` in their context."""


def as_pydantic(error: ScenarioError) -> PydanticCustomError:
    """A refusal in the form that pydantic collects with its place."""
    return PydanticCustomError(REFUSED, "{problem}", {"problem": error.problem, "error": error})


def refuse(problem: str, key: Key = (), value: object = None, allowed: str | None = None,
           suggestion: str | None = None) -> PydanticCustomError:  # fmt: skip
    """The pydantic form of a refusal told in words."""
    text = None if value is None else shown(value)
    return as_pydantic(ScenarioError(problem, key, text, allowed, suggestion))


def quantity(dimension: units.Dimension, sign: units.Sign = "positive") -> Any:
    """The annotated type of a quantity: text with a unit in a file, an SI float in the program."""

    def read(value: object) -> float:
        try:
            return units.parse_quantity(value, dimension, sign)
        except ScenarioError as error:
            raise as_pydantic(error) from None

    def write(value: float) -> str:
        return units.format_quantity(value, dimension)

    pattern = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\S+"
    schema = {
        "type": "string",
        "pattern": pattern if sign == "any" else pattern.replace("[+-]?(", r"\+?(", 1),
        "description": f"{dimension.name} with its unit, SI unit {dimension.unit}",
        "examples": list(dimension.examples),
    }
    return Annotated[float, BeforeValidator(read), PlainSerializer(write, return_type=str), WithJsonSchema(schema)]


Length = quantity(units.LENGTH)
Coordinate = quantity(units.LENGTH, "nonnegative")
Time = quantity(units.TIME)
Temperature = quantity(units.TEMPERATURE)
Concentration = quantity(units.CONCENTRATION)
Diffusivity = quantity(units.DIFFUSIVITY)
Conductivity = quantity(units.CONDUCTIVITY)
CurrentDensity = quantity(units.CURRENT_DENSITY)
ArealResistance = quantity(units.RESISTANCE, "nonnegative")
SurfaceEnergy = quantity(units.SURFACE_ENERGY, "nonnegative")
MolarVolume = quantity(units.MOLAR_VOLUME)
NumberDensity = quantity(units.NUMBER_DENSITY)

Fraction = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Section(BaseModel):
    """A mapping of a scenario: immutable, without coercion, unknown keys refused with the nearest match."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown_keys(cls, data: Any) -> Any:
        """Refuse anything but a mapping, and keys that the section does not have."""
        if isinstance(data, cls):
            return data
        known = list(cls.model_fields)
        allowed = ", ".join(known)
        if not isinstance(data, dict):
            raise refuse("not a mapping of keys to values", (), data if data is not None else "nothing", allowed)
        for name in data:
            if name not in known:
                hint = nearest(str(name), known)
                value = data[name] if isinstance(data[name], str | int | float) else None
                raise refuse("unknown key", (str(name),), value, allowed, hint)
        return data
