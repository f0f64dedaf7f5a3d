"""From a resolved void scenario to the problem that the engine solves."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np

from ramify.build_hosts import build_domain, three_axes
from ramify.models import alloys
from ramify.models.voids.alloy_rules import diffusivity, mobility
from ramify.models.voids.formulation import STRESSED
from ramify.models.voids.rules import layers, shown_cells, site_count
from ramify.models.voids.schema import AlloySection, VoidScenario
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnNumerics, AllenCahnProblem, PhaseField
from ramify.phasefield.voids.alloy.problem import AlloyLaws, AlloyNumerics, AlloyProblem
from ramify.phasefield.voids.cell import CellNumerics, VoidProblem
from ramify.phasefield.voids.contact_problem import ContactProblem, SolidElectrolyte
from ramify.phasefield.voids.creep_problem import CreepSupports, StackCreep
from ramify.phasefield.voids.problem import (
    MetalNumerics,
    MetalProblem,
    VacancyTransport,
    VoidNucleation,
    void_interface,
)
from ramify.phasefield.voids.shapes import Balls
from ramify.physics import lithium_creep
from ramify.physics.constants import GAS_CONSTANT
from ramify.physics.lithium_creep import PowerLaw
from ramify.scenario.grid_rules import resolved


def build_problem(scenario: VoidScenario) -> VoidProblem:
    """The problem in SI numbers."""
    numerics = scenario.numerics
    steps = {
        name: getattr(numerics, name) for name in ("contact_change", "first_step", "largest_step", "smallest_step")
    }
    return VoidProblem(
        metal=build_metal(scenario),
        contact=build_contact(scenario),
        shown_cells=shown_cells(scenario),
        numerics=CellNumerics(**{name: value for name, value in steps.items() if value is not None}),
        creep=build_creep(scenario),
    )


def build_creep(scenario: VoidScenario) -> StackCreep | None:
    """Stack pressure and creep; None without."""
    section, temperature = scenario.mechanics, scenario.electrolyte.temperature
    if section == "off":
        return None
    given = section.creep
    law = lithium_creep.lithium(temperature) if given is None else PowerLaw(given.rate, given.stress, given.exponent)
    return StackCreep(
        pressure=section.stack_pressure,
        law="anand" if section.law == "anand" else law,
        evolves=section.resistance == "evolving",
        temperature=temperature,
        supports=CreepSupports(section.bottom, section.contact, section.collector),
    )


def build_metal(scenario: VoidScenario) -> MetalProblem | AllenCahnProblem:
    """Metal, vacancies and voids."""
    section, metal, numerics, alloy = scenario.vacancies, scenario.metal, scenario.numerics, scenario.alloy
    angle = resolved(scenario.electrolyte.contact_angle)
    domain = build_domain(scenario.domain)
    transport = VacancyTransport(
        diffusivity=resolved(section.diffusivity) if alloy is None else diffusivity(scenario, alloy),
        molar_volume=resolved(metal.molar_volume),
        surface_energy=resolved(metal.surface_energy),
        temperature=scenario.electrolyte.temperature,
        sink_length=math.inf if section.sink_length is None else section.sink_length,
        back="sink" if section.back == "sink" else "blocked",
        surface_transport=(metal.surface_diffusivity or 0.0) * (metal.surface_thickness or 0.0),
    )
    steps = {name: resolved(getattr(numerics, name)) for name in ("front_motion", "time_tolerance")}
    if scenario.allen_cahn is not None:
        phase = scenario.allen_cahn
        return AllenCahnProblem(
            domain=domain,
            transport=transport,
            phase=PhaseField(
                resolved(phase.double_well),
                resolved(phase.gradient_energy),
                resolved(phase.mobility),
                resolved(phase.vacancy_fraction),
                resolved(phase.interpolation),
                **{name: value for name in STRESSED if (value := getattr(phase, name)) is not None},
            ),
            voids=build_voids(scenario, domain),
            stack_pressure=0.0 if scenario.mechanics == "off" else scenario.mechanics.stack_pressure,
            numerics=AllenCahnNumerics(**steps),
        )
    problem = MetalProblem(
        domain=domain,
        transport=transport,
        interface=void_interface(resolved(scenario.interface.width), angle),
        voids=build_voids(scenario, domain),
        contact_angle=angle,
        nucleation=build_nucleation(scenario),
        numerics=MetalNumerics(**steps),
    )
    return problem if alloy is None else build_alloy(scenario, alloy, problem)


def build_alloy(scenario: VoidScenario, section: AlloySection, metal: MetalProblem) -> AlloyProblem:
    """The metal with magnesium in it."""
    temperature = scenario.electrolyte.temperature
    fractions, values = alloys.diffusivities(section.diffusion, temperature)
    given = {f.name: getattr(metal, f.name) for f in fields(MetalProblem) if f.name != "numerics"}
    steps = {f.name: getattr(metal.numerics, f.name) for f in fields(MetalNumerics)}
    return AlloyProblem(
        **given,
        numerics=AlloyNumerics(**steps, composition_tolerance=resolved(scenario.numerics.composition_tolerance)),
        alloy=AlloyLaws(
            magnesium=section.magnesium,
            fractions=fractions,
            diffusivities=values,
            interaction=interaction(scenario, section),
            mobility=mobility(section),
            meaning=resolved(section.diffusion.meaning),
        ),
    )


def interaction(scenario: VoidScenario, section: AlloySection) -> tuple[float, ...]:
    """L_k/RT of lithium's activity."""
    temperature = scenario.electrolyte.temperature
    return tuple(L / (GAS_CONSTANT * temperature) for L in alloys.interaction(section.thermodynamics, temperature))


