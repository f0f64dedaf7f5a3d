"""What an alloy scenario may not combine, and its defaults; `complete` is idempotent."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from ramify.models import alloys
from ramify.models.alloy_stripping.schema import (
    AlloyScenario,
    ElectrodeSection,
    PlanarDiffusionSection,
    VacanciesSection,
)
from ramify.physics import alloy_data, contact_loss
from ramify.physics.metals import PRESETS as METALS
from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.fields import Section
from ramify.scenario.rules import unpressed_rule

SectionType = TypeVar("SectionType", bound=Section)

LEAST_MAGNESIUM = 0.01
"""Atomic fraction below which an alloy is called pure lithium: 0 in a scenario."""
EXCHANGE_CURRENTS = (1e-12, 1e7)
"""Least and largest exchange current density [A/m^2]."""


def complete(scenario: AlloyScenario, folder: Path) -> AlloyScenario:
    """The resolved scenario; refuses what cannot apply. Nothing in it names a file of `folder`."""
    for rule in RULES:
        rule(scenario)
    pure = scenario.electrode.magnesium == 0.0
    scenario = scenario.model_copy(update={
        "electrode": _filled(scenario.electrode, lithium_volume=alloy_data.LITHIUM_VOLUME,
                             magnesium_volume=None if pure else alloy_data.MAGNESIUM_VOLUME),
        "diffusion": _diffusion(scenario),
        "thermodynamics": scenario.thermodynamics if pure else alloys.filled_activity(scenario.thermodynamics),
        "kinetics": _filled(scenario.kinetics,
                            anodic_transfer_coefficient=1.0 - scenario.kinetics.transfer_coefficient),
        "output": _filled(scenario.output, fields=("xi", "vacancies" if pure else "magnesium")),
    })  # fmt: skip
    vacancies = scenario.vacancies and _vacancies(scenario.vacancies)
    return scenario.model_copy(update={"vacancies": vacancies, "numerics": _numerics(scenario)})


def _filled(section: SectionType, **defaults: object) -> SectionType:
    """The section with its empty keys replaced."""
    return section.model_copy(update={n: v for n, v in defaults.items() if getattr(section, n) is None})


def _diffusion(scenario: AlloyScenario) -> PlanarDiffusionSection:
    section = alloys.filled_diffusion(scenario.diffusion)
    return section if scenario.electrode.magnesium == 0.0 else _filled(section, meaning="intrinsic", frame="lattice")


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
    return alloys.diffusivities(scenario.diffusion, scenario.electrolyte.temperature)


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
    alloys.diffusion_rule(section, key)
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
    alloys.activity_rule(section, key)


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
