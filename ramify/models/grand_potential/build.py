"""From a resolved grand-potential scenario to the problem that its engines solve."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ramify.build_hosts import build_domain
from ramify.models.grand_potential.schema import GrandPotentialScenario, PhaseStartSection
from ramify.phasefield.grand_potential import problem as gp
from ramify.scenario.grid_rules import resolved

if TYPE_CHECKING:
    from ramify.phasefield.grand_potential.problem import GrandPotentialProblem

Distance = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def build_problem(scenario: GrandPotentialScenario) -> GrandPotentialProblem:
    """The problem in SI numbers."""
    phase, reaction, salt, metal = scenario.phase, scenario.reaction, scenario.electrolyte, scenario.electrode
    crystal, noise = phase.anisotropy, scenario.noise
    collector, counter = scenario.boundaries.collector, scenario.boundaries.counter
    given = {name: getattr(scenario.numerics, name) for name in type(scenario.numerics).model_fields}
    numerics = {name: value for name, value in given.items() if value is not None}
    return gp.GrandPotentialProblem(
        domain=build_domain(scenario.domain),
        interface=gp.PhaseInterface(
            gradient_coefficient=phase.gradient_coefficient,
            barrier=phase.barrier,
            mobility=phase.mobility,
            anisotropy=gp.Anisotropy()
            if crystal is None
            else gp.Anisotropy(crystal.strength, crystal.mode, crystal.angle, crystal.of),
        ),
        reaction=gp.Reaction(
            rate=reaction.rate,
            charge_over_thermal_energy=reaction.charge_over_thermal_energy,
            transfer_coefficient=reaction.transfer_coefficient,
            electrons=reaction.electrons,
            reference=reaction.reference,
        ),
        electrolyte=gp.Electrolyte(
            diffusivity=salt.diffusivity,
            conductivity=salt.conductivity,
            level=salt.site_energy,
            reference_occupancy=1.0 / salt.sites_per_ion,
            site_density=salt.sites_per_ion * salt.concentration,
        ),
        electrode=gp.Electrode(
            conductivity=metal.conductivity,
            level=metal.site_energy,
            site_ratio=metal.site_ratio,
            charge_density=metal.charge_density,
        ),
        start=gp.Start(first_metal(scenario.start), resolved(scenario.start.width), scenario.start.mu),
        collector=gp.Side(_held(collector.xi), _held(collector.mu)),
        counter=gp.Side(_held(counter.xi), _held(counter.mu), counter.phi),
        noise=gp.Noise()
        if noise is None
        else gp.Noise(noise.amplitude, noise.seed, resolved(noise.interval), noise.spacing),
        numerics=gp.Numerics(**numerics),
        positions=scenario.diagnostics.positions,
    )


def _held(value: float | str) -> float | None:
    return None if isinstance(value, str) else value


def first_metal(start: PhaseStartSection) -> Distance:
    """Signed distance to the metal at time zero: under a flat front, inside balls, or both."""
    balls = [(nucleus.position, nucleus.radius) for nucleus in start.nuclei]

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        nearest = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), math.inf)
        if start.front is not None:
            nearest = np.minimum(nearest, z - start.front)
        for place, radius in balls:
            axes = (x, y, z) if len(place) == 3 else (x, z)
            square = sum((axis - centre) ** 2 for axis, centre in zip(axes, place, strict=True))
            nearest = np.minimum(nearest, np.sqrt(square) - radius)
        return nearest

    return distance
