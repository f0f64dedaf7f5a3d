"""Set-ups and readings that the plating cases share: planar cells, runs to a time, values at the sharp surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from ramify.phasefield.engine import Engine, StepReport
from ramify.phasefield.problem import (
    CounterElectrode,
    Domain,
    Geometry,
    Interface,
    Kinetics,
    Numerics,
    PlatingProblem,
)
from ramify.physics import metals
from ramify.physics.electrolyte import Electrolyte, constant, dilute_from_salt

EngineName = Literal["petsc", "fipy"]

SALT_DIFFUSIVITY, TRANSFERENCE, SALT = 3e-10, 0.38, 1000.0
"""Dilute 1 M salt of most cases: D [m^2/s], t+, c0 [mol/m^3]."""
EXCHANGE_CURRENT = 30.0
"""[A/m^2]."""
PLAIN_LITHIUM = replace(metals.preset("lithium"), surface_energy=0.0)
"""Lithium without capillarity: the references of flat and kinetic cases have none."""


def make_engine(problem: PlatingProblem, name: EngineName = "petsc") -> Engine:
    """The engine of that name for a problem."""
    if name == "fipy":
        from ramify.phasefield.fipy_reference import FiPyEngine

        return FiPyEngine(problem)
    from ramify.phasefield.plating import PlatingSolver

    return PlatingSolver(problem)


def dilute_salt() -> Electrolyte:
    """The dilute electrolyte of most cases at 25 degrees C."""
    return dilute_from_salt(SALT_DIFFUSIVITY, TRANSFERENCE)


POLYMER_SALT = 1500.0
"""Salt of the polymer [mol/m^3], about one lithium to twelve ether oxygens."""


def polymer() -> Electrolyte:
    """A polymer electrolyte like LiTFSI in poly(ethylene oxide) at 85 degrees C, with constant properties.

    Round numbers of the size measured for it between 80 and 90 degrees C, from memory: no fit, no one sample. What
    matters to the cases is a salt thirty times slower than a liquid's, a small t+ and a factor that is not one.
    """
    return constant(
        conductivity=0.15,
        concentration=POLYMER_SALT,
        D=1e-11,
        t_plus=0.2,
        thermodynamic_factor=2.0,
        temperature=358.15,
        name="polymer",
        source="round numbers of the size measured for LiTFSI in poly(ethylene oxide) at 80 to 90 degrees C",
    )


def planar_problem(
    length: float, cells: int, film: float, electrolyte: Electrolyte | None = None, **changes: Any
) -> PlatingProblem:
    """A 1-D lithium cell of `length` [m] with a metal film [m] on the collector and l = h.

    `changes` replace fields of the PlatingProblem.
    """
    problem = PlatingProblem(
        domain=Domain((1.0, 1.0, length), (1, 1, cells)),
        electrolyte=electrolyte or dilute_salt(),
        initial_concentration=SALT,
        metal=PLAIN_LITHIUM,
        kinetics=Kinetics(EXCHANGE_CURRENT, SALT),
        interface=Interface(length / cells),
        geometry=Geometry(lambda x, y, z: z - film + 0.0 * (x + y)),
        counter=CounterElectrode("lithium"),
        numerics=Numerics(time_tolerance=5e-4),
    )
    return replace(problem, **changes)


def run_through(
    engine: Engine, times: Sequence[float], observe: Callable[[StepReport], None] | None = None
) -> Iterator[StepReport]:
    """Step through `times`, each hit exactly; yields the report at each of them, shows every step to `observe`."""
    for until in times:
        report: StepReport | None = None
        while report is None or report.time < until:
            report = engine.step(until)
            if observe is not None:
                observe(report)
        yield report


def field(engine: Engine, name: str) -> np.ndarray:
    """A gathered field (nz, ny, nx); these cases run on one rank."""
    values = engine.gather(name)
    if values is None:
        raise RuntimeError(f"field {name!r} is on rank 0 alone: run the validation on one rank")
    return values


def profile(engine: Engine, problem: PlatingProblem) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z [m], c [mol/m^3] and xi along the axis of a 1-D cell."""
    z = (np.arange(problem.domain.cells[2]) + 0.5) * problem.domain.spacing[2]
    return z, field(engine, "c")[:, 0, 0], field(engine, "xi")[:, 0, 0]


def front_height(engine: Engine, problem: PlatingProblem) -> float:
    """Height of the equivalent sharp front of a 1-D cell: the thickness of all its metal [m]."""
    return float(np.sum(field(engine, "xi"))) * problem.domain.spacing[2]


DEPLETION_LIMIT = 2.0
"""Voltage limit of cells driven through depletion [V]: the surface has next to no salt left when it takes over."""
NEARLY_DEPLETED = 1e-3
"""Share of the initial salt at the surface down to which the depletion time is read."""


def depletion_time(engine: Engine, moments: Sequence[float]) -> float:
    """Time at which the surface concentration vanishes [s]; nan if it does not.

    The moments [s] are stepped through until the voltage limit takes over; the last two of them at which the surface
    still has a thousandth of its salt are extended to none.
    """
    times, values = [0.0], [SALT]
    for report in run_through(engine, moments):
        if report.limited or report.surface_concentration < NEARLY_DEPLETED * SALT:
            (t0, t1), (v0, v1) = times[-2:], values[-2:]
            return t1 + (t1 - t0) * v1 / (v0 - v1)
        times.append(report.time)
        values.append(report.surface_concentration)
    return float("nan")
