"""Critical nucleus and barrier from free-energy profiles over the cluster size, and where nuclei form.

The profile is that of a metadynamics or umbrella run, F(n). The barrier is F at its highest point beyond the basin at
small sizes, less F at the bottom of that basin; the top is that of a parabola through the points around it. Several
profiles (blocks of one run, or independent runs) give the error of the mean; one alone gives none.

Over a depth z instead of a size, exp(-F/kT) is the weight with which nuclei form at z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.atomistic.diffusivity import student
from ramify.atomistic.errors import AtomisticError
from ramify.physics.constants import BOLTZMANN

AROUND_TOP = 1.0
"""Free energy below the top up to which points shape the parabola, in kT."""
FEWEST_AROUND = 5


@dataclass(frozen=True)
class Top:
    """The top of one profile."""

    size: float
    barrier: float
    """[J]."""
    curvature: float
    """Second derivative at the top [J]; negative."""


@dataclass(frozen=True)
class Mean:
    """A mean over profiles, with its standard error and 95 % interval; nan for one profile."""

    value: float
    error: float
    low: float
    high: float


def profile_top(size: np.ndarray, energy: np.ndarray, temperature: float) -> Top:
    """Critical size and barrier of a profile.

    Parameters
    ----------
    size, energy : ndarray
        [point], rising sizes and the free energy [J].
    temperature : float
        [K].

    Raises
    ------
    AtomisticError
        Where the profile has no top beyond its basin: it ends before, or falls all the way.
    """
    highest = _highest(energy)
    if highest >= energy.size - 2:
        raise AtomisticError("the free energy still rises where the profile ends: the critical size is beyond it",
                             allowed="a profile that reaches over the barrier")  # fmt: skip
    basin = int(np.argmin(energy[: highest + 1]))
    if basin == highest:
        raise AtomisticError(
            "the free energy falls from the start: there is no barrier", allowed="a profile with a barrier"
        )
    floor = energy[highest] - AROUND_TOP * BOLTZMANN * temperature
    left = right = highest
    while left - 1 > basin and energy[left - 1] > floor:
        left -= 1
    while right + 1 < energy.size and energy[right + 1] > floor:
        right += 1
    half = FEWEST_AROUND // 2
    part = slice(max(basin, min(left, highest - half)), max(right, highest + half) + 1)
    centre = size[highest]
    a, b, c = np.polyfit(size[part] - centre, energy[part], 2)
    if a >= 0.0:
        raise AtomisticError("the profile has no rounded top", allowed="a smoother or longer profile")
    return Top(float(centre - 0.5 * b / a), float(c - 0.25 * b * b / a - energy[basin]), float(2.0 * a))


def _highest(energy: np.ndarray) -> int:
    """Index of the top that rises most above the lowest point before it."""
    return int(np.argmax(energy - np.minimum.accumulate(energy)))


def mean_of(values: list[float]) -> Mean:
    """Mean over profiles."""
    array = np.array(values)
    if array.size < 2:
        return Mean(float(array[0]), float("nan"), float("nan"), float("nan"))
    error = float(array.std(ddof=1) / np.sqrt(array.size))
    t = student(array.size)
    return Mean(float(array.mean()), error, float(array.mean() - t * error), float(array.mean() + t * error))


@dataclass(frozen=True)
class DepthWeight:
    """Where nuclei form: weight over depth, one at its largest."""

    depth: np.ndarray
    """[m]."""
    weight: np.ndarray
    most: float
    """Depth of the largest weight [m]."""
    mean: float
    """Mean depth [m]."""
    spread: float
    """Standard deviation of depths [m]."""

    def at(self, depth: np.ndarray | float) -> np.ndarray:
        """The weight at a depth [m], linear between the points, zero beyond them."""
        return np.asarray(np.interp(depth, self.depth, self.weight, left=0.0, right=0.0))


def depth_weight(depth: np.ndarray, energy: np.ndarray, temperature: float) -> DepthWeight:
    """Weight exp(-F/kT) of nucleation at each depth, from a free-energy profile over depth [m], [J]."""
    weight = np.exp(-(energy - energy.min()) / (BOLTZMANN * temperature))
    total = np.trapezoid(weight, depth)
    mean = float(np.trapezoid(weight * depth, depth) / total)
    spread = float(np.sqrt(np.trapezoid(weight * (depth - mean) ** 2, depth) / total))
    return DepthWeight(depth, weight, float(depth[np.argmax(weight)]), mean, spread)
