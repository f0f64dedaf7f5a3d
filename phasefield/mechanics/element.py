"""The eight-node brick of one cell: mean strain, hourglass modes, and what they become on a coarser grid.

    W = V [ w(B u) + mu (H a(u)).a(u)/2 ],      B u: mean strain of the cell (Mandel),   a(u) = G u: twelve amplitudes

The stress comes from the mean strain alone. What the trilinear functions add to it, the hourglass modes
eta zeta, xi zeta, xi eta, xi eta zeta of each component, is given the shear stiffness mu of the cell without a change
of volume: with an elastic stiffness this is the brick with a mean dilatation (B-bar) and a full quadrature of the
deviator, exactly. It does not lock at nearly incompressible flow, has no mode without stiffness, and keeps linear
fields exactly (patch test). One history per cell is enough for a viscoplastic metal.

Nodes of a cell are numbered a + 2 b + 4 c, its corners at x = a, y = b, z = c; unknowns node by node, (x, y, z). A
symmetric matrix of 24 rows is stored as its upper triangle, row by row (300 numbers), one of 6 rows as 21.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CORNERS = np.array([(n & 1, n >> 1 & 1, n >> 2) for n in range(8)])
"""(x, y, z) of the nodes, zero or one."""
UPPER = np.triu_indices(24)


def _mean_strain(spacing: np.ndarray) -> np.ndarray:
    """B (6, 24)."""
    B = np.zeros((6, 24))
    for n, corner in enumerate(CORNERS):
        gx, gy, gz = (2.0 * corner - 1.0) / (4.0 * spacing)
        B[0, 3 * n], B[1, 3 * n + 1], B[2, 3 * n + 2] = gx, gy, gz
        B[3, 3 * n + 1 : 3 * n + 3] = gz, gy
        B[4, 3 * n], B[4, 3 * n + 2] = gz, gx
        B[5, 3 * n], B[5, 3 * n + 1] = gy, gx
    B[3:] /= np.sqrt(2.0)
    return B


def _amplitudes() -> np.ndarray:
    """G (12, 24): amplitude of mode m, component c in row 3 m + c."""
    xi, eta, zeta = (2.0 * CORNERS - 1.0).T
    modes = np.array([eta * zeta, xi * zeta, xi * eta, xi * eta * zeta]) / 8.0
    return np.kron(modes, np.eye(3))


def _hourglass_stiffness(spacing: np.ndarray) -> np.ndarray:
    """H (12, 12) per unit shear modulus and volume: 2 dev(e) : dev(e) of the modes, by two Gauss points per axis."""
    H, gauss = np.zeros((12, 12)), 1.0 / np.sqrt(3.0)
    for point in 2.0 * CORNERS - 1.0:
        xi, eta, zeta = gauss * point
        by_xi = np.array([0.0, zeta, eta, eta * zeta])
        by_eta = np.array([zeta, 0.0, xi, xi * zeta])
        by_zeta = np.array([eta, xi, 0.0, xi * eta])
        slopes = np.array([by_xi, by_eta, by_zeta]) * (2.0 / spacing)[:, None]
        strain = np.zeros((3, 3, 12))
        for mode in range(4):
            for c in range(3):
                strain[c, :, 3 * mode + c] += 0.5 * slopes[:, mode]
                strain[:, c, 3 * mode + c] += 0.5 * slopes[:, mode]
        trace = np.einsum("iim->m", strain) / 3.0
        deviator = strain - np.eye(3)[:, :, None] * trace
        H += 2.0 * np.einsum("ijm,ijn->mn", deviator, deviator) / 8.0
    return H


def child_weights(split: tuple[bool, bool, bool], child: tuple[int, int, int]) -> np.ndarray:
    """Trilinear weights (8, 8) of a coarse cell's nodes (columns) at the nodes of one of its cells (rows).

    `split` tells, along x, y, z, whether the coarse cell is two cells long; `child` which of the two it is.
    """
    weights = np.ones((8, 8))
    for n, corner in enumerate(CORNERS):
        for m, coarse in enumerate(CORNERS):
            for axis in range(3):
                place = 0.5 * (corner[axis] + child[axis]) if split[axis] else float(corner[axis])
                weights[n, m] *= place if coarse[axis] else 1.0 - place
    return weights


@dataclass(frozen=True)
class Brick:
    """Matrices of a cell of given edges; forces are energies' derivatives, volume included."""

    spacing: np.ndarray
    strain: np.ndarray
    """B (6, 24) [1/length]."""
    amplitudes: np.ndarray
    """G (12, 24)."""
    hourglass: np.ndarray
    """H (12, 12) times the volume."""
    volume: float

    @classmethod
    def of(cls, spacing: tuple[float, float, float]) -> Brick:
        """That of a cell with edges (x, y, z)."""
        h, volume = np.array(spacing, dtype=np.float64), float(np.prod(spacing))
        return cls(h, _mean_strain(h), _amplitudes(), _hourglass_stiffness(h) * volume, volume)

    def on_parents(self) -> tuple[np.ndarray, np.ndarray]:
        """B and G^T H G (upper triangles) in the unknowns of coarse cells.

        Returns
        -------
        strains, stabilisers
            (9, 8, 6, 24) and (9, 8, 300), by the kind of coarse cell, split x + 2 split y + 4 split z, and by the
            child, x + 2 y + 4 z; the last kind is the cell itself.
        """
        strains, stabilisers = np.zeros((9, 8, 6, 24)), np.zeros((9, 8, 300))
        own = self.amplitudes.T @ self.hourglass @ self.amplitudes
        for kind in range(9):
            split = (bool(kind & 1), bool(kind & 2), bool(kind & 4))
            for child in range(8):
                place = (child & 1, child >> 1 & 1, child >> 2)
                P = np.kron(child_weights(split, place), np.eye(3)) if kind < 8 else np.eye(24)
                strains[kind, child] = self.strain @ P
                stabilisers[kind, child] = (P.T @ own @ P)[UPPER]
        return strains, stabilisers


def parent_weights() -> np.ndarray:
    """`child_weights` (8, 8, 8, 8) by the kind of coarse cell and the child, as `Brick.on_parents` numbers them."""
    out = np.zeros((8, 8, 8, 8))
    for kind in range(8):
        split = (bool(kind & 1), bool(kind & 2), bool(kind & 4))
        for child in range(8):
            out[kind, child] = child_weights(split, (child & 1, child >> 1 & 1, child >> 2))
    return out
