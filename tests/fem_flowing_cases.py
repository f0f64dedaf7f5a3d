"""Voids in creeping metal, for two ranks.

mpiexec -n N python fem_flowing_cases.py       prints JSON on rank 0: case -> number
"""

import json

from mpi4py import MPI

from ramify.validation.solids import closing_error

if __name__ == "__main__":
    numbers = {
        "linear": closing_error(1.0, 2),
        "cubic": closing_error(3.0, 2),
        "second order": closing_error(3.0, 1, 2),
    }
    if MPI.COMM_WORLD.rank == 0:
        print(json.dumps(numbers))
