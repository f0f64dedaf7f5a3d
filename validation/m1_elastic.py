"""M1: elastic solids on unstructured meshes: patches, orders of every element, spheres, contact, a cantilever.

The orders are those of a manufactured solution with eigenstrain, given displacements and tractions. The thick sphere
(b = 2a) is pressed from inside; a sphere in an infinite body swells by e* along all axes and is left with the stress
-2 E e*/[3 (1 - nu)] in each; the beam is ten times as long as high, against Timoshenko's deflection. Spheres are bricks
with flat faces, so that their error falls with order two whatever the element.
"""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

from ramify.fem.reference import KindName, Order
from ramify.validate import Case, Check, check, check_relative
from ramify.validation import solids
from ramify.validation.figures import save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "m1-elastic"
SOURCE = "manufactured solution; Lame; Eshelby; Timoshenko"
CELLS: dict[KindName, int] = {"triangle": 8, "quadrilateral": 8, "tetrahedron": 6, "hexahedron": 4}
ORDERS: tuple[Order, ...] = (1, 2)
SPHERES = (8, 6, 4)
BEAMS = (8, 4, 2)


def orders() -> list[Check]:
    """Observed orders of the displacement and of its gradient."""
    checks = []
    for kind, order in product(CELLS, ORDERS):
        coarse, fine = (solids.wave_errors(kind, order, times * CELLS[kind]) for times in (1, 2))
        values, gradients = (math.log2(a / b) for a, b in zip(coarse, fine, strict=True))
        checks.append(check(NAME, f"order of u, {kind} of order {order}", values, order + 1.0, 0.15, SOURCE))
        checks.append(check(NAME, f"order of grad u, {kind} of order {order}", gradients, float(order), 0.1, SOURCE))
    return checks


def patches() -> Check:
    """A linear displacement is found exactly by every element on bent cells."""
    worst = max(solids.patch_error(kind, order) for kind, order in product(CELLS, ORDERS))
    return check(NAME, "patch test: largest relative error of the stress", worst, 0.0, 1e-8, "linear displacement")


def contact() -> list[Check]:
    """Contact pressure of a hollow ball on a rigid shell."""
    found = [solids.shell_pressure(1, n) for n in SPHERES]
    order = math.log(found[2]["mean"] / found[0]["mean"]) / math.log(SPHERES[0] / SPHERES[2])
    return [
        check(
            NAME, "contact pressure on a rigid shell: relative error of its mean", found[0]["mean"], 0.0, 5e-3, SOURCE
        ),
        check(NAME, "the same: largest relative error", found[0]["largest"], 0.0, 0.015, SOURCE),
        check(NAME, "the same: order of the mean", order, 2.0, 0.15, SOURCE),
        check(NAME, "pressure on a loaded hole: largest relative error", found[0]["hole"], 0.0, 5e-3, SOURCE),
    ]


def spheres(folder: Path | None) -> list[Check]:
    """Thick sphere, and swollen sphere in an infinite body."""
    lame = [solids.lame_sphere(1, n) for n in SPHERES]
    eshelby = [solids.eshelby_sphere(1, n) for n in SPHERES]
    spacings = [1.0 / n for n in SPHERES]
    means = [1.0 + mean for mean, _ in eshelby]
    stress = check_relative(NAME, "Eshelby: stress over -2 E e*/[3(1 - nu)]", means[0], 1.0, 5e-3, SOURCE)
    order = math.log(lame[2] / lame[0]) / math.log(SPHERES[0] / SPHERES[2])
    error = ("mean stress, Eshelby", spacings, [abs(mean) for mean, _ in eshelby], "o-")
    curves = [("displacement, Lame", spacings, lame, "s-"), error]
    save_curves(folder, NAME, curves, ("cell over cube's edge", "relative error"), logarithmic=True)
    return [
        check(NAME, "Lame: relative error of u, L2", lame[0], 0.0, 2e-3, SOURCE),
        check(NAME, "Lame: order of u", order, 2.0, 0.1, SOURCE),
        with_uncertainty(stress, grid_convergence(spacings, means)),
        check(NAME, "Eshelby: largest error of a component", eshelby[0][1], 0.0, 1e-2, SOURCE),
    ]


def beam() -> list[Check]:
    """Deflection of the tip."""
    found = [1.0 + solids.cantilever("quadrilateral", 1, n) for n in BEAMS]
    compared = check_relative(NAME, "cantilever: deflection over Timoshenko's", found[0], 1.0, 5e-3, SOURCE)
    quadratic = 1.0 + solids.cantilever("tetrahedron", 2, 2)
    return [
        with_uncertainty(compared, grid_convergence([1.0 / n for n in BEAMS], found)),
        check_relative(NAME, "the same on quadratic tetrahedra", quadratic, 1.0, 1e-3, SOURCE),
    ]


def run(folder: Path | None) -> list[Check]:
    """Patches, orders, spheres, contact, beam."""
    return [patches(), *orders(), *spheres(folder), *contact(), *beam()]


CASE = Case(NAME, "Elastic solids on unstructured meshes", "20 s", False, SOURCE, run)
