"""M2: flowing metal on unstructured meshes: a void in power-law creep, saturated lithium in both of Anand's forms.

A void of radius a in a ball of radius b = 4a whose creep, A s^n, is steady closes under a pressure p on the ball at

    (da/dt)/a = -(A/2) {3 p/(2 n)/[1 - (a/b)^(3/n)]}^n,      for b without bound -(A/2) (3 p/2n)^n

A bar of lithium that has hardened all it can is stretched until it flows: the stress is S* (rate/A')^m (power), or S*
asinh of that (sinh). Bricks of first order with the mean dilatation of each.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ramify.physics.viscoplasticity import anand_lithium
from ramify.validate import Case, Check, check, check_relative
from ramify.validation import solids
from ramify.validation.figures import save_curves
from ramify.validation.uncertainty import grid_convergence, with_uncertainty

NAME = "m2-flow"
SOURCE = "closed forms; Anand and Narayan 2019"
EXPONENTS = (1.0, 3.0, 5.0)
CELLS = (5, 4, 3)
RATES = (4e-5, 3e-4, 3e-3, 2e-2)
"""[1/s]."""
FORMS: tuple[Literal["sinh", "power"], ...] = ("sinh", "power")
SATURATED = {"sinh": (0.604, 0.886, 1.350, 1.875), "power": (0.621, 0.929, 1.472, 2.151)}
"""Stress at 298 K [MPa], derived by hand."""


def void(exponent: float) -> list[Check]:
    """Rate at which a void closes over the exact one, on three meshes."""
    found = [1.0 + solids.closing_error(exponent, n) for n in CELLS]
    convergence = grid_convergence([1.0 / n for n in CELLS], found)
    compared = check_relative(NAME, f"closing rate over the exact one, n = {exponent:g}", found[0], 1.0, 0.04, SOURCE)
    order = math.log((found[2] - 1.0) / (found[0] - 1.0)) / math.log(CELLS[0] / CELLS[2])
    return [
        with_uncertainty(compared, convergence),
        check(NAME, f"its order in the cells, n = {exponent:g}", order, 2.0, 0.2, SOURCE),
    ]


def saturated(form: Literal["sinh", "power"], rate: float) -> float:
    """Stress [MPa] of a stretched bar of hardened lithium."""
    law = anand_lithium(form, 298.0)
    bar = solids.pulled_bar(replace(law, resistance=law.saturated_resistance(rate)), rate)
    bar.advance(0.02 / rate, 1e-5 / rate)
    stress = float(bar.stress[..., 2].mean()) / 1e6
    bar.destroy()
    return stress


def lithium(folder: Path | None) -> list[Check]:
    """Saturated stresses."""
    checks, curves = [], []
    for form in FORMS:
        found = [saturated(form, rate) for rate in RATES]
        for rate, value, expected in zip(RATES, found, SATURATED[form], strict=True):
            checks.append(check(NAME, f"stress of lithium [MPa], {form}, {rate:g} 1/s", value, expected, 1e-3, SOURCE))
        curves += [(form, RATES, found, "o"), (f"{form}, by hand", RATES, SATURATED[form], "-")]
    save_curves(folder, NAME, curves, ("strain rate [1/s]", "saturated stress [MPa]"), logarithmic=True)
    return checks


def run(folder: Path | None) -> list[Check]:
    """Voids and lithium."""
    return [*(one for exponent in EXPONENTS for one in void(exponent)), *lithium(folder)]


CASE = Case(NAME, "Flowing metal on unstructured meshes", "90 s", False, SOURCE, run)
