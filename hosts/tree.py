"""Exact distance to the nearest of many rods or triangles, by a tree of bounding boxes.

A rod is the round cone swept by a ball whose radius goes linearly from one end to the other; with equal radii a
capsule, with equal ends a ball. With the axial coordinate s of a point, its distance rho from the axis, the rod's
length L and k = (r0 - r1)/L,

    d = sqrt((s - t)^2 + rho^2) - r0 + k t,   t = clip(s - k rho/sqrt(1 - k^2), 0, L).

A subtree is left out when its box, less the largest radius in it, is farther than the best distance so far. Since a
distance changes by no more than the way between two points, the last answer bounds the next one: queries along a
line of cells visit few nodes.
"""

from __future__ import annotations

import numba
import numpy as np

LEAF = 4
"""Most items in a leaf."""
RODS, TRIANGLES = 0, 1


class BoxTree:
    """Search tree over items of one kind.

    Parameters
    ----------
    items : ndarray
        (n, 8) rods: ends a and b with their radii, (ax, ay, az, r0, bx, by, bz, r1) [m]; or (n, 9) triangles,
        three corners.
    kind : int
        `RODS` or `TRIANGLES`.
    """

    def __init__(self, items: np.ndarray, kind: int) -> None:
        self.items, self.kind = np.ascontiguousarray(items, dtype=np.float64), kind
        if kind == RODS:
            corners = np.stack([self.items[:, 0:3], self.items[:, 4:7]])
            reach = np.maximum(self.items[:, 3], self.items[:, 7])
        else:
            corners = self.items.reshape(-1, 3, 3).transpose(1, 0, 2)
            reach = np.zeros(len(self.items))
        lower, upper = corners.min(axis=0), corners.max(axis=0)
        self.order = np.arange(len(self.items))
        self.boxes, self.links = _build(lower, upper, reach, self.order)
        self.items = np.ascontiguousarray(self.items[self.order])

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance [m] of points (n, 3) and the index of the nearest item; rods' distances are negative inside."""
        points = np.ascontiguousarray(points, dtype=np.float64)
        distance, index = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
        _nearest(points, self.boxes, self.links, self.items, self.kind, distance, index)
        return distance, self.order[index]


