"""From a resolved alloy scenario to the problem that the engine solves."""

from __future__ import annotations

import math

from ramify.alloy.problem import Alloy, Contact, ElectrodeProblem, Numerics, PureLithium
from ramify.models import alloys
from ramify.models.alloy_stripping.rules import diffusivities, resolved, threshold
from ramify.models.alloy_stripping.schema import AlloyScenario
from ramify.phasefield.problem import Domain
from ramify.physics.constants import FARADAY
from ramify.scenario.protocol import Step

CELLS_PER_LENGTH = 20.0
"""Smallest cells in the length D/v over which the composition goes from all lithium to none; more beyond 10 at.%."""


def build_electrode(scenario: AlloyScenario) -> ElectrodeProblem:
    """The problem in SI numbers."""
    section = scenario.electrode
    height = section.thickness + plated_thickness(scenario)
    numerics = {name: value for name, value in scenario.numerics if value is not None}
    metal = build_alloy(scenario) if section.magnesium > 0.0 else build_lithium(scenario)
    volume = resolved(section.lithium_volume)
    if section.magnesium > 0.0:
        volume = atom_volume(scenario, section.magnesium)
    return ElectrodeProblem(
        thickness=section.thickness,
        cells=section.cells,
        smallest_cell=smallest_cell(scenario),
        metal=metal,
        contact=build_contact(scenario),
        domain=Domain((1.0, 1.0, height), (1, 1, section.cells)),
        initial_concentration=(1.0 - section.magnesium) / volume,
        numerics=Numerics(**numerics),
    )


def build_contact(scenario: AlloyScenario) -> Contact:
    """Electrolyte and kinetics."""
    electrolyte, kinetics = scenario.electrolyte, scenario.kinetics
    return Contact(
        exchange_current_density=kinetics.exchange_current_density,
        alpha_a=resolved(kinetics.anodic_transfer_coefficient),
        alpha_c=kinetics.transfer_coefficient,
        temperature=electrolyte.temperature,
        electrolyte_resistance=electrolyte.thickness / electrolyte.conductivity,
        conductivity=electrolyte.conductivity,
        film_resistance=kinetics.film_resistance,
    )


def build_alloy(scenario: AlloyScenario) -> Alloy:
    """Diffusion and thermodynamics at the temperature of the run."""
    section, diffusion = scenario.electrode, scenario.diffusion
    fractions, values = diffusivities(scenario)
    assert diffusion.frame is not None and diffusion.meaning is not None
    return Alloy(
        magnesium=section.magnesium,
        fractions=fractions,
        diffusivities=values,
        interaction=interaction(scenario),
        lithium_volume=resolved(section.lithium_volume),
        magnesium_volume=resolved(section.magnesium_volume),
        frame=diffusion.frame,
        meaning=diffusion.meaning,
    )


def build_lithium(scenario: AlloyScenario) -> PureLithium:
    """Vacancies and contact loss."""
    section = scenario.vacancies
    assert section is not None
    return PureLithium(
        diffusivity=diffusivities(scenario)[1][0],
        molar_volume=resolved(scenario.electrode.lithium_volume),
        surface_energy=resolved(section.surface_energy),
        threshold=threshold(scenario, section),
        void_depth=section.void_depth,
        exponent=section.exponent,
        initial_contact=section.initial_contact,
        contact_spacing=resolved(section.contact_spacing),
        sink_length=math.inf if section.sink_length is None else section.sink_length,
        back_is_sink=section.back == "sink",
    )


def interaction(scenario: AlloyScenario) -> tuple[float, ...]:
    """Redlich-Kister parameters [J/mol]."""
    return alloys.interaction(scenario.thermodynamics, scenario.electrolyte.temperature)


def atom_volume(scenario: AlloyScenario, magnesium: float) -> float:
    """Omega(y), volume of a mole of atoms [m^3/mol]."""
    section = scenario.electrode
    return (1.0 - magnesium) * resolved(section.lithium_volume) + magnesium * resolved(section.magnesium_volume)


def diffusivity_at(scenario: AlloyScenario, magnesium: float) -> float:
    """D [m^2/s] at a composition, before any thermodynamic factor; `physics.alloy.diffusivity` uncompiled."""
    return alloys.diffusivity_at(scenario.diffusion, scenario.electrolyte.temperature, magnesium)


def stripping_current(scenario: AlloyScenario) -> float:
    """Largest stripping current density of the protocol [A/m^2]; zero without one."""
    return max([0.0, *(-(step.current_density or 0.0) for _, step in scenario.protocol.distinct())])


def smallest_cell(scenario: AlloyScenario) -> float:
    """Width of the cell at the contact [m]: a fraction of D/v, and of the layer D/(2 y0 v) that is swept up."""
    section, current = scenario.electrode, stripping_current(scenario)
    even = section.thickness / section.cells
    if section.magnesium == 0.0 or current == 0.0:
        return even
    if section.smallest_cell is not None:
        return section.smallest_cell
    length = decay_length(scenario, current) * min(1.0, 0.1 / section.magnesium)
    return min(even, length / CELLS_PER_LENGTH)


def decay_length(scenario: AlloyScenario, current: float) -> float:
    """D/v [m] at a stripping current: one over the slope of the composition at the contact."""
    y0 = scenario.electrode.magnesium
    return diffusivity_at(scenario, y0) * FARADAY / (current * atom_volume(scenario, y0))


def plated_thickness(scenario: AlloyScenario) -> float:
    """Largest thickness above the start that the protocol can plate [m]; nothing for held voltages."""
    charge = scenario.protocol.total(_step_charge)[1]
    return charge * resolved(scenario.electrode.lithium_volume) / FARADAY if math.isfinite(charge) else 0.0


def _step_charge(step: Step) -> float:
    """Charge that a step plates [C/m^2], zero where nothing bounds it."""
    if not step.current_density:
        return 0.0
    bounds = [step.stop("capacity") or math.inf]
    if step.duration is not None:
        duty = step.time_on / (step.time_on + step.time_off) if step.time_on and step.time_off else 1.0
        bounds.append(abs(step.current_density) * duty * step.duration)
    charge = min(bounds)
    return math.copysign(charge, step.current_density) if math.isfinite(charge) else 0.0
