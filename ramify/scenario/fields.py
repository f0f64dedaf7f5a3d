"""Building blocks of the schema: quantities with units, plain numbers, and sections that refuse unknown keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

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


INCLUSIONS: list[dict[str, Any]] = [
    {"type": "string", "pattern": r"^[A-Za-z_./][\w./ -]*$"},
    {
        "type": "object",
        "properties": {"record": {"type": "string"}, "temperature": {"type": "string"}, "quantile": {"type": "number"}},
        "required": ["record"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {"material": {"type": "string"}},
        "required": ["material"],
        "additionalProperties": False,
    },
]
"""JSON Schema of a material record where a quantity is expected (ramify.scenario.materials).

Editors see the text or mapping behind `!record` and `!material` alone: a name, which begins as no quantity does.
"""


@dataclass(frozen=True)
class Quantity:
    """Annotation of a quantity: text with a unit in a file, an SI float in the program."""

    dimension: units.Dimension
    sign: units.Sign = "positive"

    def read(self, value: object) -> float:
        """The SI value of a text; a refusal in pydantic's form otherwise."""
        try:
            return units.parse_quantity(value, self.dimension, self.sign)
        except ScenarioError as error:
            raise as_pydantic(error) from None

    def write(self, value: float) -> str:
        """The text of an SI value."""
        return units.format_quantity(value, self.dimension)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        serialization = core_schema.plain_serializer_function_ser_schema(self.write, return_schema=_TEXT)
        return core_schema.no_info_plain_validator_function(self.read, serialization=serialization)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        sign = "[+-]?" if self.sign == "any" else r"\+?"
        text = {"type": "string", "pattern": rf"^\s*{sign}(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\S+"}
        return {
            "anyOf": [text, *INCLUSIONS],
            "description": f"{self.dimension.name} with its unit, SI unit {self.dimension.unit}",
            "examples": list(self.dimension.examples),
        }


_TEXT = core_schema.str_schema()

Length = Annotated[float, Quantity(units.LENGTH)]
Coordinate = Annotated[float, Quantity(units.LENGTH, "nonnegative")]
Position = Annotated[float, Quantity(units.LENGTH, "any")]
Time = Annotated[float, Quantity(units.TIME)]
Temperature = Annotated[float, Quantity(units.TEMPERATURE)]
Concentration = Annotated[float, Quantity(units.CONCENTRATION)]
Diffusivity = Annotated[float, Quantity(units.DIFFUSIVITY)]
Conductivity = Annotated[float, Quantity(units.CONDUCTIVITY)]
InsulatorConductivity = Annotated[float, Quantity(units.CONDUCTIVITY, "nonnegative")]
CurrentDensity = Annotated[float, Quantity(units.CURRENT_DENSITY)]
ArealResistance = Annotated[float, Quantity(units.RESISTANCE, "nonnegative")]
SurfaceEnergy = Annotated[float, Quantity(units.SURFACE_ENERGY, "nonnegative")]
MolarVolume = Annotated[float, Quantity(units.MOLAR_VOLUME)]
MolarEnergy = Annotated[float, Quantity(units.MOLAR_ENERGY, "any")]
ActivationEnergy = Annotated[float, Quantity(units.MOLAR_ENERGY, "nonnegative")]
NumberDensity = Annotated[float, Quantity(units.NUMBER_DENSITY)]
Pressure = Annotated[float, Quantity(units.PRESSURE)]
Load = Annotated[float, Quantity(units.PRESSURE, "nonnegative")]
Mobility = Annotated[float, Quantity(units.MOBILITY)]
GradientEnergy = Annotated[float, Quantity(units.GRADIENT_ENERGY)]
KineticMobility = Annotated[float, Quantity(units.KINETIC_MOBILITY)]
Angle = Annotated[float, Quantity(units.ANGLE)]
Area = Annotated[float, Quantity(units.AREA)]
Rate = Annotated[float, Quantity(units.RATE)]
NoiseRate = Annotated[float, Quantity(units.RATE, "nonnegative")]
PerVoltage = Annotated[float, Quantity(units.PER_VOLTAGE)]
ChargeDensity = Annotated[float, Quantity(units.CHARGE_DENSITY)]
Potential = Annotated[float, Quantity(units.VOLTAGE, "any")]
Direction = Annotated[float, Quantity(units.ANGLE, "any")]

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


AS_VALUE, AS_GRADIENT, AS_PHASES, AS_LIST, AS_DIRECTIONS, AS_WORD, AS_TABLE = FORMS = (
    "as a value",
    "as a gradient",
    "as phases",
    "as a list",
    "by direction",
    "as a word",
    "as a table",
)
"""Forms of a key that takes one value, a mapping or a list: names inside the schema that no file has."""


def form_of_value(value: object) -> str:
    """Form of a key that takes a value or {bottom, top}."""
    return AS_GRADIENT if isinstance(value, dict | Section) else AS_VALUE


def form_of_direction(value: object) -> str:
    """Form of a key that takes a value or {lateral, through}."""
    return AS_DIRECTIONS if isinstance(value, dict | Section) else AS_VALUE


def form_of_mapping(value: object) -> str:
    """Form of a key that takes a value, {bottom, top}, {lateral, through}, or a value for each phase."""
    if not isinstance(value, dict | Section):
        return AS_VALUE
    names = set(value if isinstance(value, dict) else type(value).model_fields)
    if names & {"bottom", "top"}:
        return AS_GRADIENT
    return AS_DIRECTIONS if names & {"lateral", "through"} else AS_PHASES


def form_of_list(value: object) -> str:
    """Form of a key that takes a value or a list of values."""
    return AS_LIST if isinstance(value, list | tuple) else AS_VALUE
