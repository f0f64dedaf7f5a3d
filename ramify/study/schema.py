"""The study file: which scenario, what varies, how the designs are sampled, and what ranks them.

Keys that name a place in the scenario (`host.diameter`, `protocol.0`) are checked with the scenario of every point,
so that a refusal names the point. Dimensional values carry a unit, as in scenarios.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SkipValidation,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from ramify.scenario.errors import ScenarioError, shown
from ramify.scenario.fields import NonNegative, Section, Seed, Time, as_pydantic, refuse
from ramify.scenario.units import unit_factor
from ramify.study.amounts import Value, read_amount
from ramify.study.expressions import FUNCTIONS

VERSION = 1
"""Version of the study format."""
MOST_LEVELS = 10_000
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


def _read_expression(value: object) -> str | int | float:
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise refuse("not an expression", (), value, "text such as '2 * pore + 10 * um', or a number")


Expression = Annotated[
    SkipValidation[str | int | float],
    BeforeValidator(_read_expression),
    WithJsonSchema({"type": ["string", "number"], "examples": ["2 * pore + 10 * um"]}),
]


class LevelRule:
    """Annotation of a factor's level: a quantity with its unit, a plain number, or a word."""

    def read(self, value: object) -> Value:
        """The level; a refusal in pydantic's form for anything else."""
        if isinstance(value, bool):
            raise refuse("true and false are no levels", (), value, "a variant that sets the key")
        if isinstance(value, int | float):
            if not abs(value) < float("inf"):
                raise refuse("not a finite number", (), value)
            return value
        if not isinstance(value, str) or not value.strip():
            raise refuse("not a level", (), value, "a quantity such as '20 um', a number, or a word")
        try:
            return read_amount(value) or value
        except ScenarioError as error:
            raise as_pydantic(error) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["number", "string"], "examples": ["20 um", 3, "LiPF6 in EC:DMC"]}


Level = Annotated[Value, LevelRule()]
Text = Annotated[str, Field(max_length=500)]
Names = Annotated[tuple[str, ...], Field(min_length=2, strict=False)]
Overrides = Annotated[dict[str, Any], Field(default_factory=dict)]


class Listed(Section):
    """A section that also takes a single text where a list of texts is meant."""

    @staticmethod
    def listed(data: Any, key: str) -> Any:
        """The data with the text under `key` in a list of its own."""
        if isinstance(data, dict) and isinstance(data.get(key), str):
            return data | {key: [data[key]]}
        return data


class FactorSection(Listed):
    """One thing that varies."""

    key: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Place or places in the scenario that take the level as it is; none where expressions use it."""
    values: Annotated[tuple[Level, ...], Field(min_length=1, max_length=MOST_LEVELS, strict=False)] | None = None
    between: Annotated[tuple[Level, Level], Field(strict=False)] | None = None
    """Bounds, instead of values."""
    points: Annotated[int, Field(ge=2, le=MOST_LEVELS)] | None = None
    """Levels between the bounds in a grid."""
    scale: Literal["linear", "log"] = "linear"
    label: Text = ""

    @model_validator(mode="before")
    @classmethod
    def one_key_or_several(cls, data: Any) -> Any:
        """Take a single key without a list."""
        return cls.listed(data, "key")


class VariantSection(Section):
    """A named set of overrides, such as a remedy."""

    label: Annotated[str, Field(min_length=1, max_length=80)]
    set: Overrides


class DesignSection(Section):
    """How points are laid out in the space of the factors."""

    type: Literal["grid", "latin_hypercube", "sobol"] = "grid"
    points: Annotated[int, Field(ge=2, le=MOST_LEVELS)] | None = None
    """Samples; base samples where `indices` is set."""
    seed: Seed = 0
    indices: bool = False
    """Of a Sobol design: Saltelli's scheme of points x (factors + 2) points, for Sobol indices."""


class ObjectiveSection(Section):
    """A number of a run that is to be large, small or near a target."""

    quantity: str | None = None
    """A key of summary.json, a column of the history or a measure; the objective's own name by default."""
    reduce: Literal["last", "first", "maximum", "minimum", "mean"] | None = None
    """Of a column of the history; the last value by default."""
    at: Time | None = None
    """Time at which a column of the history is read, instead."""
    per: str | None = None
    """A factor or an expression, a plain number, that divides it: an area per cross-section, for example."""
    goal: Literal["maximise", "minimise", "target"] = "maximise"
    target: Level | None = None
    weight: NonNegative = 1.0
    """In the score; with zero it is a column of the table and ranks nothing."""
    label: Text = ""


