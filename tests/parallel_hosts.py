"""Run by test_hosts_plating under mpiexec: rank 0 prints what hosts come to after a step."""

from mpi4py import MPI
from test_hosts_plating import fingerprint

from ramify.phasefield.petsc import start_petsc

if __name__ == "__main__":
    start_petsc([])
    for host in ("random medium", "capped"):
        numbers = fingerprint(host)
        if MPI.COMM_WORLD.rank == 0:
            print(*numbers)
