"""What models of lithium alloys share: diffusivity and activity over composition, their rules and values."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from ramify.check import Scale
from ramify.physics import alloy_data
from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.fields import ActivationEnergy, Diffusivity, MolarEnergy, Section, Temperature

AtomicFraction = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
DIFFUSION, ACTIVITY = next(iter(alloy_data.DIFFUSION)), next(iter(alloy_data.ACTIVITY))
"""Default presets."""
WAYS = "one of 'preset', 'diffusivity' and 'table'"


class DiffusionPoint(Section):
    """Diffusivity at one composition."""

    magnesium: AtomicFraction
    diffusivity: Diffusivity


class DiffusionSection(Section):
    """Diffusivity of lithium: a preset, one value, or a table over composition."""

    preset: str | None = None
    diffusivity: Diffusivity | None = None
    table: Annotated[tuple[DiffusionPoint, ...], Field(min_length=2, max_length=100, strict=False)] | None = None
    """Exponential between its points, constant beyond them."""
    meaning: Literal["intrinsic", "tracer"] | None = None
    """A tracer's is multiplied by the thermodynamic factor."""
    activation_energy: ActivationEnergy | None = None
    reference_temperature: Temperature | None = None
    """At which the values hold."""


class ThermodynamicsSection(Section):
    """Activity of lithium in the alloy: a preset, or Redlich-Kister parameters at the temperature of the run."""

    preset: str | None = None
    interaction: Annotated[tuple[MolarEnergy, ...], Field(min_length=1, max_length=6, strict=False)] | None = None


DiffusionType = TypeVar("DiffusionType", bound=DiffusionSection)


# ---------------------------------------------------------------------- rules


def diffusion_rule(section: DiffusionSection, key: Key) -> None:
    """D in one way."""
    given = [name for name in ("preset", "diffusivity", "table") if getattr(section, name) is not None]
    if len(given) > 1:
        raise ScenarioError(f"cannot be combined with '{given[0]}'", (*key, given[1]), allowed=WAYS)
    if section.preset is not None and section.preset not in alloy_data.DIFFUSION:
        raise _unknown((*key, "preset"), section.preset, list(alloy_data.DIFFUSION))
    if section.table is not None:
        for index, (before, after) in enumerate(pairwise(section.table), start=1):
            if after.magnesium <= before.magnesium:
                problem = "is not above the point before"
                raise ScenarioError(problem, (*key, "table", index, "magnesium"), f"{after.magnesium:g}")
    explicit = section.diffusivity is not None or section.table is not None
    if explicit and (section.activation_energy is None) != (section.reference_temperature is None):
        missing = "reference_temperature" if section.reference_temperature is None else "activation_energy"
        present = "activation_energy" if section.reference_temperature is None else "reference_temperature"
        raise ScenarioError(f"is required beside '{present}' and missing", (*key, missing))


def activity_rule(section: ThermodynamicsSection, key: Key) -> None:
    """Thermodynamics in one way."""
    if section.preset is not None and section.interaction is not None:
        raise ScenarioError("cannot be combined with 'preset'", (*key, "interaction"), allowed="one of the two")
    if section.preset is not None and section.preset not in alloy_data.ACTIVITY:
        raise _unknown((*key, "preset"), section.preset, list(alloy_data.ACTIVITY))


def _unknown(key: Key, name: str, known: list[str]) -> ScenarioError:
    return ScenarioError("unknown preset", key, shown(name), ", ".join(known), nearest(name, known))


# ---------------------------------------------------------------------- defaults and values


def filled_diffusion(section: DiffusionType) -> DiffusionType:
    """The preset, and what belongs to it, where no values are given."""
    if section.diffusivity is not None or section.table is not None:
        return section
    data = alloy_data.DIFFUSION[section.preset or DIFFUSION]
    defaults = {
        "preset": DIFFUSION,
        "activation_energy": data.activation_energy,
        "reference_temperature": data.temperature,
    }
    return section.model_copy(update={n: v for n, v in defaults.items() if getattr(section, n) is None})


def filled_activity(section: ThermodynamicsSection) -> ThermodynamicsSection:
    """The preset where no parameters are given."""
    if section.interaction is not None or section.preset is not None:
        return section
    return section.model_copy(update={"preset": ACTIVITY})


def diffusivities(section: DiffusionSection, temperature: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Atomic fractions of magnesium and D [m^2/s] at a temperature, of a section that is filled in."""
    factor = 1.0
    if section.activation_energy is not None and section.reference_temperature is not None:
        factor = alloy_data.arrhenius(section.activation_energy, temperature, section.reference_temperature)
    if section.preset is not None:
        data = alloy_data.DIFFUSION[section.preset]
        return data.fractions, tuple(factor * value for value in data.values)
    if section.diffusivity is not None:
        return (0.0,), (factor * section.diffusivity,)
    assert section.table is not None
    return (
        tuple(point.magnesium for point in section.table),
        tuple(factor * point.diffusivity for point in section.table),
    )


def diffusivity_at(section: DiffusionSection, temperature: float, magnesium: float) -> float:
    """D [m^2/s] at a composition, before any thermodynamic factor; `physics.alloy.diffusivity` uncompiled."""
    import numpy as np

    fractions, values = diffusivities(section, temperature)
    return math.exp(float(np.interp(magnesium, fractions, np.log(values))))


def interaction(section: ThermodynamicsSection, temperature: float) -> tuple[float, ...]:
    """Redlich-Kister parameters [J/mol] at a temperature, of a section that is filled in."""
    if section.interaction is not None:
        return section.interaction
    assert section.preset is not None
    return alloy_data.ACTIVITY[section.preset].interaction(temperature)


def data_scales(diffusion: DiffusionSection, thermodynamics: ThermodynamicsSection) -> list[Scale]:
    """Where the data of an alloy end: a contact that is stripped empty passes through all compositions."""
    table, preset = diffusion.table, diffusion.preset
    last = alloy_data.DIFFUSION[preset].fractions[-1] if preset else table[-1].magnesium if table else 0.0
    scales = [Scale("last diffusivity", last, "-", "magnesium fraction beyond which it is constant")] if last else []
    activity = thermodynamics.preset
    if activity and (limit := alloy_data.ACTIVITY[activity].limit) < 1.0:
        scales.append(Scale("stable phase", limit, "-", "magnesium fraction beyond which its activity is extrapolated"))
    return scales
