"""T14b: secondary current distribution of a pillar array, sharp surfaces on a fitted mesh against a diffuse surface.

A round metal pillar on a metal floor, a quarter of one cell of a square array, in an electrolyte so badly conducting
that the Wagner length is about the pillar's height. `fem/` solves it with the surface as a boundary of hexahedra,
`phasefield/` on a regular grid with the reaction spread over the diffuse surface of frozen metal.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.fem.current_distribution import Cell, CurrentDistribution
from ramify.fem.electrodes import SurfaceKinetics
from ramify.fem.mesh import Mesh
from ramify.fem.pillars import raw_pillars
from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, Numerics
from ramify.physics import electrolyte
from ramify.validate import Case, Check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t14b-pillars"
SOURCE = "ramify.fem on a fitted mesh of second order"
H = 0.25e-6
"""Grid spacing and interface width of the diffuse surface [m]."""
DIAMETER, PITCH, HEIGHT, TOP = 4e-6, 10e-6, 12e-6, 20e-6
"""Above the floor [m]."""
FLOOR = 1.125e-6
"""Thickness of the metal on the grid's lower end [m]."""
HEIGHTS = (3e-6, 6e-6, 9e-6)
"""Above the floor, away from its corner and from the pillar's edge [m]."""
CURRENT = 20.0
"""Per cross-section [A/m^2]."""
SALT = electrolyte.constant(0.02, cells.SALT, 1e-6, cells.TRANSFERENCE)
"""Diffusion so fast that the salt stays uniform."""


def sharp() -> tuple[float, list[float]]:
    """(voltage [V], shares of the current that enter above each of `HEIGHTS`) of the finite elements."""
    mesh = Mesh.build(raw_pillars(DIAMETER, PITCH, HEIGHT, TOP, 0.75e-6))
    kinetics = SurfaceKinetics(cells.EXCHANGE_CURRENT, cells.SALT, 0.5, 0.5, SALT.thermal_voltage)
    cell = Cell(
        "secondary",
        SALT,
        cells.SALT,
        kinetics,
        ("pillar surface", "floor"),
        ("counter",),
        ("electrolyte",),
        TOP,
        "reservoir",
        order=2,
    )
    model = CurrentDistribution(mesh, cell, current=CURRENT * mesh.area("counter"))
    model.solve_steady()
    surface, march = model.working, model.march
    i_n = surface.current_density(march.u, march.borders) * surface.weights
    z = np.einsum("qc,nc->nq", surface.tables.geometry_values, mesh.points[surface.corners][:, :, 2])
    return model.voltage, [float(i_n[z > height].sum() / i_n.sum()) for height in HEIGHTS]


def diffuse() -> tuple[float, list[float], tuple[np.ndarray, np.ndarray]]:
    """The same of the phase field, and its cumulative current by height above the floor."""
    nx, nz = round(0.5 * PITCH / H), round((TOP + FLOOR) / H)
    height = nz * H

    def metal(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        across, above = np.sqrt(x**2 + y**2) - 0.5 * DIAMETER, z - FLOOR - HEIGHT
        outside = np.sqrt(np.maximum(across, 0.0) ** 2 + np.maximum(above, 0.0) ** 2)
        pillar = outside + np.minimum(np.maximum(across, above), 0.0)
        return np.asarray(np.minimum(pillar, z - FLOOR))

    problem = cells.planar_problem(
        height,
        nz,
        0.0,
        domain=Domain((0.5 * PITCH, 0.5 * PITCH, height), (nx, nx, nz)),
        electrolyte=SALT,
        interface=Interface(H, motion="frozen"),
        geometry=Geometry(metal),
        counter=CounterElectrode("reservoir"),
        numerics=Numerics(time_tolerance=1e-2, first_step=1.0),
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("current", CURRENT))
    (report,) = cells.run_through(engine, [2.0])
    by_layer = cells.field(engine, "s").sum(axis=(1, 2))
    above = np.append(np.cumsum(by_layer[::-1])[::-1] / by_layer.sum(), 0.0)
    edges = np.arange(nz + 1) * H - FLOOR
    return report.voltage, [float(np.interp(z, edges, above)) for z in HEIGHTS], (edges, above)


def run(folder: Path | None) -> list[Check]:
    """Voltage, and how much of the current enters above three heights."""
    reference, shares = sharp()
    voltage, found, (edges, above) = diffuse()
    checks = [check_relative(NAME, "voltage [V]", voltage, reference, 0.02, SOURCE)]
    for height, value, share in zip(HEIGHTS, found, shares, strict=True):
        what = f"share of the current above {height * 1e6:.0f} um"
        checks.append(check_relative(NAME, what, value, share, 0.02, SOURCE))
    curves = [("diffuse", edges * 1e6, above, "-"), ("sharp", np.array(HEIGHTS) * 1e6, np.array(shares), "o")]
    save_curves(folder, NAME, curves, ("height above the floor [um]", "share of the current above it"))
    return checks


CASE = Case(NAME, "Current in a pillar array: sharp against diffuse surface", "30 s", True, SOURCE, run)
