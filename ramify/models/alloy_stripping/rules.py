"""What an alloy scenario may not combine, and its defaults; `complete` is idempotent."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from ramify.models.alloy_stripping.schema import (
    AlloyScenario,
    DiffusionSection,
    ElectrodeSection,
    ThermodynamicsSection,
    VacanciesSection,
)
from ramify.physics import alloy_data, contact_loss
from ramify.physics.metals import PRESETS as METALS
from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.fields import Section
from ramify.scenario.rules import unpressed_rule

SectionType = TypeVar("SectionType", bound=Section)

LEAST_MAGNESIUM = 0.01
"""Atomic fraction below which an alloy is called pure lithium: 0 in a scenario."""
EXCHANGE_CURRENTS = (1e-12, 1e7)
"""Least and largest exchange current density [A/m^2]."""
DIFFUSION, ACTIVITY = next(iter(alloy_data.DIFFUSION)), next(iter(alloy_data.ACTIVITY))
"""Default presets."""
WAYS = "one of 'preset', 'diffusivity' and 'table'"


def complete(scenario: AlloyScenario, folder: Path) -> AlloyScenario:
    """The resolved scenario; refuses what cannot apply. Nothing in it names a file of `folder`."""
    for rule in RULES:
        rule(scenario)
    pure = scenario.electrode.magnesium == 0.0
    scenario = scenario.model_copy(update={
        "electrode": _filled(scenario.electrode, lithium_volume=alloy_data.LITHIUM_VOLUME,
                             magnesium_volume=None if pure else alloy_data.MAGNESIUM_VOLUME),
        "diffusion": _diffusion(scenario),
        "thermodynamics": scenario.thermodynamics if pure else _activity(scenario.thermodynamics),
        "kinetics": _filled(scenario.kinetics,
                            anodic_transfer_coefficient=1.0 - scenario.kinetics.transfer_coefficient),
        "output": _filled(scenario.output, fields=("xi", "vacancies" if pure else "magnesium")),
    })  # fmt: skip
    vacancies = scenario.vacancies and _vacancies(scenario.vacancies)
    return scenario.model_copy(update={"vacancies": vacancies, "numerics": _numerics(scenario)})


def _filled(section: SectionType, **defaults: object) -> SectionType:
    """The section with its empty keys replaced."""
    return section.model_copy(update={n: v for n, v in defaults.items() if getattr(section, n) is None})


def _diffusion(scenario: AlloyScenario) -> DiffusionSection:
    section = scenario.diffusion
    if section.diffusivity is None and section.table is None:
        data = alloy_data.DIFFUSION[section.preset or DIFFUSION]
        section = _filled(
            section,
            preset=DIFFUSION,
            activation_energy=data.activation_energy,
            reference_temperature=data.temperature,
        )
    if scenario.electrode.magnesium == 0.0:
        return section
    return _filled(section, meaning="intrinsic", frame="lattice")


def _activity(section: ThermodynamicsSection) -> ThermodynamicsSection:
    return section if section.interaction is not None else _filled(section, preset=ACTIVITY)


def _vacancies(section: VacanciesSection) -> VacanciesSection:
    return _filled(section, surface_energy=METALS["lithium"].surface_energy, contact_spacing=section.void_depth)


def _numerics(scenario: AlloyScenario) -> Section:
    from ramify.alloy.problem import Numerics

    defaults = Numerics()
    return _filled(scenario.numerics, time_tolerance=defaults.time_tolerance, smallest_step=defaults.smallest_step)


def resolved(value: float | None) -> float:
    """A value that `complete` has filled in."""
    assert value is not None
    return value


def effective_length(electrode: ElectrodeSection, vacancies: VacanciesSection) -> float:
    """Distance over which vacancies have to diffuse at the start [m]."""
    sinks = math.inf if vacancies.sink_length is None else vacancies.sink_length
    return contact_loss.effective_length(electrode.thickness, sinks, vacancies.back == "sink")


def threshold(scenario: AlloyScenario, vacancies: VacanciesSection) -> float:
    """Supersaturation at which voids nucleate, given or worked out from the critical current."""
    if vacancies.threshold is not None:
        return vacancies.threshold
    length, D = effective_length(scenario.electrode, vacancies), diffusivities(scenario)[1][0]
    volume = resolved(scenario.electrode.lithium_volume)
    return contact_loss.supersaturation(resolved(vacancies.critical_current_density), D, length, volume)


def diffusivities(scenario: AlloyScenario) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Atomic fractions of magnesium and D [m^2/s] at the temperature of a scenario whose diffusion is resolved."""
    section, factor = scenario.diffusion, 1.0
    if section.activation_energy is not None and section.reference_temperature is not None:
        factor = alloy_data.arrhenius(
            section.activation_energy, scenario.electrolyte.temperature, section.reference_temperature
        )
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


# ---------------------------------------------------------------------- rules


def electrode_rule(scenario: AlloyScenario) -> None:
    """An alloy with enough magnesium, or pure lithium without what belongs to an alloy."""
    section, y0 = scenario.electrode, scenario.electrode.magnesium
    if 0.0 < y0 < LEAST_MAGNESIUM:
        problem = "too little magnesium for an alloy that keeps its contact"
        raise ScenarioError(problem, ("electrode", "magnesium"), f"{y0:g}", f"0, or from {LEAST_MAGNESIUM:g}")
    if y0 > 0.0:
        if section.smallest_cell is not None and section.smallest_cell > section.thickness / section.cells:
            problem = "larger than cells of equal width"
            allowed = f"up to {1e6 * section.thickness / section.cells:.4g} um"
            raise ScenarioError(
                problem, ("electrode", "smallest_cell"), f"{1e6 * section.smallest_cell:.4g} um", allowed
            )
        return
    for name in ("smallest_cell", "magnesium_volume"):
        if getattr(section, name) is not None:
            raise ScenarioError("belongs to an alloy; this is pure lithium", ("electrode", name), allowed="no such key")


