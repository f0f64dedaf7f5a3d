"""Nucleation rate and critical size from first-passage times of repeated runs.

tau(n) is the mean time until the largest cluster first has n atoms. Where nucleation, not growth, takes the time,

    tau(n) = (tau_J/2) [1 + erf(b (n - n*))],   rate = 1/(tau_J V),   Zeldovich factor Z = b/sqrt(pi)

(J. Wedekind, R. Strey, D. Reguera, J. Chem. Phys. 126 (2007) 134103). The interval of n* is that of runs drawn again at
random (bootstrap, seeded). Nucleation times are exponential: with k events in a total time S, counting the time of runs
that did not nucleate, tau_J = S/k and its 95 % interval is 2S over the quantiles of chi-square with 2k degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.atomistic.errors import AtomisticError

FEWEST_RUNS = 5
RESAMPLED = 400
SIZES = 60
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


def first_passage(runs: list[tuple[np.ndarray, np.ndarray]], seed: int = 0) -> FirstPassage:
    """Critical size and nucleation time of repeated runs.

    Parameters
    ----------
    runs : list of (ndarray, ndarray)
        Times from the start [s], and atoms in the largest cluster at each.
    seed : int
        Of the drawing of runs.

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
    best = _fit(sizes, table.mean(axis=0))
    plateau = table.mean(axis=0)[-SIZES // 4 :]
    if np.ptp(plateau) > 2.0 * (1.0 - NUCLEATED) * plateau[-1]:
        raise AtomisticError(
            "the mean first-passage time comes to no plateau: growth takes as long as nucleation, or runs end too early",
            allowed="runs at less driving force, followed until the nucleus has grown",
        )
    rng = np.random.default_rng(seed)
    drawn = [_fit(sizes, table[rng.integers(0, len(runs), len(runs))].mean(axis=0))[0] for _ in range(RESAMPLED)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    time, time_low, time_high = exponential_time(float(np.sum(table[:, SIZES * 3 // 4])), len(runs))
    return FirstPassage(best[0], float(low), float(high), float(np.std(drawn, ddof=1)), time, time_low, time_high,
                        best[2] / np.sqrt(np.pi), len(runs), len(runs))  # fmt: skip


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


def _fit(sizes: np.ndarray, mean: np.ndarray) -> tuple[float, float, float]:
    """n*, tau_J and b of the error function."""
    from scipy.optimize import least_squares
    from scipy.special import erf

    scale, reach = float(mean[-1]), float(sizes[-1])
    if scale <= 0.0:
        raise AtomisticError("all runs have nucleated before they begin", allowed="runs that begin without a nucleus")
    guess = float(np.interp(0.5 * scale, mean, sizes))

    def residuals(point: np.ndarray) -> np.ndarray:
        return np.asarray(0.5 * point[1] * (1.0 + erf(np.exp(point[2]) * (sizes / reach - point[0]))) - mean / scale)

    found = least_squares(residuals, [guess / reach, 1.0, np.log(5.0)], bounds=([-1.0, 0.1, -2.0], [2.0, 10.0, 6.0]))
    return float(found.x[0]) * reach, float(found.x[1]) * scale, float(np.exp(found.x[2])) / reach
