"""A stripped alloy in the frame of its receding surface, by the method of lines: a second way to the lattice frame.

Constant molar volume Omega, immobile magnesium of fraction y, constant intrinsic D of lithium. Where volume is fixed,
the interdiffusivity is y D (Darken), and in the frame of the surface, which recedes at v = j Omega/F into z > 0,

    y_t = (D y y_z)_z + v y_z,    D y y_z + v y = 0 at z = 0,    y = y0 far away

so that D y_z = -v at the surface whatever the composition there. Lengths in D/v, times in D/v^2: y0 alone is left. The
production solver stands on cells of fixed magnesium instead, and has neither this equation nor this boundary condition.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import solve_ivp


def depletion(magnesium: float, cells: int = 1500) -> float:
    """v^2 t/D at which the contact has no lithium left, y = 1, to about the square of the cell width.

    Parameters
    ----------
    magnesium
        y0, initial atomic fraction.
    cells
        Finite volumes, finest at the surface.
    """
    longest = 1.0 / (2.0 * magnesium)
    length = 2.0 + 8.0 * math.sqrt(magnesium * longest)
    q = np.linspace(0.0, 1.0, cells + 1)
    faces = length * (0.2 * q + 0.8 * q**2)
    widths, gaps = np.diff(faces), np.diff(0.5 * (faces[1:] + faces[:-1]))

    def rate(_: float, y: np.ndarray) -> np.ndarray:
        middle = 0.5 * (y[1:] + y[:-1])
        flux = middle * np.diff(y) / gaps + middle
        return np.asarray(np.diff(np.concatenate([[0.0], flux, [y[-1]]])) / widths)

    def empty(_: float, y: np.ndarray) -> float:
        return float(y[0] + 0.5 * widths[0] - 1.0)

    empty.terminal = True  # type: ignore[attr-defined]
    band = np.eye(cells) + np.eye(cells, k=1) + np.eye(cells, k=-1)
    found = solve_ivp(
        rate, (0.0, 2.0 * longest), np.full(cells, magnesium), "BDF", events=empty, rtol=1e-7, atol=1e-9,
        jac_sparsity=band,
    )  # fmt: skip
    return float(found.t_events[0][0])
