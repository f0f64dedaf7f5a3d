"""The diffusivity that kinisi finds in the same trajectory: Bayesian regression with a covariance of Brownian motion.

Source: A. R. McCluskey, S. W. Coles, B. J. Morgan, J. Chem. Theory Comput. 21 (2025) 79. Paths are handed over
unwrapped, in a box so large that nothing is folded, and with our drift already removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.foreign import missing_library
from ramify.atomistic.trajectory import Trajectory

FEWEST_FRAMES = 200
"""kinisi counts one pair of frames too many, which matters in short trajectories: -25 % at 4, nothing at 300."""
MOST_LAGS = 100


@dataclass(frozen=True)
class Opinion:
    """Mean and 95 % interval of the posterior [m^2/s]."""

    value: float
    low: float
    high: float
    version: str


def kinisi_diffusivity(trajectory: Trajectory, element: str | None, start: float, seed: int = 0) -> Opinion:
    """What kinisi finds from lags of `start` [s] on.

    Raises
    ------
    AtomisticError
        Where kinisi is not installed or the trajectory is too short for it.
    """
    try:
        import kinisi
        import scipp
        from kinisi.diffusion import Diffusion
        from kinisi.displacement import calculate_msd
        from kinisi.parser import Parser
    except ImportError:
        raise missing_library("kinisi", "ramify[md]") from None
    frames = len(trajectory.positions)
    if frames < FEWEST_FRAMES:
        raise AtomisticError(
            f"{frames} frames are too few for kinisi", subject="--kinisi", allowed=f"{FEWEST_FRAMES} or more"
        )
    chosen = slice(None) if element is None else trajectory.species == element
    paths = trajectory.positions[:, chosen] * 1e10
    lowest = paths.min()
    edge = 10.0 * (paths.max() - lowest)
    picoseconds = trajectory.interval * 1e12
    lags = np.unique(np.linspace(1, frames // 2, min(MOST_LAGS, frames // 2)).astype(int))
    parser: Any = Parser(
        coords=scipp.array(dims=["time", "particle", "dimension"], values=(paths - lowest) / edge),
        latt=scipp.array(
            dims=["time", "row", "column"], values=np.tile(np.eye(3) * edge, (frames, 1, 1)), unit="angstrom"
        ),
        time_step=scipp.scalar(picoseconds, unit="ps"),
        step_skip=scipp.scalar(1),
        dt=scipp.array(dims=["time interval"], values=lags * picoseconds, unit="ps"),
        specie_indices=scipp.array(dims=["particle"], values=np.arange(paths.shape[1])),
        drift_indices=scipp.array(dims=["particle"], values=np.array([], dtype=int)),
    )
    regression: Any = Diffusion(dg=calculate_msd(parser, progress=False))
    regression._diffusion(
        scipp.scalar(start * 1e12, unit="ps"), progress=False, random_state=np.random.RandomState(seed)
    )
    samples = np.asarray(regression.D.values) * _to_si(str(regression.D.unit))
    low, high = np.quantile(samples, (0.025, 0.975))
    return Opinion(float(samples.mean()), float(low), float(high), kinisi.__version__)


def _to_si(unit: str) -> float:
    """Factor of the unit of D that kinisi returns."""
    factors = {"cm^2/s": 1e-4, "m^2/s": 1.0}
    if unit not in factors:
        raise AtomisticError(f"kinisi returned a diffusivity in {unit}", allowed=", ".join(factors))
    return factors[unit]
