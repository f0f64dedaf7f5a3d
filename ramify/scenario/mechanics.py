"""The section `mechanics` of a plating scenario: stress in metal, electrolyte and host, and its rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.fields import AS_PHASES, AS_VALUE, Load, NonNegative, Pressure, Section

STRESS_FIELDS = ("p", "von_mises", "traction")
"""Stored fields that need mechanics."""
LARGEST_GROWTH = 0.05
"""Strain beyond which small strains mean little (physics.mechanics.LARGEST_STRAIN)."""

Poisson = Annotated[float, Field(gt=-1, le=0.495, allow_inf_nan=False)]
Strain = Annotated[float, Field(ge=-LARGEST_GROWTH, le=LARGEST_GROWTH, allow_inf_nan=False)]


class ElasticSection(Section):
    """Elastic constants of one phase: a preset, or Young's modulus and Poisson's ratio."""

    preset: str | None = None
    youngs_modulus: Pressure | None = None
    poissons_ratio: Poisson | None = None


class SurfaceFilmSection(Section):
    """A thin film (SEI, coating) that follows the metal's surface, and its strength."""

    youngs_modulus: Pressure
    poissons_ratio: Poisson
    strength: Pressure
    """Largest tensile stress it bears."""
    misfit_strain: Strain = 0.0
    """Linear strain it would take by itself; negative for a film that shrinks."""


class MechanicsSection(Section):
    """Stress of the deposit, and what it does to the kinetics."""

    metal: ElasticSection = ElasticSection(preset="lithium")
    electrolyte: ElasticSection
    """The electrolyte with its separator, as one elastic body."""
    host: ElasticSection | None = None
    law: Literal["elastic", "anand", "creep"] = "elastic"
    """Of the metal."""
    anand_form: Literal["sinh", "power"] | None = None
    """Of `law: anand`; sinh by default."""
    stack_pressure: Load = 0.0
    confinement: Literal["none", "rigid"] = "none"
    """`rigid` holds the top face where it is; `none` loads it with the stack pressure."""
    sides: Literal["symmetric", "free"] = "symmetric"
    bottom: Literal["bonded", "sliding"] = "bonded"
    growth_strain: Annotated[NonNegative, Field(le=LARGEST_GROWTH)] = 0.0
    """Linear strain of new metal above the place it takes."""
    every: Annotated[int, Field(ge=1, le=1000)] = 1
    """Time steps between two solutions of the stress."""
    film: SurfaceFilmSection | None = None


def _form(value: object) -> str:
    return AS_PHASES if isinstance(value, dict | Section) else AS_VALUE


MechanicsField = Annotated[
    Annotated[Literal["off"], Tag(AS_VALUE)] | Annotated[MechanicsSection, Tag(AS_PHASES)], Discriminator(_form)
]


def check_mechanics(
    section: MechanicsSection | Literal["off"], *, fields: tuple[str, ...], engine: str, lateral: str, has_host: bool
) -> None:
    """Raise the ScenarioError of what cannot apply; `fields` are the stored ones, `lateral` the kind of side faces."""
    if isinstance(section, str):
        for index, name in enumerate(fields):
            if name in STRESS_FIELDS:
                raise ScenarioError("there is no stress", ("output", "fields", index), name, "a 'mechanics' section")
        return
    key: Key = ("mechanics",)
    if engine == "fipy":
        raise ScenarioError("engine fipy has no mechanics", key, allowed="off, or engine: petsc")
    for name in ("metal", "electrolyte", "host"):
        phase = getattr(section, name)
        if phase is not None:
            check_phase(phase, (*key, name))
    if has_host and section.host is None:
        allowed = "a preset, or youngs_modulus and poissons_ratio"
        raise ScenarioError("the host's elastic constants are missing", (*key, "host"), allowed=allowed)
    if section.host is not None and not has_host:
        raise ScenarioError("there is no host", (*key, "host"), allowed="no such key, or a 'host' section")
    if section.anand_form is not None and section.law != "anand":
        raise ScenarioError("is a form of law: anand", (*key, "anand_form"), section.anand_form, "law: anand")
    if section.confinement == "rigid" and section.stack_pressure > 0.0:
        problem = "a top face that is held takes the pressure it takes"
        raise ScenarioError(problem, (*key, "stack_pressure"), allowed="confinement: none, or no stack pressure")
    if section.sides == "free" and lateral == "periodic":
        raise ScenarioError("periodic sides are not free", (*key, "sides"), "free", "symmetric, or lateral: symmetric")


def check_phase(phase: ElasticSection, key: Key) -> None:
    """A preset that exists, or both constants."""
    from ramify.physics.elasticity import PRESETS

    given = [name for name in ("youngs_modulus", "poissons_ratio") if getattr(phase, name) is not None]
    if phase.preset is not None and given:
        raise ScenarioError("cannot be combined with a preset", (*key, given[0]), allowed="the one or the other")
    if phase.preset is not None and phase.preset not in PRESETS:
        names = list(PRESETS)
        hint = nearest(phase.preset, names)
        raise ScenarioError("unknown preset", (*key, "preset"), shown(phase.preset), ", ".join(names), hint)
    if phase.preset is None and len(given) < 2:
        problem = "gives no elastic constants" if not given else f"gives '{given[0]}' alone"
        raise ScenarioError(problem, key, allowed="'preset', or 'youngs_modulus' and 'poissons_ratio'")
