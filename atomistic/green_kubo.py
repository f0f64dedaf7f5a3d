"""Diffusivity from a velocity autocorrelation with one origin, as LAMMPS' `compute vacf` writes it.

    D = (1/d) integral of C(t) dt from 0 to t_c,   C(0) = d kT/m

The noise of C does not fade with t, so that the integral's error grows with t_c. It is measured where C itself has
faded: the integrals over further stretches of length t_c scatter around zero by that error.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.atomistic.diffusivity import Diffusivity, student
from ramify.atomistic.errors import AtomisticError
from ramify.physics.constants import BOLTZMANN

STRETCHES = 21
"""Stretches of equal length that the function is cut into; the first is integrated."""
EQUIPARTITION = 0.15
"""Relative difference of C(0) from d kT/m beyond which units, timestep, temperature or mass are wrong."""


def vacf_diffusivity(
    times: np.ndarray, correlation: np.ndarray, temperature: float, mass: float, *, dimension: int = 3, atoms: int = 0
) -> Diffusivity:
    """The diffusivity that a velocity autocorrelation gives.

    Parameters
    ----------
    times, correlation : ndarray
        [point] [s] and [m^2/s^2], from time zero on.
    temperature : float
        [K].
    mass : float
        Of the atoms [kg].

    Raises
    ------
    AtomisticError
        Where C(0) contradicts the temperature, and where the integral drowns in its noise.
    """
    expected = dimension * BOLTZMANN * temperature / mass
    if not abs(correlation[0] / expected - 1.0) < EQUIPARTITION:
        raise AtomisticError(
            f"the squared velocity at time zero is {correlation[0]:.4g} m^2/s^2, where {dimension} kT/m is "
            f"{expected:.4g}",
            subject="units", allowed="the units, temperature and elements of the run, all directions summed",
        )  # fmt: skip
    size = times.size // STRETCHES
    if size < 5:
        raise AtomisticError(f"{times.size} points are too few", allowed=f"{5 * STRETCHES} or more")
    step = float(times[1] - times[0])
    cut = correlation[: size * STRETCHES].reshape(STRETCHES, size)
    integrals = step * cut.sum(axis=1)
    value = float(integrals[0] - 0.5 * step * (correlation[0] - correlation[size])) / dimension
    error = float(np.sqrt(np.mean(integrals[1:] ** 2))) / dimension
    t = student(STRETCHES)
    low, high, end = value - t * error, value + t * error, size * step
    found = Diffusivity(
        value, error, low, high, STRETCHES - 1, (0.0, end), 0.0, math.inf, 0.0, math.inf, atoms, dimension
    )
    if found.low <= 0.0:
        raise AtomisticError(
            f"the integral of the velocity autocorrelation drowns in its noise (D is below "
            f"{found.high:.2g} m^2/s, 95 %)",
            allowed="a longer run, or the mean squared displacement",
        )
    return found
