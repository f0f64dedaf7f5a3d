"""A meshed run in time by multigrid, uninterrupted and resumed, on as many ranks as there are.

mpiexec -n N python parallel_states.py FOLDER       prints JSON on rank 0: the steps, and whether all is the same
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mpi4py import MPI
from test_meshed_states import SOLID, assert_same, interrupt, steps_of

from ramify.fem import linear
from ramify.models import model_of
from ramify.scenario import scenario_from_text


def main() -> None:
    """The double layer of the tests, smaller and shorter, cut on its way."""
    linear.DIRECT_UNKNOWNS = 0
    comm, folder = MPI.COMM_WORLD, Path(sys.argv[1])
    text, sets = SOLID["ions"]
    scenario = scenario_from_text(text, [*sets, "mesh.cells=[1, 1, 8]", "steps=[{voltage: -20 mV, duration: 10 ns}]"])
    model, alike = model_of(scenario), {"petsc_options": [], "figures": False, "requests": None}
    assert model.run(scenario, folder / "whole", force=False, **alike) == 0
    comm.barrier()
    steps = comm.bcast(steps_of(folder / "whole") if comm.rank == 0 else None, root=0)
    interrupt(scenario, folder / "cut", steps // 3)
    comm.barrier()
    assert model.resume(scenario, folder / "cut", **alike) == 0
    comm.barrier()
    if comm.rank == 0:
        assert_same(folder / "whole", folder / "cut")
        print(json.dumps({"steps": steps, "ranks": comm.size}))


if __name__ == "__main__":
    main()
