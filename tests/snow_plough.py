"""A slab of alloy between a void and the contact, stripped: its wall recedes and sweeps up magnesium, by sharp lines.

Without sinks all vacancies of the contact, z = d, cross the slab to its wall, which comes up at v; the lattice rests.

    y_t = -(Omega J_M)_z,     Omega J_M = -rho D (s y_z - y s_z),      m s_z + s (1 - rho) y_z = v/D,      m = x + rho y
    wall, z = v t:  s = 1, Omega J_M = y v;        contact:  J_M = 0                                 (ideal solution)

in the share of the slab that is left, by finite volumes and a stiff integrator: no diffuse wall, no lattice of cells
that stays. Lengths in d, times in d^2/D; v stands for v d/D.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp


def swept_slab(
    magnesium: float, rho: float, speed: float, until: float, cells: int = 400
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places z of the faces of the cells, y at them and s, at a time."""
    widths = np.full(cells, 1.0 / cells)

    def state(t: float, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """Slab left, y at the faces, s and the flux of magnesium there."""
        left = 1.0 - speed * t
        h = left / cells
        inner = 0.5 * (y[1:] + y[:-1])
        slope = np.diff(y) / h
        # at the ends no magnesium crosses the wall, nor the contact: s y_z = y s_z - y v/rho, s y_z = y s_z
        faces = np.concatenate([[1.5 * y[0] - 0.5 * y[1]], inner, [1.5 * y[-1] - 0.5 * y[-2]]])
        ends = np.array([(y[1] - y[0]) / h, (y[-1] - y[-2]) / h])
        slopes = np.concatenate([ends[:1], slope, ends[1:]])
        # s: an ordinary differential equation from the wall up, by the potential s/m
        m = 1.0 - (1.0 - rho) * faces
        steps = speed * h * 0.5 * (1.0 / m[1:] ** 2 + 1.0 / m[:-1] ** 2)
        s = m * (1.0 / m[0] + np.concatenate([[0.0], np.cumsum(steps)]))
        pull = (speed - s * (1.0 - rho) * slopes) / m
        flux = -rho * (s * slopes - faces * pull)
        flux[0], flux[-1] = faces[0] * speed, 0.0
        return left, faces, s, flux

    def rate(t: float, y: np.ndarray) -> np.ndarray:
        left, faces, _, flux = state(t, y)
        places = np.concatenate([[0.0], np.cumsum(widths)])
        # faces move up at speed (1 - place)
        through = flux - speed * (1.0 - places) * faces
        return np.asarray(-np.diff(through) / (left * widths) + speed * y / left)

    found = solve_ivp(rate, (0.0, until), np.full(cells, magnesium), "BDF", rtol=1e-8, atol=1e-10)
    left, faces, s, _ = state(until, found.y[:, -1])
    places = np.concatenate([[0.0], np.cumsum(widths)])
    return 1.0 - left + left * places, faces, s
