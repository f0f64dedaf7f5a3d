"""Concentration in a closed cell with fixed electrodes after the current is switched on.

With x in [0, 1] from the plating electrode, time in L^2/D, c in c0 and J = i/i_lim, the solution of c_t = c_xx with
c_x = 2 J at both ends and c(0) = 1 is

    c = 1 - J (1 - 2x) + sum over odd n of (8 J/pi^2 n^2) cos(n pi x) exp(-n^2 pi^2 t).
"""

from __future__ import annotations

import numpy as np


def concentration(x: np.ndarray, time: float, overdrive: float, terms: int = 400) -> np.ndarray:
    """c/c0 at positions x and one time > 0; `terms` odd cosines resolve times from 1e-5 on."""
    n = np.arange(1, 2 * terms, 2)
    waves = np.cos(np.pi * np.multiply.outer(np.asarray(x), n)) * np.exp(-((n * np.pi) ** 2) * time) / n**2
    return np.asarray(1.0 - overdrive * (1.0 - 2.0 * np.asarray(x)) + 8.0 * overdrive / np.pi**2 * waves.sum(axis=-1))
