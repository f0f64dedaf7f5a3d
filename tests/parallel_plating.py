"""One small plating run on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_plating.py CASE        the run's numbers and sums of its fields
mpiexec -n N python parallel_plating.py nan         what every rank says after a NaN on the last rank alone
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
from mpi4py import MPI
from plating_cells import CONCENTRATED, LITHIUM, SALT, H, ball, flat, plating_problem, rough, union

from ramify.phasefield.engine import Control, SolverFailure
from ramify.phasefield.mechanics.problem import MechanicsNumerics, Phases, PlatingMechanics, Supports
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import (
    AnisotropicConductivity,
    ContactAngles,
    CounterElectrode,
    Electrons,
    Geometry,
    Interface,
    Kinetics,
    Nucleation,
    Numerics,
    PlatingProblem,
    SurfaceFlow,
)
from ramify.physics import electrolyte
from ramify.physics.constants import FARADAY
from ramify.physics.elasticity import Elasticity
from ramify.physics.viscoplasticity import anand_lithium


def host_case() -> PlatingProblem:
    """3-D, conducting pillar, variable transference number, films on both electrodes."""
    cells = (12, 12, 24)
    size = (12 * H, 12 * H, 24 * H)

    def pillar(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        across = np.sqrt((x - 0.5 * size[0]) ** 2 + (y - 0.5 * size[1]) ** 2) - 2.2 * H
        return np.maximum(across, z - 10.0 * H)

    return plating_problem(
        cells,
        electrolyte=electrolyte.preset(CONCENTRATED),
        geometry=Geometry(rough(5.0 * H, 0.7 * H, size), host_distance=pillar),
        kinetics=Kinetics(30.0, SALT, film_resistance=1e-3),
        counter=CounterElectrode("lithium", "butler_volmer"),
    )


def island_case() -> PlatingProblem:
    """2-D, a floating ball in the middle, where the cut between ranks passes, periodic."""
    cells = (20, 1, 32)
    centre = (10.0 * H, 0.0, 16.0 * H)
    return plating_problem(
        cells,
        periodic=True,
        geometry=Geometry(union(flat(5.0 * H), ball(centre, 3.0 * H, planar=True))),
        counter=CounterElectrode("reservoir"),
    )


def ohmic_case() -> PlatingProblem:
    """The floating ball with ohmic electrons."""
    return replace(island_case(), electrons=Electrons("ohmic"))


def anisotropic_case() -> PlatingProblem:
    """2-D, ohmic electrons, a wall that conducts badly along z and better with height."""

    def wall(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.maximum(np.abs(x - 8.0 * H) - 2.3 * H, z - 12.0 * H) + 0.0 * y

    def through(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return 0.02 + 1e4 * z + 0.0 * (x + y)

    return plating_problem(
        (16, 1, 28),
        geometry=Geometry(flat(5.0 * H), host_distance=wall, host_conductivity=AnisotropicConductivity(10.0, through)),
        electrons=Electrons("ohmic"),
    )


def wetting_case() -> PlatingProblem:
    """3-D, a cap on the collector, one on a ball of host where the cut between ranks passes, angles on both."""
    centre = (6.0 * H, 6.0 * H, 13.0 * H)
    host = ball(centre, 3.6 * H)
    metal = union(ball((0.0, 0.0, 0.0), 5.0 * H), ball((6.0 * H, 4.0 * H, 9.0 * H), 3.5 * H))
    return plating_problem(
        (12, 12, 26),
        geometry=Geometry(metal, host_distance=host),
        contact_angles=ContactAngles(collector=0.7, host=2.0),
        interface=Interface(H, curvature="allen_cahn"),
        metal=replace(LITHIUM, surface_energy=1.0),
    )


def pressed_case() -> PlatingProblem:
    """2-D, a bump under stack pressure that flows; the stress solved to more digits than a run would."""
    size = (10 * H, 1.0, 20 * H)
    mechanics = PlatingMechanics(
        Phases(anand_lithium(), Elasticity(0.3e9, 0.3)),
        Supports(),
        2e6,
        growth_strain=1e-3,
        every=2,
        numerics=MechanicsNumerics(tolerance=1e-9, strain_tolerance=5e-3),
    )
    return plating_problem((10, 1, 20), geometry=Geometry(rough(6.0 * H, 0.6 * H, size)), mechanics=mechanics)


def flowing_case() -> PlatingProblem:
    """2-D, a rough front of a crystal, nanometres large, whose surface diffuses with a law of size."""
    h = 20e-9
    return plating_problem(
        (16, 1, 32),
        (h, h, h),
        metal=replace(LITHIUM, surface_energy=0.01),
        kinetics=Kinetics(1.0, SALT, anisotropy=0.2),
        geometry=Geometry(rough(12.0 * h, 1.5 * h, (16.0 * h, 1.0, 32.0 * h))),
        surface_flow=SurfaceFlow(1e-30, 40e-9, 10e-9),
        numerics=Numerics(newton_tolerance=1e-10),
    )


def nuclei_case() -> PlatingProblem:
    """2-D, periodic: two nuclei beside each other and a ridge that the grid shows, all where the cut passes; 20 nm."""
    h = 20e-9
    places = np.array([[10.3 * h, 0.5, 0.0], [13.1 * h, 0.5, 0.0], [1.2 * h, 0.5, 0.0]])
    return plating_problem(
        (24, 1, 16),
        (h, h, h),
        periodic=True,
        geometry=Geometry(ball((17.6 * h, 0.5, 0.0), 2.6 * h, planar=True)),
        nucleation=Nucleation(places, np.tile([0.0, 0.0, 1.0], (3, 1)), "constant_rate", 1e9, 0.5 * np.pi, seed=3),
        numerics=Numerics(newton_tolerance=1e-10),
    )


CASES = {
    "nuclei": nuclei_case,
    "flowing": flowing_case,
    "host": host_case,
    "island": island_case,
    "ohmic": ohmic_case,
    "anisotropic": anisotropic_case,
    "wetting": wetting_case,
    "wetting, conservative": lambda: replace(wetting_case(), interface=Interface(H)),
    "pressed": pressed_case,
}
PHASES = ((Control("current", 60.0), 2.0), (Control("current", -40.0), 1.0), (Control("voltage", -0.02), 1.0))


def fail_on_last_rank() -> None:
    """After three steps the last rank's residual has a NaN for good; prints each rank's failure and its state."""
    solver = PlatingSolver(host_case())
    solver.set_control(PHASES[0][0])
    for _ in range(3):
        solver.step(100.0)
    system, comm = solver.system, MPI.COMM_WORLD
    evaluate = system.evaluate

    def broken(*arguments: Any) -> Any:
        result = evaluate(*arguments)
        if comm.rank == comm.size - 1:
            system.residual_p[1, 1, 1] = np.nan
        return result

    system.evaluate = broken  # type: ignore[assignment, method-assign]
    before = solver.time
    try:
        solver.step(100.0)
        said = "nothing"
    except SolverFailure as failure:
        said = failure.reason
    finite = bool(np.isfinite(solver.state.C).all() and np.isfinite(solver.state.P).all())
    everyone = comm.gather((said, solver.time == before, finite), root=0)
    if comm.rank == 0:
        print(json.dumps(everyone))


def main() -> None:
    if sys.argv[1] == "nan":
        fail_on_last_rank()
        return
    solver = PlatingSolver(CASES[sys.argv[1]]())
    time, steps = 0.0, 0
    for control, duration in PHASES:
        solver.set_control(control)
        time += duration
        while solver.time < time:
            report = solver.step(time)
            steps += 1
    fields = {name: solver.gather(name) for name in ("xi", "c", "phi_l", "phi_s", "s")}
    islands = [float(p) for p in solver.system.islands.potentials]
    numbers = {
        "steps": steps,
        "voltage": report.voltage,
        "charge": solver.ledger.charge,
        "metal": solver.ledger.metal,
        "salt": solver.ledger.salt,
        "islands": islands,
        "process_grid": solver.grid.ranks,
        **report.measures,
    }
    worst = max(solver.ledger.balance(FARADAY).values())
    if MPI.COMM_WORLD.rank == 0:
        z = np.arange(solver.problem.domain.cells[2])[:, None, None] + 1.0
        free = np.asarray(fields["xi"]) < 0.99
        for name, values in fields.items():
            assert values is not None
            numbers[f"sum {name}"] = float((values * z * free).sum())
            numbers[f"largest {name}"] = float(np.abs(values[free]).max())
        print(json.dumps({"numbers": numbers, "worst_balance": worst}))


if __name__ == "__main__":
    main()
