"""What can be told of a grand-potential scenario before it runs.

The scales are those of the equations as they stand: l = sqrt(kappa/2W), the reaction's drive at the applied potential
with c = c0, and the current that the potential drives through the electrolyte past the reaction.
"""

from __future__ import annotations

import math

from ramify.check import Check, Scale
from ramify.models.grand_potential.build import build_problem
from ramify.models.grand_potential.schema import GrandPotentialScenario
from ramify.phasefield.grand_potential.problem import GrandPotentialProblem
from ramify.physics import grand_potential_scales as laws
from ramify.physics.constants import FARADAY

FEWEST_CELLS = 4.0
"""Cells across the front below which it feels the grid."""
BYTES_PER_CELL = {"petsc": 1100.0, "fipy": 12000.0}
"""An upper estimate for large grids."""
BYTES_BEFORE_GRID = 300e6
LARGE_FOR_FIPY = 20_000
UNKNOWNS = ("phase", "diffusion potential", "potential")
SAME = 0.02
"""Relative difference beyond which two numbers that should be one are told apart."""


def check(scenario: GrandPotentialScenario) -> Check:
    """Size, scales and warnings of a resolved scenario."""
    problem = build_problem(scenario)
    domain = problem.domain
    count = math.prod(domain.cells)
    voltages = [step.voltage for _, step in scenario.protocol.distinct() if step.voltage is not None]
    applied = max(voltages, key=abs)
    return Check(
        title=scenario.title,
        cells=domain.cells,
        spacing=domain.spacing,
        dimension=domain.dimension,
        unknowns=len(UNKNOWNS) * count,
        unknown_fields=UNKNOWNS,
        memory_bytes=BYTES_BEFORE_GRID + BYTES_PER_CELL[scenario.engine] * count,
        steps=len(scenario.protocol),
        scales=(*_front(problem), *_flows(problem, applied)),
        warnings=(*_grid(problem), *_parameters(problem), *_engine(scenario.engine, count)),
    )


def _edge(problem: GrandPotentialProblem) -> float:
    """Largest cell edge along axes with more than one cell."""
    domain = problem.domain
    return max(h for h, n, axis in zip(domain.spacing, domain.cells, "xyz", strict=True) if n > 1 or axis == "z")


def _width(problem: GrandPotentialProblem) -> float:
    return laws.front_width(problem.interface.gradient_coefficient, problem.interface.barrier)


def _front(problem: GrandPotentialProblem) -> list[Scale]:
    width, interface = _width(problem), problem.interface
    relaxation = interface.mobility * interface.gradient_coefficient
    return [
        Scale("interface width", width, "m", f"l; profile of {4.0 * width / _edge(problem):.1f} cells"),
        Scale("front mobility", relaxation, "m2/s", "L_sigma kappa: velocity per curvature"),
        Scale("relaxation time", 1.0 / (2.0 * interface.mobility * interface.barrier), "s", "1/(2 L_sigma W)"),
    ]


def _flows(problem: GrandPotentialProblem, applied: float) -> list[Scale]:
    electrolyte, reaction, length = problem.electrolyte, problem.reaction, problem.domain.size[2]
    potential = problem.counter.phi + applied
    overpotential = reaction.charge_over_thermal_energy * (potential - problem.reference_potential)
    drive = laws.reaction_drive(overpotential, reaction.transfer_coefficient)
    speed = laws.planar_speed(problem.interface.gradient_coefficient, problem.interface.barrier, reaction.rate, drive)
    through = electrolyte.conductivity * abs(applied) / length
    return [
        Scale("overpotential", overpotential, "-", "nF eta/RT at the applied potential"),
        Scale(
            "kinetic velocity", speed, "m/s", "6 l L_eta drive with c = c0 throughout, far above what diffusion feeds"
        ),
        Scale("current through a bare cell", through, "A/m2", "sigma^l phi/L, passes into the metal without reacting"),
        Scale("growth at that current", through / problem.electrode.charge_density, "m/s"),
        Scale("diffusion time", length**2 / electrolyte.diffusivity, "s"),
    ]


def _grid(problem: GrandPotentialProblem) -> list[str]:
    cells = 4.0 * _width(problem) / _edge(problem)
    if cells >= FEWEST_CELLS * (1.0 - 1e-9):
        return []
    return [
        f"unresolved: {cells:.1f} cells across the front; below {FEWEST_CELLS:g} fronts stick to the grid, and shapes "
        "and rates are the grid's"
    ]


def _parameters(problem: GrandPotentialProblem) -> list[str]:
    notes = []
    crystal = problem.interface.anisotropy
    limit = laws.largest_anisotropy(crystal.mode, crystal.power)
    if crystal.strength > limit:
        notes.append(
            f"anisotropy: above a strength of {limit:.3g} directions of negative stiffness drop out of the front, and "
            "the grid decides where it has its corners"
        )
    lithium = problem.electrode.site_ratio * problem.electrolyte.site_density
    charged = problem.electrode.charge_density / (problem.reaction.electrons * FARADAY)
    if abs(lithium / charged - 1.0) > SAME:
        notes.append(
            f"metal holds {lithium:.4g} mol/m3 by its sites (dv/c0 times the bulk concentration) and {charged:.4g} by "
            "its charge (n F C_m^s): ions and charge cannot agree"
        )
    return notes


def _engine(engine: str, count: int) -> list[str]:
    if engine == "fipy" and count > LARGE_FOR_FIPY:
        return [f"engine fipy: {count} cells are many for it; engine petsc is made for them"]
    return []
