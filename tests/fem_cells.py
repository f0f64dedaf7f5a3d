"""Small meshed cells and layers for tests."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ramify.fem import pnp
from ramify.fem.boundaries import Dirichlet, fixed_values
from ramify.fem.boxes import box, raw_box, uniform_box
from ramify.fem.current_distribution import Cell, Distribution, ElectronConduction
from ramify.fem.electrodes import SurfaceKinetics
from ramify.fem.mesh import Mesh, RawMesh
from ramify.fem.newton import NewtonSolver, Scales
from ramify.fem.pattern import Pattern
from ramify.fem.spaces import Space
from ramify.physics import double_layer, electrolyte
from ramify.physics.constants import FARADAY, VACUUM_PERMITTIVITY

SALT = electrolyte.constant(1.0, 1000.0, 3e-10, 0.3, 1.5)


def flat_cell(distribution: Distribution, salt: electrolyte.Electrolyte) -> tuple[Mesh, Cell]:
    """A one-dimensional cell of 50 um with lithium on both sides."""
    kinetics = SurfaceKinetics(30.0, 1000.0, 0.5, 0.5, salt.thermal_voltage)
    cell = Cell(distribution, salt, 1000.0, kinetics, ("bottom",), ("top",), ("box",), 50e-6, order=2)
    return uniform_box("interval", (50e-6,), (30,)), cell


def l_shaped_cell(conductivity: float | None) -> tuple[Mesh, Cell]:
    """A metal block of 8 x 20 um on the floor of a plane cell of 20 x 40 um; electrons ohmic or equipotential."""
    raw = raw_box("quadrilateral", (np.linspace(0.0, 20e-6, 11), np.linspace(0.0, 40e-6, 21)))
    middle = raw.points[raw.cells].mean(axis=1)
    metal = (middle[:, 0] < 8e-6) & (middle[:, 1] < 20e-6)
    tops = [[0.0, 20e-6], [8e-6, 20e-6], [8e-6, 0.0]]
    sides = np.concatenate([_along(raw, *pair) for pair in pairwise(tops)])
    boundaries = dict(raw.boundaries) | {"surface": sides, "collector": _along(raw, [0.0, 0.0], [8e-6, 0.0])}
    regions = {"metal": np.flatnonzero(metal), "liquid": np.flatnonzero(~metal)}
    mesh = Mesh.build(RawMesh(raw.kind, raw.points, raw.cells, regions, boundaries))
    kinetics = SurfaceKinetics(30.0, 1000.0, 0.5, 0.5, SALT.thermal_voltage)
    electrons = None
    if conductivity is not None:
        electrons = ElectronConduction(("metal",), conductivity, "collector", 1e9)
    return mesh, Cell(
        "secondary", SALT, 1000.0, kinetics, ("surface",), ("top",), ("liquid",), 40e-6, electrons=electrons
    )


def _along(raw: RawMesh, start: list[float], end: list[float]) -> np.ndarray:
    """Edges of the grid along a straight line."""
    line = np.array([start, end])
    inside = np.all((raw.points > line.min(axis=0) - 1e-9) & (raw.points < line.max(axis=0) + 1e-9), axis=1)
    nodes = np.flatnonzero(inside)
    nodes = nodes[np.argsort(raw.points[nodes] @ np.ptp(line, axis=0))]
    return np.column_stack([nodes[:-1], nodes[1:]])


@dataclass(frozen=True)
class PlaneLayer:
    """A solved double layer at a plane."""

    ions: pnp.Ions
    debye: float
    voltage: float
    concentration: float
    distance: np.ndarray
    u: np.ndarray
    charge: float
    """Of the metal [C/m^2]."""


def plane_layer(cells: int, diameter: float = 0.0, voltage: float = 0.1) -> PlaneLayer:
    """Half space of a 1:1 salt at 10 mol/m^3 against a plane, ten Debye lengths of graded intervals."""
    ions = pnp.Ions((1, -1), (1e-9, 2e-9), 78.5 * VACUUM_PERMITTIVITY, 298.15, diameter)
    c0 = 10.0
    debye = double_layer.debye_length(c0, ions.permittivity, ions.temperature)
    z = 10.0 * debye * np.expm1(3.0 * np.linspace(0.0, 1.0, cells + 1)) / np.expm1(3.0)
    space = Space(box("interval", [z]), 1, 3)
    given = [
        Dirichlet("bottom", voltage, 0),
        Dirichlet("top", 0.0, 0),
        Dirichlet("top", c0, 1),
        Dirichlet("top", c0, 2),
    ]
    fixed, values = fixed_values(space, given)
    pattern = Pattern(space)
    term = pnp.PoissonNernstPlanck(space, pattern, ions, np.arange(len(space.mesh.cells)))
    flux = 1e-9 * c0 / debye
    scales = Scales(np.array([ions.thermal_voltage, c0, c0]), np.array([FARADAY * c0 * debye, flux, flux]))
    solver = NewtonSolver(pattern, [term], fixed, scales, pnp.damping(ions), "fem_layer_")
    u = solver.solve(np.where(fixed, values, [0.0, c0, c0]), np.empty(0)).u
    metal = space.boundary_nodes("bottom")
    charge = float(solver.linearise(u, np.empty(0)).residual[metal, 0].sum())
    return PlaneLayer(ions, debye, voltage, c0, space.coordinates[:, 0], u, charge)
