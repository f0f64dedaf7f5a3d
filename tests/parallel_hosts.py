"""Run by test_hosts_plating under mpiexec: sums of fields after a step on three hosts, printed by rank 0."""

from test_hosts_plating import HOSTS, solver_of

from ramify.phasefield.petsc import start_petsc

if __name__ == "__main__":
    start_petsc([])
    for name in ("foam", "random medium", "capped"):
        solver = solver_of(HOSTS[name], "numerics.first_step=1 s")
        report = solver.step(2.0)
        sums = []
        for field in ("psi", "xi", "c"):
            values = solver.gather(field)
            if values is not None:
                sums.append(float(values.sum()))
        if sums:
            print(*sums, report.voltage)