class ConstraintSection(Section):
    """A bound that a feasible design keeps."""

    quantity: str | None = None
    reduce: Literal["last", "first", "maximum", "minimum", "mean"] | None = None
    at: Time | None = None
    above: Level | None = None
    below: Level | None = None
    label: Text = ""


class RepeatSection(Listed):
    """Every design several times, with seeds of its own."""

    key: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    """Place of the seed in the scenario."""
    count: Annotated[int, Field(ge=2, le=1000)]
    seed: Seed = 0
    """The first; the others follow it."""

    @model_validator(mode="before")
    @classmethod
    def one_key_or_several(cls, data: Any) -> Any:
        """Take a single key without a list."""
        return cls.listed(data, "key")


class FitSection(Section):
    """A power law y = a x^n between two columns of the table, fitted in the report."""

    quantity: str
    """y: an objective."""
    against: str
    """x: a factor, an expression or an objective."""
    expect: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """The exponent that theory gives."""
    label: Text = ""


class ExecutionSection(Section):
    """Where and with what a point runs."""

    ranks: Annotated[int, Field(ge=1, le=100_000)] = 1
    """MPI ranks of each point."""
    launcher: Literal["srun", "mpiexec"] = "srun"
    """Of `--emit slurm`; local points with several ranks run under mpiexec."""
    wall_time: Time | None = None
    """Asked of the batch system for each point."""
    memory: NonNegative | None = None
    """GiB asked of the batch system for each point; the estimate by default."""
    directives: Annotated[tuple[Text, ...], Field(max_length=50, strict=False)] = ()
    """Further #SBATCH options, such as `--partition=long`."""
    setup: Annotated[tuple[Text, ...], Field(max_length=50, strict=False)] = ()
    """Lines of the batch script before the run, such as `module load mpi`."""


class Study(Section):
    """A whole study file."""

    @property
    def ranked(self) -> dict[str, ObjectiveSection]:
        """The objectives that have a weight."""
        return {name: section for name, section in self.objectives.items() if section.weight > 0.0}

    title: Text = ""
    version: Literal[1] = 1
    base: Annotated[str, Field(min_length=1, max_length=500)]
    """Scenario file, relative to the study, or the name of a shipped scenario."""
    set: Overrides
    """Overrides of the base that all points share."""
    factors: Annotated[dict[str, FactorSection], Field(default_factory=dict)]
    variants: Annotated[tuple[VariantSection, ...], Field(max_length=1000, strict=False)] = ()
    zip: Annotated[tuple[Names, ...], Field(strict=False)] = ()
    """Groups of factors whose levels go together."""
    design: DesignSection = DesignSection()
    expressions: Annotated[dict[str, Expression], Field(default_factory=dict)]
    """Named numbers worked out of factors; columns of the table."""
    derived: Overrides
    """Scenario keys worked out of factors and expressions."""
    objectives: Annotated[dict[str, ObjectiveSection], Field(min_length=1)]
    constraints: Annotated[dict[str, ConstraintSection], Field(default_factory=dict)]
    fits: Annotated[tuple[FitSection, ...], Field(max_length=100, strict=False)] = ()
    repeats: RepeatSection | None = None
    execution: ExecutionSection = ExecutionSection()

    @model_validator(mode="before")
    @classmethod
    def one_group_or_several(cls, data: Any) -> Any:
        """Take `zip: [a, b]` for `zip: [[a, b]]`, and refuse names that expressions cannot use."""
        if not isinstance(data, dict):
            return data
        for section in ("factors", "expressions", "objectives", "constraints"):
            if isinstance(data.get(section), dict):
                for name in data[section]:
                    _refuse_name(section, str(name))
        group = data.get("zip")
        if isinstance(group, list) and group and all(isinstance(name, str) for name in group):
            return data | {"zip": [group]}
        return data


def _refuse_name(section: str, name: str) -> None:
    """Refuse a name that is no word, or that means something else in an expression."""
    allowed = "letters, digits and underscores, up to 40"
    if not NAME.fullmatch(name):
        raise refuse("not a name", (section, name), shown(name), allowed)
    if section in ("factors", "expressions") and (unit_factor(name) is not None or name in FUNCTIONS):
        what = "a function" if name in FUNCTIONS else "a unit"
        raise refuse(f"is {what} in expressions", (section, name), None, "another name")
