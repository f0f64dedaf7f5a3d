"""Meshes of stacked layers, flat or with an asperity or a void at one of the interfaces between them.

Layers are boxes on top of each other along z. Regions have the layers' names; the boundaries are those of a box and,
for every two layers, `lower/upper`. Layers share the nodes of their interface: they are bonded.

    asperity   the interface rises by height (1 + cos(2 pi r/width))/2 at a distance r <= width/2 from x = 0 (y = 0)
    void       the lower layer's surface lies depth [1 - (2 r/width)^2] below the interface, a trench across x; its
               surfaces are the boundaries `void below` and `void above`

The layers on both sides of the interface (the lower one for a void) stretch in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ramify.fem.boxes import raw_box
from ramify.fem.mesh import MeshError, RawMesh
from ramify.fem.reference import KINDS, KindName

VOID_BELOW, VOID_ABOVE = "void below", "void above"
GRADING = 1.3
"""Power of the distance from a void's rim that cells are spread by."""


@dataclass(frozen=True)
class Layer:
    """One of the layers, from the bottom up."""

    name: str
    thickness: float
    """[m]."""
    cells: int


@dataclass(frozen=True)
class Feature:
    """An asperity (`height` up or down) or a void (`height` is its depth) at an interface."""

    interface: int
    """Number of the layer below it."""
    width: float
    """[m]."""
    height: float
    """[m]."""
    is_void: bool


def raw_layers(
    kind: KindName, sides: Sequence[np.ndarray], layers: Sequence[Layer], feature: Feature | None = None
) -> RawMesh:
    """Layers on lateral coordinates `sides` (x; or x and y), which begin at zero.

    Raises
    ------
    MeshError
        For a feature that does not fit.
    """
    levels = np.concatenate([[0.0], np.cumsum([layer.thickness for layer in layers])])
    z = [np.linspace(a, b, layer.cells + 1)[1:] for a, b, layer in zip(levels, levels[1:], layers, strict=False)]
    whole = raw_box(kind, [*sides, np.concatenate([[0.0], *z])])
    middles = whole.points[whole.cells].mean(axis=1)[:, -1]
    owner = np.searchsorted(levels, middles) - 1
    regions = {layer.name: np.flatnonzero(owner == number) for number, layer in enumerate(layers)}
    flat = RawMesh(kind, whole.points, whole.cells, regions, dict(whole.boundaries))
    near = 1e-9 * levels[-1]
    for number in range(len(layers) - 1):
        facets = _facets_at(flat, np.abs(flat.points[:, -1] - levels[number + 1]) < near)
        flat.boundaries[f"{layers[number].name}/{layers[number + 1].name}"] = facets  # type: ignore[index]
    if feature is None:
        return flat
    _refuse(feature, levels, sides)
    return _with_void(flat, levels, owner, layers, feature) if feature.is_void else _bent(flat, levels, feature)


def lateral(length: float, cells: int, width: float | None) -> np.ndarray:
    """Coordinates along x; with a void of `width`, one of them at its rim, towards which cells become finer."""
    if width is None or 0.5 * width >= length:
        return np.linspace(0.0, length, cells + 1)
    rim = 0.5 * width
    inner = min(max(1, round(cells * rim / length)), cells - 1)
    below, above = (np.linspace(0.0, 1.0, n + 1) ** GRADING for n in (inner, cells - inner))
    return np.concatenate([rim * (1.0 - below[::-1]), rim + (length - rim) * above[1:]])


def _refuse(feature: Feature, levels: np.ndarray, sides: Sequence[np.ndarray]) -> None:
    below, above = np.diff(levels)[feature.interface : feature.interface + 2]
    room = below if feature.is_void or feature.height < 0.0 else above
    if abs(feature.height) >= room:
        raise MeshError(f"an asperity or void of {abs(feature.height):.4g} m in a layer of {room:.4g} m; allowed: less")
    if feature.is_void and 0.5 * feature.width >= sides[0][-1]:
        raise MeshError("a void as wide as the layers leaves no contact; allowed: less than twice the layers' length")


def _bent(flat: RawMesh, levels: np.ndarray, feature: Feature) -> RawMesh:
    points, r = flat.points.copy(), np.linalg.norm(flat.points[:, :-1], axis=1)
    rise = np.where(r < 0.5 * feature.width, 0.5 * (1.0 + np.cos(2.0 * np.pi * r / feature.width)), 0.0)
    low, middle, high = levels[feature.interface : feature.interface + 3]
    points[:, -1] += feature.height * rise * np.interp(points[:, -1], [low, middle, high], [0.0, 1.0, 0.0])
    return RawMesh(flat.kind, points, flat.cells, flat.regions, flat.boundaries)


def _with_void(
    flat: RawMesh, levels: np.ndarray, owner: np.ndarray, layers: Sequence[Layer], feature: Feature
) -> RawMesh:
    """The nodes of the interface within the void once more for the lower layer, and pushed down."""
    low, middle = levels[feature.interface : feature.interface + 2]
    z, r = flat.points[:, -1], flat.points[:, 0]
    half, near = 0.5 * feature.width, 1e-9 * levels[-1]
    dip = np.where(r < half, feature.height * (1.0 - (r / half) ** 2), 0.0)
    opened = np.flatnonzero((np.abs(z - middle) < near) & (r < half * (1.0 - 1e-9)))
    number = np.arange(len(z))
    number[opened] = len(z) + np.arange(len(opened))
    points = np.concatenate([flat.points, flat.points[opened]])
    lower = np.flatnonzero(owner <= feature.interface)
    cells = flat.cells.copy()
    cells[lower] = number[cells[lower]]
    below = np.zeros(len(points), dtype=bool)
    below[cells[lower]] = True
    share = np.interp(points[:, -1], [low, middle], [0.0, 1.0])
    points[:, -1] -= np.where(below, share * np.concatenate([dip, dip[opened]]), 0.0)
    name = f"{layers[feature.interface].name}/{layers[feature.interface + 1].name}"
    facets = flat.boundaries[name]
    inside = flat.points[facets][..., 0].mean(axis=1) < half
    boundaries = {
        key: _renumbered(rows, flat.points, middle, number) if key != name else rows[~inside]
        for key, rows in flat.boundaries.items()
    }
    boundaries |= {VOID_ABOVE: facets[inside], VOID_BELOW: number[facets[inside]]}
    return RawMesh(flat.kind, points, cells, flat.regions, boundaries)


def _renumbered(facets: np.ndarray, points: np.ndarray, middle: float, number: np.ndarray) -> np.ndarray:
    """Facets with the lower layer's nodes where they lie below the interface."""
    below = points[facets][..., -1].mean(axis=1) < middle
    out = facets.copy()
    out[below] = number[facets[below]]
    return out


def _facets_at(mesh: RawMesh, on: np.ndarray) -> np.ndarray:
    """(facets, corners) of the cells whose corners are all marked, each once."""
    shape = KINDS[mesh.kind]
    sides: Sequence[tuple[int, ...]] = (
        shape.faces if shape.dimension == 3 else shape.edges if shape.dimension == 2 else ((0,), (1,))
    )
    found = np.concatenate([rows[on[rows].all(axis=1)] for rows in (mesh.cells[:, list(side)] for side in sides)])
    _, first = np.unique(np.sort(found, axis=1), axis=0, return_index=True)
    return np.asarray(found[first])
