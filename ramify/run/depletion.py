"""Surface concentration of the sharp-interface limit, read from outside the diffuse surface.

Inside the surface the reaction takes salt over a few cells, and c there is no surface value. Outside, c is the
sharp problem's: a parabola through three points at 3, 5 and 7 widths in front of the surface, along its normal,
extrapolates it to xi = 1/2. Points that fall into metal, host or out of the box leave the local value.
"""

from __future__ import annotations

import numpy as np

STATIONS = (3.0, 5.0, 7.0)
FREE = 0.12
"""Largest metal fraction at a point that counts as electrolyte."""


def smallest_surface_concentration(
    c: np.ndarray, xi: np.ndarray, psi: np.ndarray, spacing: tuple[float, float, float], width: float
) -> float:
    """Smallest concentration along the metal's surface, extrapolated [mol/m^3]; may be below zero past depletion.

    Parameters
    ----------
    c, xi, psi
        Fields (nz, ny, nx).
    spacing
        Cell edges (x, y, z) [m].
    width
        l [m].
    """
    from scipy.ndimage import map_coordinates

    metal = np.clip(xi, 1e-12, 1.0 - 1e-12)
    distance = -width * np.log(metal / (1.0 - metal))
    edges = np.array(spacing[::-1])
    near = (np.abs(distance) < 0.75 * edges[[n > 1 for n in xi.shape]].max()) & (psi < 0.5)
    if not near.any():
        return float(c.min())
    cells = np.argwhere(near)
    normals = np.stack(
        [
            np.gradient(distance, h, axis=a) if n > 1 else np.zeros_like(xi)
            for a, (h, n) in enumerate(zip(edges, xi.shape, strict=True))
        ]
    )[:, near].T
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.divide(normals, length, out=np.zeros_like(normals), where=length > 0.0)
    surface = cells - distance[near][:, None] * normals / edges
    values, valid = [], np.ones(len(cells), bool)
    for station in STATIONS:
        points = (surface + station * width * normals / edges).T
        limits = np.array(xi.shape)[:, None] - 0.5
        inside = np.all((points > -0.5) & (points < limits), axis=0)
        metal_there = map_coordinates(xi, points, order=1, mode="nearest")
        host_there = map_coordinates(psi, points, order=1, mode="nearest")
        valid &= inside & (metal_there < FREE) & (host_there < 0.5)
        values.append(map_coordinates(c, points, order=1, mode="nearest"))
    s = STATIONS
    weights = [np.prod([s[m] / (s[m] - s[n]) for m in range(3) if m != n]) for n in range(3)]
    outer = sum(w * v for w, v in zip(weights, values, strict=True))
    return float(np.where(valid, outer, c[near]).min())
