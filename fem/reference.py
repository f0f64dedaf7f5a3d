"""Reference cells and Lagrange elements of first and second order, tabulated at quadrature points.

Shape functions and quadrature are scikit-fem's; here they are put into one order of nodes for every cell: corners
(VTK's order), then the middles of the edges, of the faces, and of the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import skfem
from skfem.quadrature import get_quadrature

Order = Literal[1, 2]
KindName = Literal["vertex", "interval", "triangle", "quadrilateral", "tetrahedron", "hexahedron"]


@dataclass(frozen=True)
class CellKind:
    """One shape of cell: corners of the unit cell, and which of them make its edges and faces."""

    name: KindName
    corners: tuple[tuple[float, ...], ...]
    edges: tuple[tuple[int, int], ...]
    """Corners at the ends; for an interval none, its inside is the cell itself."""
    faces: tuple[tuple[int, ...], ...]
    """Corners of the faces of a solid cell."""
    facet: KindName
    """Kind of the cells of its boundary."""
    affine: bool
    """Whether the map from the unit cell is linear."""
    elements: tuple[Callable[[], Any], Callable[[], Any]] | None
    """scikit-fem's elements of order 1 and 2; None for a single point."""
    vtk: tuple[int, int]
    """VTK's cell types of order 1 and 2."""

    @property
    def dimension(self) -> int:
        """Of the cell itself."""
        return len(self.corners[0])

    def node_groups(self, order: Order) -> list[tuple[int, ...]]:
        """Corners whose mean each node is, in the order of the nodes."""
        groups: list[tuple[int, ...]] = [(k,) for k in range(len(self.corners))]
        if order == 2 and self.dimension > 0:
            groups += list(self.edges)
            if not (self.affine and self.dimension > 1):
                groups += [*self.faces, tuple(range(len(self.corners)))]
        return groups

    def nodes(self, order: Order) -> np.ndarray:
        """(nodes, dimension) places on the unit cell."""
        corners = np.array(self.corners)
        return np.array([corners[list(group)].mean(axis=0) for group in self.node_groups(order)])


_TRIANGLE = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
_SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_ROUND4 = ((0, 1), (1, 2), (2, 3), (3, 0))

KINDS: dict[KindName, CellKind] = {
    kind.name: kind
    for kind in (
        CellKind("vertex", ((),), (), (), "vertex", True, None, (1, 1)),
        CellKind(
            "interval",
            ((0.0,), (1.0,)),
            (),
            (),
            "vertex",
            True,
            (skfem.ElementLineP1, skfem.ElementLineP2),
            (3, 21),
        ),
        CellKind(
            "triangle",
            _TRIANGLE,
            ((0, 1), (1, 2), (2, 0)),
            (),
            "interval",
            True,
            (skfem.ElementTriP1, skfem.ElementTriP2),
            (5, 22),
        ),
        CellKind(
            "quadrilateral",
            _SQUARE,
            _ROUND4,
            (),
            "interval",
            False,
            (skfem.ElementQuad1, skfem.ElementQuad2),
            (9, 28),
        ),
        CellKind(
            "tetrahedron",
            (*((*corner, 0.0) for corner in _TRIANGLE), (0.0, 0.0, 1.0)),
            ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)),
            ((0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 2, 3)),
            "triangle",
            True,
            (skfem.ElementTetP1, skfem.ElementTetP2),
            (10, 24),
        ),
        CellKind(
            "hexahedron",
            tuple((*corner, z) for z in (0.0, 1.0) for corner in _SQUARE),
            (*_ROUND4, *((a + 4, b + 4) for a, b in _ROUND4), (0, 4), (1, 5), (2, 6), (3, 7)),
            ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7)),
            "quadrilateral",
            False,
            (skfem.ElementHex1, skfem.ElementHex2),
            (12, 29),
        ),
    )
}


class Tables(NamedTuple):
    """Shape functions at the quadrature points of a unit cell, as compiled kernels take them."""

    values: np.ndarray
    """(points, nodes) shape functions."""
    slopes: np.ndarray
    """(points, nodes, dimension) their gradients on the unit cell."""
    geometry_values: np.ndarray
    """(points, corners) shape functions of the map to the real cell."""
    geometry_slopes: np.ndarray
    """(points, corners, dimension)."""
    weights: np.ndarray
    """(points) quadrature weights; they add up to the volume of the unit cell."""
    affine: bool
    """Whether the gradients on a real cell are the same at every point for `geometry_slopes`."""


@dataclass(frozen=True)
class Element:
    """Lagrange element of one order on one kind of cell."""

    kind: CellKind
    order: Order

    @cached_property
    def _skfem(self) -> tuple[Any, np.ndarray]:
        """scikit-fem's element and, for each of our nodes, the number of its function there."""
        assert self.kind.elements is not None
        element = self.kind.elements[self.order - 1]()
        apart = np.abs(self.kind.nodes(self.order)[:, None, :] - element.doflocs[None, :, :]).sum(axis=2)
        order = apart.argmin(axis=1)
        assert np.allclose(apart[np.arange(len(order)), order], 0.0)
        return element, order

    def evaluate(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (points, nodes) and slopes (points, nodes, dimension) at `points` (points, dimension)."""
        if self.kind.elements is None:
            return np.ones((len(points), 1)), np.zeros((len(points), 1, 0))
        element, order = self._skfem
        pairs = [element.lbasis(np.ascontiguousarray(points.T), int(k)) for k in order]
        values = np.stack([np.broadcast_to(value, len(points)) for value, _ in pairs], axis=1)
        slopes = np.stack([np.broadcast_to(slope, points.T.shape).T for _, slope in pairs], axis=1)
        return values, slopes

    def tables(self, degree: int) -> Tables:
        """Tables at the points of a rule that is exact for polynomials of that degree."""
        return _tables(self.kind.name, self.order, degree)

    def corner_tables(self) -> Tables:
        """Tables at the corners with equal weights: mass matrices are then diagonal ("lumped"). First order alone."""
        return _corner_tables(self.kind.name)


@cache
def _corner_tables(name: KindName) -> Tables:
    kind = KINDS[name]
    points = np.array(kind.corners, dtype=np.float64).reshape(len(kind.corners), kind.dimension)
    volume = Element(kind, 1).tables(1).weights.sum()
    weights = np.full(len(points), volume / len(points))
    return _tabulate(kind, 1, points, weights)


@cache
def _tables(name: KindName, order: Order, degree: int) -> Tables:
    kind = KINDS[name]
    if kind.elements is None:
        points, weights = np.empty((1, 0)), np.ones(1)
    else:
        columns, weights = get_quadrature(kind.elements[0](), degree)
        points = np.ascontiguousarray(columns.T)
    return _tabulate(kind, order, points, weights)


def _tabulate(kind: CellKind, order: Order, points: np.ndarray, weights: np.ndarray) -> Tables:
    values, slopes = Element(kind, order).evaluate(points)
    geometry_values, geometry_slopes = Element(kind, 1).evaluate(points)
    return Tables(
        np.ascontiguousarray(values),
        np.ascontiguousarray(slopes),
        np.ascontiguousarray(geometry_values),
        np.ascontiguousarray(geometry_slopes),
        np.ascontiguousarray(weights),
        kind.affine,
    )
