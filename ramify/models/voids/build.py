"""From a resolved void scenario to the problem that the engine solves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ramify.build_hosts import build_domain, three_axes
from ramify.models.voids.rules import layers, shown_cells, void_count
from ramify.models.voids.schema import VoidScenario
from ramify.phasefield.problem import Domain, Kinetics
from ramify.phasefield.voids.cell import CellNumerics, VoidProblem
from ramify.phasefield.voids.contact_problem import ContactProblem, SolidElectrolyte
from ramify.phasefield.voids.problem import MetalNumerics, MetalProblem, VacancyTransport, void_interface
from ramify.scenario.grid_rules import resolved


@dataclass(frozen=True)
class Balls:
    """Signed distance [m] from balls (cylinders along y where the domain is planar), negative inside them."""

    centres: tuple[tuple[float, float, float], ...]
    """(x, y, z) [m]."""
    radii: tuple[float, ...]
    domain: Domain

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The distance at broadcastable coordinates."""
        found = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), np.inf)
        for (cx, cy, cz), radius in zip(self.centres, self.radii, strict=True):
            square = (z - cz) ** 2
            for offset, axis in ((x - cx, 0), (y - cy, 1)):
                if self.domain.cells[axis] > 1:
                    square = square + self._across(offset, axis) ** 2
            np.minimum(found, np.sqrt(square) - radius, out=found)
        return found

    def _across(self, offset: np.ndarray, axis: int) -> np.ndarray:
        """Lateral distance to the nearest image."""
        if not self.domain.periodic:
            return offset
        length = self.domain.size[axis]
        return np.asarray(offset - length * np.round(offset / length))


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
    )


def build_metal(scenario: VoidScenario) -> MetalProblem:
    """Metal, vacancies and voids."""
    section, numerics = scenario.vacancies, scenario.numerics
    domain = build_domain(scenario.domain)
    transport = VacancyTransport(
        diffusivity=resolved(section.diffusivity),
        molar_volume=resolved(scenario.metal.molar_volume),
        surface_energy=resolved(scenario.metal.surface_energy),
        temperature=scenario.electrolyte.temperature,
        sink_length=math.inf if section.sink_length is None else section.sink_length,
        back="sink" if section.back == "sink" else "blocked",
    )
    return MetalProblem(
        domain=domain,
        transport=transport,
        interface=void_interface(resolved(scenario.interface.width)),
        voids=build_voids(scenario, domain),
        numerics=MetalNumerics(
            front_motion=resolved(numerics.front_motion), time_tolerance=resolved(numerics.time_tolerance)
        ),
    )


def build_voids(scenario: VoidScenario, domain: Domain) -> Balls | None:
    """The voids at the start; None for dense metal."""
    centres = [three_axes(void.position, 0.5) for void in scenario.voids]
    radii = [void.radius for void in scenario.voids]
    section = scenario.random_voids
    if section is not None:
        places = np.random.default_rng(section.seed).random((void_count(scenario), len(scenario.domain.size) - 1))
        for place in places * np.array(scenario.domain.size[:-1]):
            centres.append(three_axes((*map(float, place), scenario.domain.size[-1]), 0.5))
            radii.append(section.radius)
    return Balls(tuple(centres), tuple(radii), domain) if radii else None


def build_contact(scenario: VoidScenario) -> ContactProblem:
    """Electrolyte, contact and counter electrode."""
    kinetics, counter = scenario.kinetics, scenario.counter_electrode
    alphas = resolved(kinetics.anodic_transfer_coefficient), kinetics.transfer_coefficient
    far = counter.exchange_current_density
    return ContactProblem(
        electrolyte=SolidElectrolyte(layers(scenario.electrolyte), scenario.electrolyte.temperature),
        kinetics=Kinetics(kinetics.exchange_current_density, 1.0, *alphas, kinetics.film_resistance),
        counter=None if far is None else Kinetics(far, 1.0, *alphas),
    )
