"""Small plating problems that the solver's tests share, and the ways to drive them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ramify.phasefield.engine import StepReport
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import Domain, Geometry, Interface, Kinetics, Numerics, PlatingProblem
from ramify.physics import electrolyte, metals

H = 0.5e-6
"""Cell edge of most problems [m]."""
SALT = 1000.0
"""Initial concentration of most problems [mol/m^3]."""
LITHIUM = replace(metals.preset("lithium"), surface_energy=0.0)
"""Lithium without capillarity."""
CONCENTRATED = "LiPF6 in EC:DMC"
"""A preset whose properties, the transference number too, depend on the concentration."""


def plating_problem(
    cells: tuple[int, int, int] = (1, 1, 40), spacing: tuple[float, float, float] = (H, H, H), **changes: Any
) -> PlatingProblem:
    """A cell with six cells' height of flat metal and l = h; `changes` replace fields of the PlatingProblem.

    A missing lateral axis is 1 m deep. `periodic` is a field of the domain.
    """
    size = tuple(n * h if n > 1 or axis == 2 else 1.0 for axis, (n, h) in enumerate(zip(cells, spacing, strict=True)))
    width = max(h for n, h in zip(cells, spacing, strict=True) if n > 1)
    problem = PlatingProblem(
        domain=Domain(size, cells, changes.pop("periodic", False)),  # type: ignore[arg-type]
        electrolyte=electrolyte.dilute_from_salt(3e-10, 0.38),
        initial_concentration=SALT,
        metal=LITHIUM,
        kinetics=Kinetics(30.0, SALT),
        interface=Interface(width),
        geometry=Geometry(flat(6.0 * width)),
        numerics=Numerics(),
    )
    return replace(problem, **changes)


class flat:
    """Signed distance of metal below a height [m]."""

    def __init__(self, height: float) -> None:
        self.height = height

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return z - self.height + 0.0 * (x + y)


def rough(height: float, amplitude: float, size: tuple[float, float, float]) -> Any:
    """Signed distance of metal below a surface with half a wave along each lateral axis that is not 1 m long [m]."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        wave = np.cos(np.pi * x / size[0]) * (np.cos(np.pi * y / size[1]) if size[1] < 1.0 else np.ones_like(y))
        return z - height - amplitude * wave

    return distance


def ball(centre: tuple[float, float, float], radius: float, planar: bool = False) -> Any:
    """Signed distance of a ball of metal (a cylinder along y where `planar`) [m]."""

    def distance(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        across = 0.0 * y if planar else y - centre[1]
        return np.sqrt((x - centre[0]) ** 2 + across**2 + (z - centre[2]) ** 2) - radius

    return distance


def union(*distances: Any) -> Any:
    """Signed distance of several bodies together."""
    return lambda x, y, z: np.minimum.reduce(np.broadcast_arrays(*(d(x, y, z) for d in distances)))


def advance(solver: PlatingSolver, until: float, most: int = 10_000) -> list[StepReport]:
    """Step to a time [s]; the reports of every step."""
    reports: list[StepReport] = []
    while solver.time < until and len(reports) < most:
        reports.append(solver.step(until))
    return reports


def gathered(solver: PlatingSolver, name: str) -> np.ndarray:
    """A field (nz, ny, nx) of a solver on one rank."""
    values = solver.gather(name)
    assert values is not None
    return values
