"""Critical nucleus from seeded runs: seeds of several sizes, each of which grew or melted.

    P(grow | n) = 1/(1 + exp(-(ln n - ln n*)/w))

At one temperature, n* and the width w are inferred on a grid: ln n* is as likely anywhere up to one range of sizes
beyond those tried, w as likely on a logarithmic scale between a hundredth and all of the range. The interval holds
the middle 95 % of the posterior of n*. Seeds that separate without overlap have no finite maximum-likelihood width,
which the posterior takes as what it is: n* lies between the largest that melted and the smallest that grew, or near
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.atomistic.errors import AtomisticError

GRID = (401, 41)
"""Values of ln n* and of ln w."""
NARROWEST = 0.01
"""Width over the range of sizes tried."""


@dataclass(frozen=True)
class Seeds:
    """Outcomes of seeded runs at one temperature."""

    temperature: float
    """[K]."""
    size: np.ndarray
    """Atoms in the seed, [run] or [size]."""
    runs: np.ndarray
    """Runs of each."""
    grown: np.ndarray
    """How many of them grew."""


@dataclass(frozen=True)
class CriticalSize:
    """Critical size at one temperature."""

    temperature: float
    value: float
    """Median of the posterior [atoms]."""
    low: float
    """Ends of the 95 % interval."""
    high: float
    log_error: float
    """Standard deviation of ln n*."""
    width: float
    """w: how far in ln n chance decides."""
    melted: float
    """Largest seed of which a run melted."""
    grew: float
    """Smallest seed of which a run grew."""


def critical_size(seeds: Seeds) -> CriticalSize:
    """The critical size that the outcomes at one temperature tell.

    Raises
    ------
    AtomisticError
        Where all seeds grew or all melted: the critical size is beyond the sizes tried; and where larger seeds melt and
        smaller ones grow.
    """
    x, runs, grown = np.log(seeds.size), seeds.runs, seeds.grown
    at = f"at {seeds.temperature:g} K"
    if grown.sum() == 0:
        raise AtomisticError(
            f"{at} every seed melted: the critical size is above {seeds.size.max():g}", allowed="larger seeds"
        )
    if grown.sum() == runs.sum():
        raise AtomisticError(
            f"{at} every seed grew: the critical size is below {seeds.size.min():g}", allowed="smaller seeds"
        )
    fraction = grown / runs
    if np.polyfit(x, fraction, 1, w=np.sqrt(runs))[0] <= 0.0:
        raise AtomisticError(f"{at} larger seeds melt and smaller ones grow", allowed="outcomes that follow the size")
    span = float(np.ptp(x))
    centre = np.linspace(x.min() - span, x.max() + span, GRID[0])
    width = np.geomspace(NARROWEST * span, span, GRID[1])
    z = (x[:, None, None] - centre[:, None]) / width
    likelihood = np.einsum("n,nij->ij", grown, -np.logaddexp(0.0, -z)) + np.einsum(
        "n,nij->ij", runs - grown, -np.logaddexp(0.0, z)
    )
    weight = np.exp(likelihood - likelihood.max())
    of_centre, of_width = weight.sum(axis=1), weight.sum(axis=0)
    of_centre, of_width = of_centre / of_centre.sum(), of_width / of_width.sum()
    mass = np.cumsum(of_centre) - 0.5 * of_centre
    low, middle, high = np.interp([0.025, 0.5, 0.975], mass, centre)
    mean = float(of_centre @ centre)
    return CriticalSize(
        temperature=seeds.temperature,
        value=float(np.exp(middle)),
        low=float(np.exp(low)),
        high=float(np.exp(high)),
        log_error=float(np.sqrt(of_centre @ (centre - mean) ** 2)),
        width=float(np.exp(of_width @ np.log(width))),
        melted=float(seeds.size[grown < runs].max()),
        grew=float(seeds.size[grown > 0].min()),
    )
