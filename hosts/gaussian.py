"""Gaussian random media: the bicontinuous pattern of spinodal decomposition, without its dynamics.

White noise, filtered so that its wave vectors have lengths near 2 pi/lambda (a Gaussian of relative width 0.15), is
solid where it exceeds a level. The level is the quantile of the field that meets the porosity, or a porosity that
changes with height. lambda, the correlation length, is the distance from one wall to the next: a pore and a wall.
The field is made on a grid that lambda alone sets, so that a seed gives the same host whatever the solver's grid.
"""

from __future__ import annotations

import math

import numpy as np

from ramify.hosts.base import micrometres, require_positive
from ramify.hosts.porosity import Box, require_porosity
from ramify.hosts.sampled import LARGEST_GRID, SampledHost, sampled_host

NODES_PER_LENGTH = 20
RELATIVE_WIDTH = 0.15
THINNEST = 0.15
"""Porosities closer to zero or one give separate balls of pore or solid."""


def random_medium(
    size: Box,
    correlation_length: float,
    porosity: float | tuple[float, float],
    *,
    seed: int = 0,
    height: float | None = None,
    periodic: bool = False,
    planar: bool = False,
) -> SampledHost:
    """Bicontinuous random medium on the current collector.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    correlation_length : float
        lambda [m].
    porosity : float or pair of float
        Of the medium; at its bottom and at its top.
    seed : int
        The same seed gives the same medium.
    height : float, optional
        Of its flat top [m]; the domain less half a correlation length if not given.
    periodic, planar : bool
        Lateral faces; 2-D domain, uniform along y.

    Raises
    ------
    ValueError
        If the domain is too small or too large for the correlation length.
    """
    top = size[2] - 0.5 * correlation_length if height is None else height
    require_positive("random medium", correlation_length=correlation_length, height=top)
    ends = porosity if isinstance(porosity, tuple) else (porosity, porosity)
    for value in ends:
        require_porosity("random medium", value)
        if not THINNEST <= value <= 1.0 - THINNEST:
            raise ValueError(
                f"random medium: a porosity of {value:g} leaves pores or solid in separate pieces; "
                f"allowed: {THINNEST:g} to {1.0 - THINNEST:g}"
            )
    lengths = (size[0], correlation_length, size[2]) if planar else size
    if correlation_length > min(lengths[0], lengths[1], top):
        raise ValueError(f"random medium: a correlation length of {micrometres(correlation_length)} does not fit")
    counts = [max(8, math.ceil(NODES_PER_LENGTH * length / correlation_length)) for length in lengths]
    counts[1] = 1 if planar else counts[1]
    if math.prod(counts) > LARGEST_GRID:
        raise ValueError(
            f"random medium: {math.prod(counts)} nodes are needed to draw a correlation length of "
            f"{micrometres(correlation_length)}; take a smaller domain or a larger length"
        )
    spacing = (lengths[0] / counts[0], size[1] if planar else lengths[1] / counts[1], lengths[2] / counts[2])
    field = _filtered_noise(counts, spacing, correlation_length, seed, planar)
    z = (np.arange(counts[2]) + 0.5) * spacing[2]
    inside = field[z < top]
    share = np.clip(z / top, 0.0, 1.0)
    levels = np.quantile(inside, ends[0] + (ends[1] - ends[0]) * share)
    wanted = ends[0] if ends[0] == ends[1] else None
    return sampled_host(
        levels[:, None, None] - field,
        spacing,
        top,
        porosity=wanted,
        periodic=periodic,
        planar=planar,
        owner="random medium",
    )


def _filtered_noise(counts: list[int], spacing: Box, wavelength: float, seed: int, planar: bool) -> np.ndarray:
    """Noise [z, y, x] of wave vectors near 2 pi/wavelength, periodic in x and y; z is cut from a longer period."""
    nx, ny, nz = counts
    longer = nz + math.ceil(2.0 * wavelength / spacing[2])
    noise = np.random.default_rng(seed).standard_normal((longer, ny, nx))
    frequencies = [np.fft.fftfreq(longer, spacing[2]), np.fft.fftfreq(ny, spacing[1]), np.fft.rfftfreq(nx, spacing[0])]
    kz, ky, kx = np.meshgrid(*frequencies, indexing="ij", sparse=True)
    k = np.sqrt(kx**2 + (0.0 if planar else ky**2) + kz**2) * wavelength
    shell = np.exp(-0.5 * ((k - 1.0) / RELATIVE_WIDTH) ** 2)
    field: np.ndarray = np.fft.irfftn(np.fft.rfftn(noise) * shell, s=noise.shape, axes=(0, 1, 2))[:nz]
    return field / float(np.std(field))
