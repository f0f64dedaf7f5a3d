"""Diffusivity from a curve of mean squared displacements with one origin, as LAMMPS' `compute msd` writes it.

Such a curve wanders: its noise at t stays in it at all later times. For Brownian paths it has independent increments,

    M(t) = c + 2 d D t + noise,   Cov(noise(t), noise(s)) = a min(t, s)^2 + b [t = s]

with a = (2/(d N)) (2 d D)^2 for N independent atoms, and b from vibration. D and c are the generalised least squares, a
and b/a the restricted maximum likelihood; a is not taken below that of N independent atoms where N is known. An
ordinary fit of the slope would report an error many times too small. Covariance of mean squared displacements: A. R.
McCluskey, S. W. Coles, B. J. Morgan, J. Chem. Theory Comput. 21 (2025) 79.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ramify.atomistic.diffusivity import BENT, CERTAIN, CONFIDENCE, FEWEST_JUMPS, STRAIGHT, Diffusivity
from ramify.atomistic.errors import AtomisticError

MOST_POINTS = 100
"""Of the curve that the fit uses, evenly spaced."""
FEWEST_POINTS = 12
STARTS = (0.1, 0.2, 0.35, 0.5)
"""Beginnings of the fit over its end that are tried."""
DOUBT = 0.3
"""Relative change of the slope, with its 95 % error, beyond which a result comes with a warning."""
BELOW = 0.25
"""Distance of the fitted line below zero at time zero, over its rise up to the window, that is none."""
NOISES = np.concatenate([[0.0], np.geomspace(1e-4, 1e2, 25)])
"""b over a times the squared middle time that are tried."""


@dataclass(frozen=True)
class _Fit:
    slope: float
    error: float
    offset: float
    offset_error: float
    bend: float
    bend_error: float


def curve_diffusivity(
    times: np.ndarray,
    squares: np.ndarray,
    *,
    dimension: int = 3,
    atoms: int | None = None,
    spacing: float | None = None,
) -> Diffusivity:
    """The diffusivity that a curve with one origin gives.

    Parameters
    ----------
    times, squares : ndarray
        [point] [s] and [m^2]; the time counts from the origin.
    dimension : int
        Number of directions in the squares.
    atoms : int, optional
        That the mean is over.
    spacing : float, optional
        Distance of neighbouring atoms [m].

    Raises
    ------
    AtomisticError
        Where the motion is not diffusive, or the curve too short to tell.
    """
    per = 1.0 / (2.0 * dimension)
    tolerable: Diffusivity | None = None
    refused: str | None = None
    seen = math.inf
    for start in STARTS:
        used = times >= start * times[-1]
        points = int(np.count_nonzero(used))
        if points < FEWEST_POINTS:
            continue
        thinned = np.linspace(0, points - 1, min(MOST_POINTS, points)).astype(int)
        t, y = times[used][thinned], squares[used][thinned]
        fit = _fit(t, y, dimension, atoms)
        D, error = per * fit.slope, per * fit.error
        quantile = _student(len(t) - 2)
        jumps = math.inf if atoms is None or spacing is None else atoms * fit.slope * times[-1] / spacing**2
        found = Diffusivity(
            D, error, D - quantile * error, D + quantile * error, 1, (float(t[0]), float(t[-1])), fit.bend /
            (abs(fit.slope) or 1.0), fit.bend_error / (abs(fit.slope) or 1.0), fit.offset, jumps, atoms or 0,
            dimension,
        )  # fmt: skip
        certain = _student(len(t) - 2, CERTAIN)
        objection = _objection(found, certain) or _below_origin(fit, certain, float(t[0]))
        if objection is None and certain * found.bend_error > 0.5 * seen:
            continue  # too noisy to show the bend that a wider window has shown
        refused = objection
        if abs(found.bend) > certain * found.bend_error:
            seen = min(seen, abs(found.bend))
        if refused is None and abs(found.bend) <= max(STRAIGHT, quantile * found.bend_error):
            return _with_doubt(found, quantile)
        if refused is None and (tolerable is None or abs(found.bend) < abs(tolerable.bend)):
            tolerable = found
    if tolerable is not None:
        return _with_doubt(tolerable, 0.0)
    if refused is None:
        raise AtomisticError(f"{len(times)} points are too few", allowed=f"{2 * FEWEST_POINTS} or more")
    raise AtomisticError(
        f"the run is not diffusive: {refused}", allowed="a longer run, or one of a state that diffuses"
    )


def _with_doubt(found: Diffusivity, quantile: float) -> Diffusivity:
    """The result with a warning where its slope may well change within the window."""
    if abs(found.bend) + quantile * found.bend_error <= DOUBT:
        return found
    told = (
        f"the slope changes by {100 * found.bend:+.0f} +- {100 * found.bend_error:.0f} % within the window: the "
        f"curve does "
        "not tell whether the motion is diffusive; a trajectory with many origins would"
    )
    return replace(found, warnings=(told,))


def _student(degrees: int, confidence: float = CONFIDENCE) -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + 0.5 * confidence, degrees))


def _fit(t: np.ndarray, y: np.ndarray, dimension: int, atoms: int | None) -> _Fit:
    """Slope, offset and bend, with the covariance that is most likely."""
    model = np.stack([np.ones_like(t), t], axis=1)
    wander = np.minimum(t[:, None], t[None, :]) ** 2
    middle = 0.5 * (t[0] + t[-1])
    best: tuple[float, np.ndarray, float, np.ndarray] | None = None
    for noise in NOISES:
        covariance = wander + (noise + 1e-12) * middle**2 * np.eye(t.size)
        factor = np.linalg.cholesky(covariance)
        A, z = np.linalg.solve(factor, model), np.linalg.solve(factor, y)
        normal = A.T @ A
        solution = np.linalg.solve(normal, A.T @ z)
        variance = float(np.sum((z - A @ solution) ** 2)) / (t.size - 2)
        # a fit without residuals is as likely as can be
        likelihood = -0.5 * (t.size - 2) * math.log(max(variance, 1e-300)) - np.sum(np.log(np.diagonal(factor)))
        likelihood -= 0.5 * np.linalg.slogdet(normal)[1]
        if best is None or likelihood > best[0]:
            best = (float(likelihood), solution, variance, factor)
    assert best is not None
    _, solution, variance, factor = best
    if atoms:
        variance = max(variance, 2.0 / (dimension * atoms) * solution[1] ** 2)
    A = np.linalg.solve(factor, model)
    error = math.sqrt(variance * np.linalg.inv(A.T @ A)[1, 1])
    # the bend: one more slope from the middle on
    hinge = np.concatenate([model, np.maximum(t - middle, 0.0)[:, None]], axis=1)
    B, z = np.linalg.solve(factor, hinge), np.linalg.solve(factor, y)
    normal = B.T @ B
    bend = float(np.linalg.solve(normal, B.T @ z)[2])
    offset_error = math.sqrt(variance * np.linalg.inv(A.T @ A)[0, 0])
    return _Fit(
        float(solution[1]),
        error,
        float(solution[0]),
        offset_error,
        bend,
        math.sqrt(variance * np.linalg.inv(normal)[2, 2]),
    )


def _below_origin(fit: _Fit, certain: float, first: float) -> str | None:
    """A line that starts from far below zero has begun with slower growth: vibration only lifts it."""
    if -fit.offset > BELOW * fit.slope * first + certain * fit.offset_error:
        return (
            "squared displacements grow faster than time (ballistic or drifting): their line starts from "
            f"{fit.offset:.2g} m^2"
        )
    return None


def _objection(found: Diffusivity, quantile: float) -> str | None:
    if found.low <= 0.0:
        return (
            "displacements do not grow with time beyond their noise: the atoms stay where they are, or the run is "
            f"too short (D is below {max(found.high, 0.0):.2g} m^2/s, 95 %)"
        )
    if found.jumps < FEWEST_JUMPS:
        return (
            f"all atoms together have made {found.jumps:.2g} jumps over an atomic distance, fewer than "
            f"{FEWEST_JUMPS:g} "
            f"(D is below {found.high:.2g} m^2/s, 95 %)"
        )
    if abs(found.bend) > max(BENT, quantile * found.bend_error):
        how = "faster than time (ballistic or drifting)" if found.bend > 0 else "ever more slowly (caged, confined)"
        return f"squared displacements grow {how}: the slope changes by {100 * found.bend:+.0f} % within the curve"
    return None
