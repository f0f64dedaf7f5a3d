"""Off-screen rendering of deposit and host, run as a program of its own.

Graphics drivers can end a process without an exception, so the figures call `python -m ramify.results.figures.scene`
and a run never depends on them. One job, JSON on standard input, makes one PNG per snapshot. The deposit is the
surface (1 - psi) xi = 1/2, the host psi = 1/2, both closed where the box cuts them; the two rear walls of the box show
the salt concentration.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyvista as pv
from matplotlib import colormaps

from ramify.results.fields import FIELDS
from ramify.results.figures.case import SURFACE, Case
from ramify.results.figures.style import HOST, METAL
from ramify.results.figures.view import View, box_of, picture_name

FEATURE_ANGLE = 50.0
"""Edges sharper than this [degrees] stay sharp: the rims where the box cuts a surface."""
GLOSS: dict[str, Any] = {
    "smooth_shading": True,
    "ambient": 0.3,
    "diffuse": 0.8,
    "specular": 0.25,
    "specular_power": 25,
}
FRAME = "#7d8590"
HAIR = 2e-3
"""Thickness of the layer that closes surfaces at the faces of the box, in half cells."""
WALL = "wall"


def surface(case: Case, values: np.ndarray, first_row: int = 0) -> pv.PolyData | None:
    """Closed surface values = 1/2 in micrometres, from cells (nz, ny, nx); None if there is none.

    Rows along y before `first_row` are cut away.
    """
    values = values[:, first_row:]
    if not values.max() > SURFACE:
        return None
    knots = [_knots(case, axis, first_row if axis == "y" else 0) for axis in "xyz"]
    grid = pv.RectilinearGrid(*knots)
    # Edge values reach to the faces of the box, zeros just beyond them close the surface with sharp rims.
    grid.point_data["value"] = np.pad(np.pad(values, 1, mode="edge"), 1).ravel().astype(np.float32)
    found = grid.contour([SURFACE], scalars="value", compute_scalars=False, compute_normals=False)
    if not found.n_points:
        return None
    smooth: pv.PolyData = found.compute_normals(feature_angle=FEATURE_ANGLE, split_vertices=True, cell_normals=False)
    return smooth


def _knots(case: Case, axis: str, first: int) -> np.ndarray:
    """Cell centres from `first` on, with the two faces and a hair beyond them [um]."""
    centres = 1e6 * case.centres(axis)
    half = 0.5 * (centres[1] - centres[0])
    low, high = centres[first] - half, centres[-1] + half
    return np.asarray(np.r_[low - HAIR * half, low, centres[first:], high, high + HAIR * half])


def wall(case: Case, values: np.ndarray, axis: str, first_row: int = 0) -> pv.PolyData:
    """Rear wall of the box, at least x or largest y, with cell values (nz, ny, nx); cut as `surface` is."""
    (x0, y0, z0), (x1, y1, z1) = box_of(case)
    y0 += (y1 - y0) * first_row / values.shape[1]
    values = values[:, first_row:, 0] if axis == "x" else values[:, -1]
    nz, count = values.shape
    flat = pv.ImageData(dimensions=(1, count + 1, nz + 1) if axis == "x" else (count + 1, 1, nz + 1))
    flat.origin = (x0, y0 if axis == "x" else y1, z0)
    flat.spacing = ((x1 - x0) / count, (y1 - y0) / count, (z1 - z0) / nz)
    flat.cell_data[WALL] = values.ravel()
    sheet: pv.PolyData = flat.cell_data_to_point_data().extract_surface(algorithm="dataset_surface")
    return sheet


def build(case: Case, snapshot: int, view: View, limits: tuple[float, float] | None, first_row: int = 0) -> pv.Plotter:
    """Plotter with the scene of one snapshot.

    `limits` are those of the walls' colours, None for bare walls; rows along y before `first_row` are cut away.
    """
    plotter = pv.Plotter(off_screen=True, window_size=list(view.window), lighting="none")
    plotter.background_color = pv.Color("white")
    _light(plotter, view)
    host = surface(case, case.field("psi", snapshot), first_row)
    metal = surface(case, case.metal(snapshot), first_row)
    if host is not None:
        actor = plotter.add_mesh(host, color=HOST, **GLOSS)
        # Host and deposit share their common surface: the deposit must win there.
        actor.mapper.SetResolveCoincidentTopologyToPolygonOffset()
        actor.mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(2.0, 2.0)
    if metal is not None:
        plotter.add_mesh(metal, color=METAL, **GLOSS)
    if limits is not None:
        quantity = FIELDS["c"]
        values = quantity.shown(case.field("c", snapshot))
        for axis in "xy":
            plotter.add_mesh(
                wall(case, values, axis, first_row),
                scalars=WALL,
                cmap=colormaps[quantity.colour_map],
                clim=list(limits),
                lighting=False,
                show_scalar_bar=False,
            )
    (x0, y0, z0), (x1, y1, z1) = box_of(case)
    frame = pv.Box((x0, x1, y0, y1, z0, z1)).extract_feature_edges()
    plotter.add_mesh(frame, color=FRAME, line_width=1.5, lighting=False)
    _aim(plotter, view)
    return plotter


def _light(plotter: pv.Plotter, view: View) -> None:
    """Key light from the upper left of the camera, a weak fill from the right."""
    for across, upward, strength in ((-0.8, 0.9, 0.95), (0.9, 0.2, 0.45)):
        direction = view.outward + across * view.right + upward * view.up
        plotter.add_light(pv.Light(position=tuple(1e3 * direction), light_type="scene light", intensity=strength))


def _aim(plotter: pv.Plotter, view: View) -> None:
    reach = 4.0 * float(np.linalg.norm(np.array(view.high) - np.array(view.low)))
    camera = plotter.camera
    camera.focal_point = tuple(view.centre)
    camera.position = tuple(view.centre + reach * view.outward)
    camera.up = (0.0, 0.0, 1.0)
    camera.parallel_projection = True
    camera.parallel_scale = 0.5 * view.extent[1]
    plotter.reset_camera_clipping_range()


def render(job: dict[str, Any]) -> None:
    """Do one job: `folder`, `shots` (pairs of snapshot and first row), `mirror`, `pixels`, `out`."""
    case = Case.load(Path(job["folder"])).mirrored(job["mirror"])
    view = View(*box_of(case), pixels=job["pixels"])
    quantity = FIELDS["c"]
    limits = None
    if "c" in case.names:
        low, high = quantity.shown(np.array(case.range("c")))
        limits = (float(low), float(high))
    for snapshot, first_row in job["shots"]:
        plotter = build(case, snapshot, view, limits, first_row)
        plotter.screenshot(str(Path(job["out"]) / picture_name(snapshot, first_row)))
        plotter.close()


if __name__ == "__main__":
    render(json.load(sys.stdin))
