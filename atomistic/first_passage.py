"""Nucleation rate and critical size from first-passage times of repeated runs.

tau(n) is the mean time until the largest cluster first has n atoms. Where nucleation, not growth, takes the time,

    tau(n) = (1/2) [1 + erf(b (n - n*))] [tau_J + (n - n*)/v],   rate = 1/(tau_J V),   Zeldovich factor Z = b/sqrt(pi)

with the speed v of growth beyond n*, without which n* would come out late (J. Wedekind, R. Strey, D. Reguera, J.
Chem. Phys. 126 (2007) 134103; growth: P. Yi, G. C. Rutledge, Annu. Rev. Chem. Biomol. Eng. 3 (2012) 157). The
interval of n* is that of the jackknife, the fit without each run in turn. Nucleation times are exponential: with k
events in a total time S, counting the time of runs that did not nucleate, tau_J = S/k and its 95 % interval is 2S
over the quantiles of chi-square with 2k degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.atomistic.diffusivity import student
from ramify.atomistic.errors import AtomisticError

FEWEST_RUNS = 5
SIZES = 48
"""Sizes at which the curve is fitted."""
NUCLEATED = 0.9
"""Of the plateau that tau(n) must come to for nucleation to be told from growth."""


@dataclass(frozen=True)
class FirstPassage:
    """What repeated runs tell."""

    size: float
    """n*."""
    size_low: float
    """Ends of its 95 % interval."""
    size_high: float
    size_error: float
    time: float
    """tau_J [s]."""
    time_low: float
    time_high: float
    zeldovich: float
    runs: int
    events: int


def passage_times(times: np.ndarray, largest: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """First times at which a run's largest cluster has each size [size]; nan where it never has."""
    record = np.maximum.accumulate(largest)
    at = np.searchsorted(record, sizes)
    found = np.full(sizes.size, np.nan)
    reached = at < record.size
    found[reached] = times[at[reached]]
    return found


def first_passage(runs: list[tuple[np.ndarray, np.ndarray]]) -> FirstPassage:
    """Critical size and nucleation time of repeated runs.

    Parameters
    ----------
    runs : list of (ndarray, ndarray)
        Times from the start [s], and atoms in the largest cluster at each.

    Raises
    ------
    AtomisticError
        Where runs are few, few of them nucleate, or tau(n) comes to no plateau.
    """
    if len(runs) < FEWEST_RUNS:
        raise AtomisticError(f"{len(runs)} runs are too few", allowed=f"{FEWEST_RUNS} or more")
    tops = np.array([largest.max() for _, largest in runs])
    reach = float(np.median(tops))
    nucleated = tops >= 0.5 * reach
    if not nucleated.all():
        return _with_failures(runs, tops)
    sizes = np.linspace(1.0, float(tops.min()), SIZES)
    table = np.stack([passage_times(times, largest, sizes) for times, largest in runs])
    best = fitted(sizes, table.mean(axis=0))
    plateau = table.mean(axis=0)[-SIZES // 4 :]
    if np.ptp(plateau) > 2.0 * (1.0 - NUCLEATED) * plateau[-1]:
        raise AtomisticError(
            "the mean first-passage time comes to no plateau: growth takes as long as nucleation, or runs end too "
            "early",
            allowed="runs at less driving force, followed until the nucleus has grown",
        )
    count = len(runs)
    without = np.array([fitted(sizes, np.delete(table, k, axis=0).mean(axis=0))[0] for k in range(count)])
    error = float(np.sqrt((count - 1) / count * np.sum((without - without.mean()) ** 2)))
    spread = student(count) * error
    # the relative width is that of an exponential time; its mean is taken without the time of growth
    mean, low, high = exponential_time(1.0, count)
    return FirstPassage(
        size=best[0],
        size_low=best[0] - spread,
        size_high=best[0] + spread,
        size_error=error,
        time=best[1],
        time_low=best[1] * low / mean,
        time_high=best[1] * high / mean,
        zeldovich=best[2] / float(np.sqrt(np.pi)),
        runs=count,
        events=count,
    )


def _with_failures(runs: list[tuple[np.ndarray, np.ndarray]], tops: np.ndarray) -> FirstPassage:
    """The time alone, where some runs did not nucleate: no critical size."""
    threshold = 0.5 * float(tops.max())
    events = int(np.count_nonzero(tops >= threshold))
    if events == 0:
        raise AtomisticError("no run nucleated", allowed="longer runs")
    total = 0.0
    for times, largest in runs:
        passed = passage_times(times, largest, np.array([threshold]))[0]
        total += float(times[-1]) if np.isnan(passed) else float(passed)
    nan = float("nan")
    time, low, high = exponential_time(total, events)
    return FirstPassage(nan, nan, nan, nan, time, low, high, nan, len(runs), events)


def exponential_time(total: float, events: int) -> tuple[float, float, float]:
    """Mean of an exponential time from `events` in a total time, and its 95 % interval."""
    from scipy.stats import chi2

    low, high = chi2.ppf([0.025, 0.975], 2 * events)
    return total / events, 2.0 * total / float(high), 2.0 * total / float(low)


def fitted(sizes: np.ndarray, mean: np.ndarray) -> tuple[float, float, float]:
    """n*, tau_J and b of the error function through mean first-passage times [size]."""
    from scipy.optimize import least_squares
    from scipy.special import erf

    scale, reach = float(mean[-1]), float(sizes[-1])
    if scale <= 0.0:
        raise AtomisticError("all runs have nucleated before they begin", allowed="runs that begin without a nucleus")
    guess = float(np.interp(0.5 * scale, mean, sizes))

    x = sizes / reach
    # growth alone is left in the last quarter, and within a run it hardly scatters
    late = 3 * sizes.size // 4
    growth = (mean[-1] - mean[late]) / scale / (x[-1] - x[late])

    def residuals(point: np.ndarray) -> np.ndarray:
        centre, height, steepness = point[0], point[1], np.exp(point[2])
        step = 0.5 * (1.0 + erf(steepness * (x - centre)))
        return np.asarray(step * (height + growth * (x - centre)) - mean / scale)

    def jacobian(point: np.ndarray) -> np.ndarray:
        centre, height, steepness = point[0], point[1], np.exp(point[2])
        z = steepness * (x - centre)
        step = 0.5 * (1.0 + erf(z))
        bell = (height + growth * (x - centre)) * np.exp(-z * z) / np.sqrt(np.pi)
        return np.stack([-steepness * bell - growth * step, step, z * bell], axis=1)

    bounds = ([-1.0, 0.1, -2.0], [2.0, 10.0, 6.0])
    found = least_squares(residuals, [guess / reach, 1.0, np.log(5.0)], jacobian, bounds)
    return float(found.x[0]) * reach, float(found.x[1]) * scale, float(np.exp(found.x[2])) / reach
