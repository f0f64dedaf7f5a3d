"""M1: voxel finite elements and the laws of lithium against closed solutions.

Saturated stress of Anand's lithium in both forms; Eshelby's inclusions and a soft core (validation.voxel_cases); the
tip of a cantilever; a void in a creeping ball that closes under pressure; the traction on a pressed bump.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from ramify.physics.viscoplasticity import anand_lithium
from ramify.validate import Case, Check, check, check_at_least, check_relative
from ramify.validation import voxel_cases
from ramify.validation.figures import save_curves

NAME = "m4-voxels"
SOURCE = "closed solutions (validation/voxel_cases.py)"
RATES = (4e-5, 3e-4, 3e-3, 2e-2)
"""[1/s]."""
SATURATED: dict[Literal["sinh", "power"], tuple[float, ...]] = {
    "sinh": (0.604e6, 0.886e6, 1.350e6, 1.875e6),
    "power": (0.621e6, 0.929e6, 1.472e6, 2.151e6),
}
"""At 298 K [Pa]."""


def run(folder: Path | None) -> list[Check]:
    """All of them."""
    checks = []
    for form, stresses in SATURATED.items():
        law = anand_lithium(form, 298.0)
        for rate, stress in zip(RATES, stresses, strict=True):
            quantity = f"saturated stress [Pa], {form}, {rate:g} 1/s"
            checks.append(check_relative(NAME, quantity, law.saturated_stress(rate), stress, 1e-3, "S* and the law"))
    sizes = (32, 64, 128)
    curves = []
    for name, disc in (("inclusion", voxel_cases.ESHELBY_CYLINDER), ("soft core", voxel_cases.SOFT_CORE)):
        found = [disc.solve(n) for n in sizes]
        for quantity in ("traction", "core"):
            errors = [abs(numbers[quantity]) for numbers in found]
            curves.append((f"{name}, {quantity}", sizes, np.array(errors), "o-"))
            order = float(np.log2(errors[-2] / errors[-1]))
            checks.append(check_at_least(NAME, f"order of the {quantity}, {name}", order, 1.7, SOURCE))
            checks.append(check(NAME, f"error of the {quantity}, {name}, 128 cells", errors[-1], 0.0, 2e-3, SOURCE))
    sphere = voxel_cases.eshelby_sphere(32)
    checks.append(check(NAME, "error of the stress in Eshelby's sphere, 32 cells", sphere, 0.0, 0.01, SOURCE))
    beams = [voxel_cases.cantilever(n) for n in (4, 8)]
    checks.append(check(NAME, "error of a cantilever's tip, 8 cells high", beams[-1], 0.0, 0.005, SOURCE))
    order = float(np.log2(beams[0] / beams[1]))
    checks.append(check_at_least(NAME, "order of a cantilever's tip", order, 1.9, SOURCE))
    for exponent, tolerance in ((1.0, 0.06), (3.0, 0.1)):
        error = voxel_cases.closing_void(24, exponent)
        quantity = f"error of a void's closing rate, exponent {exponent:g}, 7 cells to the radius"
        checks.append(check(NAME, quantity, error, 0.0, tolerance, "power-law creep of a hollow ball"))
    for words, medium in voxel_cases.MEDIA.items():
        error = voxel_cases.pressed_bump(32, medium)
        quantity = f"error of the traction on a pressed bump, {words}, 64 cells per wavelength"
        checks.append(check(NAME, quantity, error, 0.0, 0.015, "linear perturbation (references/pressed_bump.py)"))
    save_curves(folder, NAME, curves, ("cells along the edge", "relative error"), logarithmic=True)
    return checks


CASE = Case(NAME, "Mechanics: laws of lithium and voxel elements", "2 min", False, SOURCE, run)