def diffusion_rule(scenario: AlloyScenario) -> None:
    """D in one way; what it means only where that matters."""
    section, key = scenario.diffusion, ("diffusion",)
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
    if scenario.electrode.magnesium == 0.0:
        for name in ("meaning", "frame", "table"):
            if getattr(section, name) is not None:
                problem = "belongs to an alloy; vacancies in pure lithium move with the tracer diffusivity"
                raise ScenarioError(problem, (*key, name), allowed="no such key")
    elif section.meaning == "tracer" and section.frame in ("volume", "fixed"):
        problem = "a tracer diffusivity becomes an intrinsic one, which holds in the lattice frame"
        raise ScenarioError(problem, (*key, "frame"), section.frame, "lattice")


def activity_rule(scenario: AlloyScenario) -> None:
    """Thermodynamics in one way, of an alloy."""
    section, key = scenario.thermodynamics, ("thermodynamics",)
    for name in ("preset", "interaction"):
        if getattr(section, name) is not None and scenario.electrode.magnesium == 0.0:
            raise ScenarioError("belongs to an alloy; this is pure lithium", (*key, name), allowed="no such key")
    if section.preset is not None and section.interaction is not None:
        raise ScenarioError("cannot be combined with 'preset'", (*key, "interaction"), allowed="one of the two")
    if section.preset is not None and section.preset not in alloy_data.ACTIVITY:
        raise _unknown((*key, "preset"), section.preset, list(alloy_data.ACTIVITY))


def vacancies_rule(scenario: AlloyScenario) -> None:
    """Vacancies and voids of pure lithium, and of nothing else."""
    section, key = scenario.vacancies, ("vacancies",)
    if section is None:
        if scenario.electrode.magnesium == 0.0:
            raise ScenarioError("is required for pure lithium and missing", key, allowed="threshold, void_depth, ...")
        return
    if scenario.electrode.magnesium > 0.0:
        problem = "the law of contact loss is that of pure lithium; an alloy keeps its contact in this model"
        raise ScenarioError(problem, key, allowed="no such section, or electrode.magnesium: 0")
    if (section.threshold is None) == (section.critical_current_density is None):
        problem = "when voids nucleate has to be said in one way"
        raise ScenarioError(problem, key, allowed="'threshold' or 'critical_current_density'")
    closed = section.back == "closed" and section.sink_length is None
    if closed and section.critical_current_density is not None:
        problem = "a closed back without sinks has no steady supersaturation: any current is critical"
        raise ScenarioError(problem, (*key, "back"), "closed", "sink, or a 'sink_length'")
    if section.void_depth >= scenario.electrode.thickness:
        problem, depth = "deeper than the electrode is thick", f"{1e6 * section.void_depth:.4g} um"
        raise ScenarioError(problem, (*key, "void_depth"), depth)


def kinetics_rule(scenario: AlloyScenario) -> None:
    """An exchange current density that some electrode could have."""
    value, (least, most) = scenario.kinetics.exchange_current_density, EXCHANGE_CURRENTS
    if not least <= value <= most:
        problem = "no electrode is so slow or so fast, and the equations cannot be solved for it"
        allowed = f"from {least:g} to {most:g} A/m^2; lithium has 1 to 1000"
        raise ScenarioError(problem, ("kinetics", "exchange_current_density"), f"{value:g} A/m^2", allowed)


def protocol_rule(scenario: AlloyScenario) -> None:
    """Steps that can end: one electrode has no counter electrode to touch, and pure lithium is never depleted."""
    for indices, step in scenario.protocol.distinct():
        key: Key = ("protocol", indices[0]) if len(indices) == 1 else ("protocol",)
        stops = {condition.kind for condition in step.until}
        if "short_circuit" in stops:
            raise ScenarioError("the electrolyte is solid: there is no short circuit", key, step.text)
        if step.kind == "plate" and stops == {"depletion"} and step.duration is None:
            problem = "plating does not deplete the electrode"
            raise ScenarioError(problem, key, step.text, "'for TIME', a capacity or a voltage")


def output_rule(scenario: AlloyScenario) -> None:
    """Each field once, and of this electrode."""
    names = scenario.output.fields or ()
    strange = "magnesium" if scenario.electrode.magnesium == 0.0 else "vacancies"
    for index, name in enumerate(names):
        key = ("output", "fields", index)
        if name in names[:index]:
            raise ScenarioError("is given twice", key, name)
        if name == strange:
            raise ScenarioError("is no field of this electrode", key, name, "xi, lithium, "
                                f"{'vacancies' if strange == 'magnesium' else 'magnesium'}")  # fmt: skip


def numerics_rule(scenario: AlloyScenario) -> None:
    """Steps in order of length."""
    numerics = scenario.numerics
    steps = [(n, getattr(numerics, n)) for n in ("smallest_step", "first_step", "largest_step")]
    given = [(name, value) for name, value in steps if value is not None]
    for (lower, low), (upper, high) in pairwise(given):
        if low > high:
            raise ScenarioError(f"is less than {lower}, {low:g} s", ("numerics", upper), f"{high:g} s")


def _unknown(key: Key, name: str, known: list[str]) -> ScenarioError:
    return ScenarioError("unknown preset", key, shown(name), ", ".join(known), nearest(name, known))


RULES = (
    electrode_rule,
    diffusion_rule,
    activity_rule,
    vacancies_rule,
    kinetics_rule,
    protocol_rule,
    unpressed_rule,
    output_rule,
    numerics_rule,
)