def build_voids(scenario: VoidScenario, domain: Domain) -> Balls | None:
    """The voids at the start; None for dense metal."""
    centres = [three_axes(void.position, 0.5) for void in scenario.voids]
    radii = [void.radius for void in scenario.voids]
    section = scenario.random_voids
    if section is not None:
        places = random_places(scenario, section.density, section.seed)
        centres += places
        radii += [section.radius] * len(places)
    return Balls(np.array(centres), np.array(radii), domain, resolved(scenario.interface.width)) if radii else None


def random_places(scenario: VoidScenario, density: float, seed: int) -> list[tuple[float, float, float]]:
    """Points (x, y, z) [m] at random on the contact plane."""
    lateral, height = scenario.domain.size[:-1], scenario.domain.size[-1]
    points = np.random.default_rng(seed).random((site_count(scenario, density), len(lateral))) * np.array(lateral)
    return [three_axes((*map(float, point), height), 0.5) for point in points]


def build_nucleation(scenario: VoidScenario) -> VoidNucleation | None:
    """Sites and law of births; None without."""
    section = scenario.nucleation
    if section is None:
        return None
    return VoidNucleation(
        positions=np.array(random_places(scenario, section.density, section.seed)),
        law=section.law,
        threshold=math.inf if section.threshold is None else section.threshold,
        rate=section.rate or 0.0,
        contact_angle=resolved(section.contact_angle),
        seed=section.seed,
    )


def build_contact(scenario: VoidScenario) -> ContactProblem:
    """Electrolyte, contact and counter electrode."""
    kinetics, counter = scenario.kinetics, scenario.counter_electrode
    alphas = resolved(kinetics.anodic_transfer_coefficient), kinetics.transfer_coefficient
    far, alloy = counter.exchange_current_density, scenario.alloy
    return ContactProblem(
        electrolyte=SolidElectrolyte(layers(scenario.electrolyte), scenario.electrolyte.temperature),
        kinetics=Kinetics(kinetics.exchange_current_density, 1.0, *alphas, kinetics.film_resistance),
        counter=None if far is None else Kinetics(far, 1.0, *alphas),
        interaction=None if alloy is None else interaction(scenario, alloy),
    )
