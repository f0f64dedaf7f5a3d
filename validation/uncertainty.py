"""Discretisation uncertainty of a result from the same computation on three grids.

With f = f0 + C h^p on grids h1 < h2 < h3 the observed order p solves

    (f3 - f2)/(f2 - f1) = (h3^p - h2^p)/(h2^p - h1^p),      f0 = f1 + (f1 - f2)/(r^p - 1),    r = h2/h1

and the grid convergence index, 1.25 |f1 - f2|/(r^p - 1), is the half width of the band about f1 meant to hold f0 in
95 of 100 cases (P. J. Roache, J. Fluids Eng. 116 (1994) 405; grids of any ratio: I. B. Celik et al., J. Fluids Eng.
130 (2008) 078001). As Roache advises, p is no larger there than the formal order of the scheme. Values that do not
approach a limit have no order; three times their range then stands for the uncertainty (after L. Eca and M. Hoekstra,
J. Comput. Phys. 262 (2014) 104).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from ramify.validate import Check

SAFETY = 1.25
"""Roache's factor for three grids."""
SCATTER = 3.0
"""Ranges of values without a limit that stand for their uncertainty."""
LOWEST, HIGHEST = 0.1, 20.0
"""Orders looked for."""


@dataclass(frozen=True)
class Convergence:
    """What three grids say of a result, in its unit."""

    value: float
    """On the finest grid."""
    extrapolated: float
    """Richardson's limit for a vanishing h; `value` itself where there is no order."""
    order: float
    """Observed; nan where the values do not approach a limit."""
    uncertainty: float
    """Half width of the band about `value`."""


def observed_order(edges: Sequence[float], values: Sequence[float]) -> float:
    """p of three values on edges h1 < h2 < h3; nan where their differences change sign or do not shrink with h."""
    (h1, h2, h3), (f1, f2, f3) = edges, values
    if not (h1 < h2 < h3):
        raise ValueError(f"edges must grow: {h1}, {h2}, {h3}")
    if f1 == f2 or (f3 - f2) / (f2 - f1) <= 0.0:
        return math.nan
    wanted = math.log((f3 - f2) / (f2 - f1))

    def miss(p: float) -> float:
        return math.log(((h3 / h2) ** p - 1.0) / (1.0 - (h1 / h2) ** p)) - wanted

    # The left side grows with p.
    if miss(LOWEST) > 0.0 or miss(HIGHEST) < 0.0:
        return math.nan
    return float(brentq(miss, LOWEST, HIGHEST, xtol=1e-12))


def grid_convergence(edges: Sequence[float], values: Sequence[float], formal_order: float = 2.0) -> Convergence:
    """Order, limit and uncertainty of three values.

    Parameters
    ----------
    edges, values : sequence of three float
        Cell edge, or width of the surface, of each grid, the finest first, and the result there.
    formal_order : float
        Of the scheme: the uncertainty trusts no higher one.
    """
    order = observed_order(edges, values)
    if math.isnan(order):
        return Convergence(values[0], values[0], order, SCATTER * (max(values) - min(values)))
    ratio, change = edges[1] / edges[0], values[0] - values[1]
    limit = values[0] + change / (ratio**order - 1.0)
    band = SAFETY * abs(change) / (ratio ** min(order, formal_order) - 1.0)
    return Convergence(values[0], limit, order, band)


def with_uncertainty(check: Check, found: Convergence) -> Check:
    """The check, its value accompanied by uncertainty, order and limit."""
    return replace(check, uncertainty=found.uncertainty, observed_order=found.order, extrapolated=found.extrapolated)


def fitted_order(edges: Sequence[float], errors: Sequence[float]) -> float:
    """Slope of log(error) over log(h), by least squares."""
    return float(np.polyfit(np.log(edges), np.log(errors), 1)[0])