@numba.njit(cache=True)
def _build(lower: np.ndarray, upper: np.ndarray, reach: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (nodes, 7: lower, upper, largest reach) and links (nodes, 2); sorts `order` in place.

    Links of an inner node are its children; of a leaf, minus one less than the first item, and the item count.
    """
    count = order.size
    boxes, links = np.empty((2 * count, 7)), np.empty((2 * count, 2), dtype=np.int64)
    stack = np.empty((128, 3), dtype=np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = 0, 0, count
    depth, nodes = 1, 1
    while depth > 0:
        depth -= 1
        node, first, last = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        for axis in range(3):
            low, high = np.inf, -np.inf
            for n in range(first, last):
                low, high = min(low, lower[order[n], axis]), max(high, upper[order[n], axis])
            boxes[node, axis], boxes[node, 3 + axis] = low, high
        boxes[node, 6] = reach[order[first:last]].max()
        if last - first <= LEAF:
            links[node, 0], links[node, 1] = -1 - first, last - first
            continue
        longest = 0
        for axis in range(1, 3):
            if boxes[node, 3 + axis] - boxes[node, axis] > boxes[node, 3 + longest] - boxes[node, longest]:
                longest = axis
        part = order[first:last].copy()
        ranks = np.argsort(lower[part, longest] + upper[part, longest])
        order[first:last] = part[ranks]
        middle = (first + last) // 2
        for child in range(2):
            links[node, child] = nodes
            stack[depth, 0] = nodes
            stack[depth, 1], stack[depth, 2] = (first, middle) if child == 0 else (middle, last)
            depth, nodes = depth + 1, nodes + 1
    return boxes[:nodes].copy(), links[:nodes].copy()


@numba.njit(cache=True)
def _nearest(
    points: np.ndarray,
    boxes: np.ndarray,
    links: np.ndarray,
    items: np.ndarray,
    kind: int,
    distance: np.ndarray,
    index: np.ndarray,
) -> None:
    stack, bounds = np.empty(128, dtype=np.int64), np.empty(128)
    best, found = np.inf, 0
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        if n > 0:
            way = np.sqrt((x - points[n - 1, 0]) ** 2 + (y - points[n - 1, 1]) ** 2 + (z - points[n - 1, 2]) ** 2)
            # The item found last is still there, so the bound is met; the margin is for round-off.
            best = best + way * (1.0 + 1e-9) + 1e-15
        stack[0], bounds[0] = 0, -np.inf
        depth = 1
        while depth > 0:
            depth -= 1
            node = stack[depth]
            if bounds[depth] >= best:
                continue
            if links[node, 0] < 0:
                first = -1 - links[node, 0]
                for item in range(first, first + links[node, 1]):
                    d = rod_distance(items[item], x, y, z) if kind == 0 else triangle_distance(items[item], x, y, z)
                    if d < best:
                        best, found = d, item
                continue
            near, far = links[node, 0], links[node, 1]
            near_bound, far_bound = _bound(boxes[near], x, y, z), _bound(boxes[far], x, y, z)
            if far_bound < near_bound:
                near, far, near_bound, far_bound = far, near, far_bound, near_bound
            stack[depth], bounds[depth] = far, far_bound
            stack[depth + 1], bounds[depth + 1] = near, near_bound
            depth += 2
        distance[n], index[n] = best, found


@numba.njit(cache=True)
def _bound(box: np.ndarray, x: float, y: float, z: float) -> float:
    """No item in the box is nearer than this."""
    dx = max(box[0] - x, x - box[3], 0.0)
    dy = max(box[1] - y, y - box[4], 0.0)
    dz = max(box[2] - z, z - box[5], 0.0)
    return np.sqrt(dx * dx + dy * dy + dz * dz) - box[6]


@numba.njit(cache=True)
def rod_distance(rod: np.ndarray, x: float, y: float, z: float) -> float:
    """Signed distance to one rod; see the module's equation."""
    ux, uy, uz = rod[4] - rod[0], rod[5] - rod[1], rod[6] - rod[2]
    px, py, pz = x - rod[0], y - rod[1], z - rod[2]
    length = np.sqrt(ux * ux + uy * uy + uz * uz)
    if length <= abs(rod[3] - rod[7]):  # one end's ball holds the other's
        if rod[3] >= rod[7]:
            return np.sqrt(px * px + py * py + pz * pz) - rod[3]
        return np.sqrt((x - rod[4]) ** 2 + (y - rod[5]) ** 2 + (z - rod[6]) ** 2) - rod[7]
    s = (px * ux + py * uy + pz * uz) / length
    rho = np.sqrt(max(px * px + py * py + pz * pz - s * s, 0.0))
    k = (rod[3] - rod[7]) / length
    t = min(max(s - k * rho / np.sqrt(1.0 - k * k), 0.0), length)
    return np.sqrt((s - t) * (s - t) + rho * rho) - rod[3] + k * t


@numba.njit(cache=True)
def triangle_distance(corners: np.ndarray, x: float, y: float, z: float) -> float:
    """Distance to one triangle."""
    u, v, _ = nearest_on_triangle(corners, x, y, z)
    squared = 0.0
    point = (x, y, z)
    for axis in range(3):
        a = corners[axis]
        gap = point[axis] - a - u * (corners[3 + axis] - a) - v * (corners[6 + axis] - a)
        squared += gap * gap
    return np.sqrt(squared)


@numba.njit(cache=True)
def nearest_on_triangle(corners: np.ndarray, x: float, y: float, z: float) -> tuple[float, float, int]:
    """Nearest point a + u (b - a) + v (c - a) of a triangle, and where it lies.

    0 inside; 1, 2, 3 on the edge opposite to a, b, c; 4, 5, 6 at a, b, c. Voronoi regions of the triangle's features
    (Ericson, *Real-Time Collision Detection*, section 5.1.5).
    """
    d1 = d2 = d3 = d4 = d5 = d6 = 0.0
    point = (x, y, z)
    for axis in range(3):
        a, b, c = corners[axis], corners[3 + axis], corners[6 + axis]
        ab, ac = b - a, c - a
        d1 += ab * (point[axis] - a)
        d2 += ac * (point[axis] - a)
        d3 += ab * (point[axis] - b)
        d4 += ac * (point[axis] - b)
        d5 += ab * (point[axis] - c)
        d6 += ac * (point[axis] - c)
    if d1 <= 0.0 and d2 <= 0.0:
        return 0.0, 0.0, 4
    if d3 >= 0.0 and d4 <= d3:
        return 1.0, 0.0, 5
    if d6 >= 0.0 and d5 <= d6:
        return 0.0, 1.0, 6
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        return d1 / (d1 - d3), 0.0, 3
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        return 0.0, d2 / (d2 - d6), 2
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 >= d3 and d5 >= d6:
        w = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        return 1.0 - w, w, 1
    total = va + vb + vc
    return vb / total, vc / total, 0
