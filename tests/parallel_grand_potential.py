"""A small grand-potential run on however many ranks; prints its numbers as JSON on rank 0.

mpiexec -n N python parallel_grand_potential.py
"""

import json
from dataclasses import replace

import numpy as np
from grand_potential_cells import UM, lithium, wavy
from mpi4py import MPI

from ramify.phasefield.engine import Control
from ramify.phasefield.grand_potential.problem import Anisotropy, Noise, Start
from ramify.phasefield.grand_potential.solver import FIELDS, GrandPotentialSolver


def main() -> None:
    problem = lithium((12, 6, 20), (3.0, 1.5, 5.0))
    problem = replace(
        problem,
        domain=replace(problem.domain, periodic=True),
        interface=replace(problem.interface, anisotropy=Anisotropy(0.05, 4, 0.3)),
        start=Start(wavy(2.0 * UM, 0.3 * UM, 3.0 * UM), 0.25 * UM),
        noise=Noise(0.04, 3, 0.003, 0.5 * UM),
        positions=(2.31 * UM,),
        numerics=replace(problem.numerics, newton_tolerance=1e-10, fixed_step=0.002),
    )
    engine = GrandPotentialSolver(problem)
    engine.set_control(Control("voltage", -0.3))
    while engine.time < 0.008:
        report = engine.step(0.008)
    numbers = {f"measure {name}": value for name, value in report.measures.items()}
    numbers |= {"reached": engine.arrivals.reached[0], "steps": len(engine.steps), "charge": engine.ledger.charge}
    for name in FIELDS:
        field = engine.gather(name)
        if field is not None and name != "mu":
            wave = np.sin(np.arange(field.size, dtype=float)).reshape(field.shape)
            numbers[f"sum of {name}"] = float((field * (1.0 + wave)).sum())
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps({"numbers": numbers, "ranks": list(engine.grid.ranks), "worst": engine.ledger.worst_step}))


main()
