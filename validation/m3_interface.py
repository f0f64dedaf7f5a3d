"""M3: stress at a wavy interface of lithium and polymer after Monroe and Newman, and where it changes its mind.

The interface of two elastic half-planes takes the shape u_z = A cos kx. For anions without volume the metal's potential
at the crest shifts by V [p_m + (sigma_m - sigma_e)/2]. Below a ratio of the shear moduli of about 0.57 (Poisson's
ratios 0.38 and 0.33; 0.68 for 0.42 and 0.33) it is negative, and stress helps crests to grow; above, it levels them.
The pressure of the metal alone, p_m, helps them whatever the ratio.

Half a wavelength between planes of symmetry, a wavelength and a half deep on either side. Normal stresses are the
forces that each side puts on the nodes of the interface, against the wave; p_m is that of the normal stress and of the
strain along the interface.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from ramify.fem.boxes import raw_box
from ramify.fem.elasticity import ElasticSolid, Phase
from ramify.fem.mesh import Mesh, RawMesh
from ramify.fem.solid_boundaries import Displacement, Fixed, SolidCondition, Symmetry
from ramify.fem.spaces import Space
from ramify.physics.elasticity import Elasticity
from ramify.physics.viscoplasticity import elastic
from ramify.validate import Case, Check, check, check_at_least, check_relative
from ramify.validation.figures import save_curves
from ramify.validation.references.wavy_interface import Interface, interface
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "m3-interface"
SOURCE = "Monroe and Newman 2005, re-derived"
DEPTH = 1.5
"""Of each side, in wavelengths."""
CELLS = (24, 16, 12)
"""Along half a wavelength."""
POISSON = ((0.38, 0.33, 0.5676), (0.42, 0.33, 0.6768))
"""Of metal and electrolyte, and the ratio of the shear moduli at which the potential changes its sign."""
RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class Pair:
    """Metal of unit shear modulus and an electrolyte of `ratio` times that."""

    metal_poisson: float
    electrolyte_poisson: float
    ratio: float

    @property
    def metal(self) -> Elasticity:
        """Below."""
        return Elasticity(2.0 * (1.0 + self.metal_poisson), self.metal_poisson)

    @property
    def electrolyte(self) -> Elasticity:
        """Above."""
        return Elasticity(2.0 * self.ratio * (1.0 + self.electrolyte_poisson), self.electrolyte_poisson)


def mesh(cells: int) -> Mesh:
    """Half a wavelength, of length pi, with the named boundary `interface` inside."""
    width, depth = np.pi, 2.0 * np.pi * DEPTH
    # Cells as high as wide at the interface, four times as high far away.
    layers = np.cumsum(np.concatenate([[0.0], np.geomspace(1.0, 4.0, int(0.9 * cells * DEPTH))]))
    heights = depth * layers / layers[-1]
    whole = raw_box("quadrilateral", [np.linspace(0.0, width, cells + 1), np.concatenate([-heights[:0:-1], heights])])
    middle = whole.points[whole.cells].mean(axis=1)[:, 1]
    row = np.flatnonzero(np.abs(whole.points[:, 1]) < 1e-12)
    row = row[np.argsort(whole.points[row, 0])]
    boundaries = {**whole.boundaries, "interface": np.stack([row[:-1], row[1:]], axis=1)}
    regions = {"metal": np.flatnonzero(middle < 0.0), "electrolyte": np.flatnonzero(middle > 0.0)}
    return Mesh.build(RawMesh(whole.kind, whole.points, whole.cells, regions, boundaries))


def solved(pair: Pair, cells: int) -> Interface:
    """Amplitudes at the interface from finite elements."""
    space = Space(mesh(cells), 1, 2)
    phases = {"metal": Phase(elastic(pair.metal)), "electrolyte": Phase(elastic(pair.electrolyte))}
    solid = ElasticSolid(space, phases)
    sides: list[SolidCondition] = [Symmetry("left"), Symmetry("right"), Fixed("bottom"), Fixed("top")]
    u = solid.solve([*sides, Displacement("interface", lambda x: np.cos(x[..., 0]), 1)])
    nodes = space.boundary_nodes("interface")
    x = space.coordinates[nodes, 0]
    stress = solid.stresses(u)
    normal = []
    for side, region in ((1.0, "metal"), (-1.0, "electrolyte")):
        of_region = np.zeros(len(stress), dtype=bool)
        of_region[space.mesh.region(region)] = True
        forces, _ = solid.forces(np.where(of_region[:, None, None], stress, 0.0))
        # The integral of cos^2 over half a wavelength is pi/2.
        normal.append(side * float(forces[nodes, 1] @ np.cos(x)) / (0.5 * np.pi))
    weights = np.full(len(x), np.pi / cells)
    along = float(weights @ (u[nodes, 0] * np.sin(x))) / (0.5 * np.pi)
    nu, E = pair.metal_poisson, pair.metal.youngs_modulus
    inplane = E / (1.0 - nu**2) * along + nu / (1.0 - nu) * normal[0]
    solid.destroy()
    return Interface(-(1.0 + nu) / 3.0 * (inplane + normal[0]), normal[0], normal[1])


def change_of_sign(metal_poisson: float, electrolyte_poisson: float, cells: int) -> float:
    """Ratio of the shear moduli, electrolyte over metal, at which the two-sided potential vanishes."""
    return float(
        brentq(lambda r: solved(Pair(metal_poisson, electrolyte_poisson, r), cells).two_sided, 0.3, 1.2, xtol=1e-6)
    )


def run(folder: Path | None) -> list[Check]:
    """Stresses at the crest, changes of sign, and the metal's pressure, which has none."""
    checks = []
    for metal, electrolyte, expected in POISSON:
        found = [change_of_sign(metal, electrolyte, n) for n in CELLS]
        compared = check_relative(
            NAME, f"ratio of sign change, nu {metal}/{electrolyte}", found[0], expected, 5e-3, SOURCE
        )
        checks.append(with_uncertainty(compared, grid_convergence([1.0 / n for n in CELLS], found)))
    shifts, alone = [], []
    for ratio in RATIOS:
        pair = Pair(0.38, 0.33, ratio)
        here, exact = solved(pair, CELLS[0]), interface(pair.metal, pair.electrolyte)
        size = abs(exact.metal_pressure) + abs(exact.two_sided)
        for name in ("metal_pressure", "metal_stress", "electrolyte_stress", "two_sided"):
            quantity = f"{name.replace('_', ' ')} at the crest over G k A, ratio {ratio:g}"
            checks.append(check(NAME, quantity, getattr(here, name), getattr(exact, name), 0.01 * size, SOURCE))
        shifts.append(here.two_sided)
        alone.append(here.metal_pressure)
    quantity = "least pull of the metal's pressure alone on the crest, over G k A"
    checks.append(check_at_least(NAME, quantity, -max(alone), 0.1, SOURCE))
    curves = [("two-sided", RATIOS, shifts, "o-"), ("pressure of the metal alone", RATIOS, alone, "s-")]
    save_curves(folder, NAME, curves, ("shear modulus, electrolyte over metal", "potential/(V G k A)"))
    return checks


CASE = Case(NAME, "Stress at a wavy interface", "5 s", True, SOURCE, run)
