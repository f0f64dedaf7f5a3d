"""Diffusivity from a trajectory, with an interval that knows of the correlations, or the reason why there is none.

For every origin t0 the mean squared displacement of the atoms over lags in a window [t1, t2] gives a slope,

    s(t0) = sum_k w_k |r(t0 + tau_k) - r(t0)|^2,   sum w_k = 0,  sum w_k tau_k = 1,   D = <s>/(2 d)

a time series whose values are correlated over t2. Its mean over all origins is D; its error comes from the scatter of
means over B blocks of origins, each as long as t2, times the factor by which such blocks underestimate it in Brownian
motion (exact, from the covariance below), with Student's quantile of B - 1. Correlated motion of different atoms is in
the scatter by itself. For independent Brownian paths (Isserlis)

    Cov(|dr(t0, tau)|^2, |dr(t0 + u, tau')|^2) = 2 d (2 D overlap)^2,   overlap of [0, tau] and [u, u + tau']

Not diffusive, and refused: displacements that do not grow (a crystal), fewer than ten jumps over an atomic distance in
all, a slope of the later half of the window that differs from the earlier half's (ballistic, caged, persistent).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
CERTAIN = 0.999
"""Confidence at which a change of the slope is taken for real and speaks against diffusion."""
BLOCKS = (10, 8, 6, 5, 4)
"""Numbers of blocks that are tried; fewer make longer windows."""
STARTS = (0.25, 0.5)
"""Beginnings of the window over its end that are tried."""
STRAIGHT = 0.02
"""Relative change of the slope within the window that is none."""
BENT = 0.10
"""Relative change of the slope, if significant, beyond which motion is not diffusive."""
FEWEST_JUMPS = 10.0
MOST_LAGS = 24
"""Lags of a window."""


@dataclass(frozen=True)
class Diffusivity:
    """A diffusivity and how it came about; SI units."""

    value: float
    standard_error: float
    low: float
    """Ends of the 95 % interval."""
    high: float
    blocks: int
    window: tuple[float, float]
    """Lags of the fit [s]."""
    bend: float
    """(slope of the later half - of the earlier half)/slope, and its standard error."""
    bend_error: float
    offset: float
    """Of the fitted line at lag zero [m^2]."""
    jumps: float
    """Squared displacement of all atoms by diffusion, over the squared distance of neighbours."""
    atoms: int
    dimension: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """Mean squared displacements [lag, origin], and what they mean."""

    lags: np.ndarray
    """Frames."""
    squares: np.ndarray
    """[m^2], nan beyond the end."""
    interval: float
    """[s]."""
    atoms: int
    dimension: int
    spacing: float | None
    """Distance of neighbouring atoms [m]."""

    def curve(self) -> np.ndarray:
        """Mean over the origins [lag]."""
        return np.asarray(np.nanmean(self.squares, axis=1))


def window_lags(frames: int, blocks: int) -> np.ndarray:
    """Lags up to the end of the window that so many blocks allow, in frames; few or none for a short trajectory."""
    last = (frames - 1) // (blocks + 1)
    return (
        np.unique(np.linspace(1, last, min(last, 2 * MOST_LAGS)).astype(np.int64)) if last >= 1 else np.array([], int)
    )


def slope_weights(lags: np.ndarray) -> np.ndarray:
    """Weights of least squares, w.1 = 0 and w.lags = 1."""
    centred = lags - lags.mean()
    return np.asarray(centred / (centred @ centred))


def block_factor(lags: np.ndarray, weights: np.ndarray, origins: int, blocks: int) -> float:
    """Variance of the mean of all origins over what the scatter of block means makes it, in Brownian motion.

    Lags and blocks in frames; one where blocks are independent of each other.
    """
    reach = int(lags[-1])
    shifts = np.arange(reach)
    first, second = lags[:, None, None], lags[None, :, None]
    overlap = np.clip(np.minimum(first, shifts + second) - shifts, 0.0, None)
    other = np.clip(np.minimum(second, shifts + first) - shifts, 0.0, None)
    covariance = np.einsum("k,l,klu->u", weights, weights, 0.5 * (overlap**2 + other**2))
    size = origins // blocks

    def of_means(apart: int) -> float:
        """Covariance of two block means."""
        between = np.arange(-size + 1, size)
        distance = np.abs(between + apart * size)
        return float(
            np.sum(
                (size - np.abs(between)) * np.where(distance < reach, covariance[np.minimum(distance, reach - 1)], 0.0)
            )
        )

    near = [of_means(apart) for apart in range(min(blocks, reach // size + 2))]
    mean = near[0] / blocks + 2.0 * sum((blocks - a) * near[a] for a in range(1, len(near))) / blocks**2
    scatter = (near[0] - mean) * blocks / (blocks - 1)
    return mean / (scatter / blocks)


@dataclass(frozen=True)
class _Mean:
    """Mean of a series of origins and its standard error."""

    value: float
    error: float


def _block_mean(series: np.ndarray, lags: np.ndarray, weights: np.ndarray, blocks: int) -> _Mean:
    size = series.size // blocks
    means = series[series.size - size * blocks :].reshape(blocks, size).mean(axis=1)
    variance = means.var(ddof=1) / blocks * block_factor(lags, weights, series.size, blocks)
    return _Mean(float(series.mean()), math.sqrt(variance))


def student(blocks: int, confidence: float = CONFIDENCE) -> float:
    """Quantile of the two-sided interval from the scatter of so many blocks."""
    from scipy.stats import t

    return float(t.ppf(0.5 + 0.5 * confidence, blocks - 1))


def measure(series: Series, first: int, blocks: int) -> Diffusivity:
    """The diffusivity in the window of lags from `first` on, whether the motion is diffusive or not."""
    used = series.lags >= first
    lags, squares = series.lags[used], series.squares[used]
    per = 1.0 / (2.0 * series.dimension * series.interval)
    squares = squares[:, ~np.isnan(squares[-1])]
    weights = slope_weights(lags)
    D = _block_mean(per * (weights @ squares), lags, weights, blocks)
    half = lags.size // 2
    early, late = np.zeros(lags.size), np.zeros(lags.size)
    early[: half + 1] = slope_weights(lags[: half + 1])
    late[half:] = slope_weights(lags[half:])
    bend = _block_mean(per * ((late - early) @ squares), lags, late - early, blocks)
    t = student(blocks)
    mean = squares.mean(axis=1)
    frames = int(np.count_nonzero(~np.isnan(series.squares[0]))) + int(series.lags[0])
    travelled = 2.0 * series.dimension * D.value * series.interval * frames
    jumps = series.atoms * travelled / series.spacing**2 if series.spacing else math.inf
    scale = abs(D.value) or 1.0
    return Diffusivity(
        value=D.value,
        standard_error=D.error,
        low=D.value - t * D.error,
        high=D.value + t * D.error,
        blocks=blocks,
        window=(float(lags[0]) * series.interval, float(lags[-1]) * series.interval),
        bend=bend.value / scale,
        bend_error=bend.error / scale,
        offset=float(mean.mean() - (weights @ mean) * lags.mean()),
        jumps=jumps,
        atoms=series.atoms,
        dimension=series.dimension,
    )


def objection(found: Diffusivity) -> str | None:
    """Why the motion in a window is not diffusive; None where it is."""
    if found.value <= 0.0 or found.low <= 0.0:
        return (
            "displacements do not grow with time beyond their noise: the atoms stay where they are "
            f"(D is below {max(found.high, 0.0):.2g} m^2/s, 95 %)"
        )
    if found.jumps < FEWEST_JUMPS:
        return (
            f"all atoms together have made {found.jumps:.2g} jumps over an atomic distance, fewer than "
            f"{FEWEST_JUMPS:g}: no diffusion can be told from vibration (D is below {found.high:.2g} m^2/s, 95 %)"
        )
    if abs(found.bend) > max(BENT, student(found.blocks, CERTAIN) * found.bend_error):
        how = "faster than time (ballistic or drifting)" if found.bend > 0 else "ever more slowly (caged, confined)"
        return (
            f"squared displacements grow {how}: the slope changes by {100 * found.bend:+.0f} % within the longest "
            f"window that leaves {found.blocks} blocks, {found.window[0] * 1e12:.3g} to {found.window[1] * 1e12:.3g} ps"
        )
    return None


def straight(found: Diffusivity) -> bool:
    """Whether the slope is the same in both halves of the window, as far as can be told."""
    return abs(found.bend) <= max(STRAIGHT, student(found.blocks) * found.bend_error)
