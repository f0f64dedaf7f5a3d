"""Small-strain mechanics: tensors, isotropic elasticity with eigenstrain, thin films, failure.

    sigma = K tr(e - e*) 1 + 2 G dev(e - e*),      K = E/[3 (1 - 2 nu)],   G = E/[2 (1 + nu)]
    pressure = -tr(sigma)/3,     von Mises = sqrt(3/2 dev(sigma) : dev(sigma))
    film on a stretched surface: sigma_1 = E/(1 - nu^2) (e_1 + nu e_2) - E/(1 - nu) e*_misfit

Stresses and strains are positive in tension; a pressure is positive in compression. Tensors are vectors of six in
Mandel's order (xx, yy, zz, sqrt2 yz, sqrt2 xz, sqrt2 xy): products of tensors are products of vectors, and stiffnesses
are symmetric 6 x 6 matrices. The last axis of an array is the tensor's.

Small strains: beyond a few per cent, rotations and the change of shape count, which nothing here does
(`LARGEST_STRAIN`).
"""

from __future__ import annotations

import math

import numba
import numpy as np

LARGEST_STRAIN = 0.05
"""Strain beyond which results of small-strain mechanics are off by more than about five per cent of themselves."""
ROOT_TWO = math.sqrt(2.0)
IDENTITY = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
"""The unit tensor."""


# ---------------------------------------------------------------------- tensors


def to_mandel(tensor: np.ndarray) -> np.ndarray:
    """Symmetric tensors (..., 3, 3) as vectors (..., 6)."""
    t = np.asarray(tensor, dtype=np.float64)
    parts = [t[..., 0, 0], t[..., 1, 1], t[..., 2, 2]]
    parts += [ROOT_TWO * 0.5 * (t[..., i, j] + t[..., j, i]) for i, j in ((1, 2), (0, 2), (0, 1))]
    return np.stack(parts, axis=-1)


def from_mandel(vector: np.ndarray) -> np.ndarray:
    """Vectors (..., 6) as symmetric tensors (..., 3, 3)."""
    v = np.asarray(vector, dtype=np.float64)
    out = np.empty((*v.shape[:-1], 3, 3))
    for n in range(3):
        out[..., n, n] = v[..., n]
    for n, (i, j) in enumerate(((1, 2), (0, 2), (0, 1))):
        out[..., i, j] = out[..., j, i] = v[..., 3 + n] / ROOT_TWO
    return out


@numba.njit(cache=True)
def pressure(stress: np.ndarray) -> np.ndarray:
    """-tr(sigma)/3 [Pa], positive in compression; stress (..., 6)."""
    return -(stress[..., 0] + stress[..., 1] + stress[..., 2]) / 3.0


@numba.njit(cache=True)
def von_mises(stress: np.ndarray) -> np.ndarray:
    """sqrt(3/2 s : s) [Pa], s the deviator of the stress (..., 6)."""
    a = stress[..., 0] - stress[..., 1]
    b = stress[..., 1] - stress[..., 2]
    c = stress[..., 2] - stress[..., 0]
    shear = stress[..., 3] * stress[..., 3] + stress[..., 4] * stress[..., 4] + stress[..., 5] * stress[..., 5]
    return np.sqrt(0.5 * (a * a + b * b + c * c) + 1.5 * shear)


@numba.njit(cache=True)
def elastic_stiffness(bulk: float, shear: float, out: np.ndarray) -> None:
    """K 1 x 1 + 2 G (I - 1 x 1/3) [Pa] into a 6 x 6 matrix."""
    for i in range(6):
        for j in range(6):
            out[i, j] = bulk - 2.0 / 3.0 * shear if i < 3 and j < 3 else 0.0
        out[i, i] += 2.0 * shear


@numba.njit(cache=True)
def elastic_stress(strain: np.ndarray, eigenstrain: np.ndarray, bulk: float, shear: float) -> np.ndarray:
    """Stress [Pa] of one strain (6,) above its eigenstrain."""
    out = 2.0 * shear * (strain - eigenstrain)
    trace = (out[0] + out[1] + out[2]) / (2.0 * shear)
    out[:3] += (bulk - 2.0 / 3.0 * shear) * trace
    return out


@numba.njit(cache=True)
def normal_traction(stress: np.ndarray, nx: float, ny: float, nz: float) -> float:
    """-n.sigma.n [Pa] of one stress (6,), positive in compression, for a unit normal."""
    along = nx * nx * stress[0] + ny * ny * stress[1] + nz * nz * stress[2]
    across = ny * nz * stress[3] + nx * nz * stress[4] + nx * ny * stress[5]
    return -(along + ROOT_TWO * across)


def largest_principal(stress: np.ndarray) -> np.ndarray:
    """Largest principal value of tensors (..., 6), the measure that brittle films fail by."""
    return np.asarray(np.linalg.eigvalsh(from_mandel(stress))[..., -1])


# ---------------------------------------------------------------------- thin films


@numba.njit(cache=True)
def film_stress(
    strain: np.ndarray, nx: float, ny: float, nz: float, youngs_modulus: float, poissons_ratio: float, misfit: float
) -> float:
    """Larger principal stress [Pa] in a thin film that follows a stretched surface; tension is positive.

    The film is bonded to a surface of unit normal n and free to contract along it (plane stress): it takes the strain
    in the plane, e_1 >= e_2, less its own misfit.

    Parameters
    ----------
    strain : ndarray
        Of the surface, (6,).
    nx, ny, nz : float
        Unit normal of the surface.
    youngs_modulus, poissons_ratio : float
        Of the film [Pa], [-].
    misfit : float
        Linear strain the film would take by itself [-]: positive for one that wants to be larger, which compresses it.
    """
    exx, eyy, ezz = strain[0], strain[1], strain[2]
    eyz, exz, exy = strain[3] / ROOT_TWO, strain[4] / ROOT_TWO, strain[5] / ROOT_TWO
    vx, vy, vz = exx * nx + exy * ny + exz * nz, exy * nx + eyy * ny + eyz * nz, exz * nx + eyz * ny + ezz * nz
    along = nx * vx + ny * vy + nz * vz
    # Invariants of the strain in the plane: its trace, and the sum of its squares.
    trace = exx + eyy + ezz - along
    squares = exx**2 + eyy**2 + ezz**2 + strain[3] ** 2 + strain[4] ** 2 + strain[5] ** 2
    squares += along**2 - 2.0 * (vx * vx + vy * vy + vz * vz)
    spread = math.sqrt(max(0.5 * squares - 0.25 * trace**2, 0.0))
    first, second = 0.5 * trace + spread - misfit, 0.5 * trace - spread - misfit
    return youngs_modulus / (1.0 - poissons_ratio**2) * (first + poissons_ratio * second)
