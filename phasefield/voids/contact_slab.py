"""The solid electrolyte as a map between its two faces: mean potentials of cells from currents through them, exactly.

Below the contact plane div(kappa grad phi) = 0 in layers of constant kappa, with lateral faces that are planes of
symmetry or periodic. The current is uniform over each cell of a face and the potential is averaged over each, so that
the map between them is diagonal in cosine (or Fourier) space and needs no cells in depth:

    phi_n = Z_n j_n,   Z_n = sum over m of sinc^2(theta/2) z(|theta|/h),   theta = pi n/N + 2 pi m  (periodic: 2 pi n/N)

z(k) is a wave's impedance (physics.constriction), sinc^2 what cells make of a wave on both sides, and the sum takes in
the waves that look alike on the cells; along each lateral axis. It is Galerkin's boundary element method. Each rank
holds whole planes, which are small beside a share of the metal.

A reversible counter electrode holds phi = 0 at the far face; otherwise the far face is a second plane of unknowns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy import fft

from ramify.phasefield.problem import Domain
from ramify.physics.constriction import series_resistance, slab_impedance

ALIASES = {1: 0, 2: 200, 3: 12}
"""Waves on either side of zero that are told from each other by no cell and still counted, by dimension."""


class Slab:
    """Admittance of a layered solid electrolyte between its faces.

    Parameters
    ----------
    domain
        Lateral lengths, counts and periodicity; z is not looked at.
    layers
        (thickness [m], conductivity [S/m]), the first at the contact.
    grounded
        Whether the far face is held at zero potential; if not, its potential is a second plane.
    """

    def __init__(self, domain: Domain, layers: Sequence[tuple[float, float]], grounded: bool) -> None:
        self.layers, self.grounded = tuple(layers), grounded
        self.periodic, self.spacing = domain.periodic, domain.spacing[:2]
        self.shape = (domain.cells[1], domain.cells[0])
        self.planes = 1 if grounded else 2
        self.resistance = series_resistance(self.layers)
        """Of a uniform current [ohm m^2]."""
        counts = (domain.cells[0] // 2 + 1 if self.periodic else domain.cells[0], domain.cells[1])
        self._angles = (
            (2.0 if self.periodic else 1.0) * np.pi / domain.cells[0] * np.arange(counts[0]),
            2.0 * np.pi * fft.fftfreq(counts[1]) if self.periodic else np.pi / counts[1] * np.arange(counts[1]),
        )
        self.admittance = self._admittance(ALIASES[domain.dimension])
        """(planes, planes, ky, kx) [S/m^2]."""

    def transform(self, planes: np.ndarray) -> np.ndarray:
        """Waves of planes (..., ny, nx)."""
        if self.periodic:
            return np.asarray(fft.rfft2(planes))
        return np.asarray(fft.dctn(planes, type=2, axes=(-2, -1), norm="ortho"))

    def restore(self, waves: np.ndarray) -> np.ndarray:
        """Planes of waves."""
        if self.periodic:
            return np.asarray(fft.irfft2(waves, s=self.shape))
        return np.asarray(fft.idctn(waves, type=2, axes=(-2, -1), norm="ortho"))

    def currents(self, potentials: np.ndarray) -> np.ndarray:
        """Current densities into the slab [A/m^2] at mean potentials (planes, ny, nx) [V]."""
        return self.restore(np.einsum("pqyx,qyx->pyx", self.admittance, self.transform(potentials)))

    def preconditioner(self, conductance: np.ndarray) -> np.ndarray:
        """Inverse (planes, planes, ky, kx) of the admittance with a uniform conductance on each plane [S/m^2]."""
        matrix = self.admittance + np.diag(conductance)[:, :, None, None]
        return np.moveaxis(np.linalg.inv(np.moveaxis(matrix, (0, 1), (-2, -1))), (-2, -1), (0, 1))

    def apply(self, inverse: np.ndarray, planes: np.ndarray) -> np.ndarray:
        """What a `preconditioner` makes of planes."""
        return self.restore(np.einsum("pqyx,qyx->pyx", inverse, self.transform(planes)))

    def at_depths(self, potentials: np.ndarray, depths: np.ndarray) -> np.ndarray:
        """Potential (depths, ny, nx) [V] at depths below the contact [m], from mean potentials of the faces."""
        waves = np.zeros((2, *self.admittance.shape[2:]), complex if self.periodic else float)
        waves[: self.planes] = self.transform(potentials)
        k = self._numbers(0, 0)
        k[0, 0] = np.inf  # the uniform part by itself
        out = np.empty((len(depths), *self.shape))
        ends = np.concatenate([[0.0], np.cumsum([thickness for thickness, _ in self.layers])])
        nodes = self._nodes(waves, k)
        for n, depth in enumerate(depths):
            layer = min(int(np.searchsorted(ends, depth, side="right")) - 1, len(self.layers) - 1)
            down, up, whole = depth - ends[layer], ends[layer + 1] - depth, self.layers[layer][0]
            out[n] = self.restore(_share(k, up, whole) * nodes[layer] + _share(k, down, whole) * nodes[layer + 1])
        return out

    def _nodes(self, waves: np.ndarray, k: np.ndarray) -> list[np.ndarray]:
        """Waves of the potential at the faces of the layers, from those at the outermost."""
        finite = np.where(np.isfinite(k), k, 1.0)
        whole = slab_impedance(finite, self.layers)
        determinant = whole[0] * whole[2] - whole[1] ** 2
        first = (whole[2] * waves[0] - whole[1] * waves[1]) / determinant
        last = (whole[0] * waves[1] - whole[1] * waves[0]) / determinant
        nodes = [waves[0]]
        for n in range(1, len(self.layers)):
            above, below = slab_impedance(finite, self.layers[:n]), slab_impedance(finite, self.layers[n:])
            entering = (above[1] * first - below[1] * last) / (above[2] + below[0])
            node = below[0] * entering + below[1] * last
            share = series_resistance(self.layers[:n]) / self.resistance
            node[0, 0] = (1.0 - share) * waves[0, 0, 0] + share * waves[1, 0, 0]
            nodes.append(node)
        return [*nodes, waves[1]]

    def _numbers(self, m: int, n: int) -> np.ndarray:
        """Wave numbers (ky, kx) [1/m] of the aliases m, n."""
        tx, ty = self._angles[0] + 2.0 * np.pi * m, self._angles[1] + 2.0 * np.pi * n
        return np.hypot(tx[None, :] / self.spacing[0], ty[:, None] / self.spacing[1])

    def _admittance(self, aliases: int) -> np.ndarray:
        summed: list[np.ndarray] = []
        along = [range(-aliases, aliases + 1) if count > 1 else range(1) for count in self.shape[::-1]]
        for m, n in product(*along):
            k = self._numbers(m, n)
            weight = _cell(self._angles[1] + 2.0 * np.pi * n)[:, None] * _cell(self._angles[0] + 2.0 * np.pi * m)
            k[0, 0] = 1.0  # the uniform part by itself; its aliases have no weight
            parts = [weight * part for part in slab_impedance(k, self.layers)]
            summed = [total + part for total, part in zip(summed, parts, strict=True)] if summed else parts
        conductance = 1.0 / self.resistance
        if self.grounded:
            own = 1.0 / (summed[0] - summed[1] ** 2 / summed[2])
            own[0, 0] = conductance
            return own[None, None]
        determinant = summed[0] * summed[2] - summed[1] ** 2
        whole = np.array([[summed[2], -summed[1]], [-summed[1], summed[0]]]) / determinant
        whole[:, :, 0, 0] = conductance * np.array([[1.0, -1.0], [-1.0, 1.0]])
        return whole


def _cell(theta: np.ndarray) -> np.ndarray:
    """Square of the mean over a cell of a wave that turns by theta across it."""
    return np.asarray(np.sinc(0.5 * theta / np.pi) ** 2)


def _share(k: np.ndarray, distance: float, thickness: float) -> np.ndarray:
    """sinh(k distance)/sinh(k thickness), and its limit where k stands infinite for a uniform part."""
    finite = np.where(np.isfinite(k), k, 1.0)
    share = np.exp(finite * (distance - thickness)) * np.expm1(-2.0 * finite * distance)
    share /= np.expm1(-2.0 * finite * thickness)
    return np.where(np.isfinite(k), share, distance / thickness)
