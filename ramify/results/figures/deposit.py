"""The 3-D picture: rendered scenes with measured axes, at start, middle and end.

Pictures come from `scene`, in a process of its own; axes, titles and colour bar are drawn around them here. Where
nothing can be rendered, `plot_height_maps` shows the deposit from above instead.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, imread
from matplotlib.ticker import MaxNLocator

from ramify.results.fields import FIELDS
from ramify.results.figures.case import SURFACE, Case
from ramify.results.figures.sections import has_host, legend_patches, section_row
from ramify.results.figures.style import INK, caption, colour_scale, house_style, panels
from ramify.results.figures.view import View, box_of, picture_name

PIXELS = 900
"""Longer side of a rendered picture."""
SECONDS_PER_PICTURE = 60.0
"""A renderer slower than this, on the average of a job, is given up."""


WINDOWS = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow") if sys.platform.startswith("linux") else ("",)
"""Kinds of off-screen window to try in turn; empty for the system's own."""


class RenderingUnavailable(RuntimeError):
    """No off-screen rendering on this machine; the message says why and what to install."""


def scene_view(case: Case) -> View:
    """The camera all pictures of a case share."""
    return View(*box_of(case), pixels=PIXELS)


Shot = tuple[int, int]
"""A snapshot and the first row along y that is drawn: 0 for the whole box."""


def render_pictures(case: Case, shots: Sequence[Shot], mirror: bool | None, out: Path) -> dict[Shot, Path]:
    """One PNG per shot in `out`, rendered in a process of its own.

    Raises
    ------
    RenderingUnavailable
        If that process fails, crashes or hangs with every kind of off-screen window.
    """
    job = {
        "folder": str(case.folder.resolve()),
        "shots": list(shots),
        "mirror": mirror,
        "pixels": PIXELS,
        "out": str(out.resolve()),
    }
    pictures = {shot: out / picture_name(*shot) for shot in shots}
    reasons = []
    for window in WINDOWS:
        reason = _run_renderer(job, window)
        if reason is None and all(picture.exists() for picture in pictures.values()):
            return pictures
        reasons.append(f"{window or 'default window'}: {reason or 'no picture'}")
    raise RenderingUnavailable(
        f"off-screen rendering is not possible ({'; '.join(reasons)}); it needs pyvista and EGL or OSMesa, on "
        "Debian and Ubuntu the packages libegl1 and libgl1-mesa-dri"
    )


def _run_renderer(job: dict[str, Any], window: str) -> str | None:
    """Why the renderer failed with this kind of window, or None."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    if window:
        environment["VTK_DEFAULT_OPENGL_WINDOW"] = window
    limit = 60.0 + SECONDS_PER_PICTURE * len(job["shots"])
    command = [sys.executable, "-m", "ramify.results.figures.scene"]
    try:
        done = subprocess.run(
            command, input=json.dumps(job), capture_output=True, text=True, timeout=limit, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return f"nothing within {limit:.0f} s"
    if done.returncode == 0:
        return None
    # VTK colours its messages and puts time and thread before a bar.
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rpartition("| ")[2] for line in done.stderr.splitlines()]
    last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
    return f"signal {-done.returncode}, {last}" if done.returncode < 0 else last


def deposit_shots(case: Case) -> list[Shot]:
    """What the deposit figure shows: start, middle and end, and the end cut open where there is a host inside."""
    whole = [(snapshot, 0) for snapshot in panels(len(case.times))]
    row = section_row(case)
    return [*whole, (whole[-1][0], row)] if row and has_host(case) else whole


def plot_deposit(case: Case, pictures: dict[Shot, Path], path: Path) -> Path:
    """Panels of `deposit_shots`, with a colour bar for the concentration on the rear walls."""
    shots, view = deposit_shots(case), scene_view(case)
    (left, right), (bottom, top) = _frame(view)
    width = 2.6
    height = width * (bottom - top) / (right - left)
    with house_style():
        figure = Figure(figsize=(width * len(shots) + 1.7, height + 0.75), layout="compressed")
        axes = figure.subplots(1, len(shots), squeeze=False)[0]
        for axis, shot in zip(axes, shots, strict=True):
            draw_scene(axis, pictures[shot], view)
            axis.set_title(caption(case, shot[0]) + (", cut open" if shot[1] else ""))
        if "c" in case.names:
            label = FIELDS["c"].label + "\non the rear walls"
            figure.colorbar(colour_scale(case, "c"), ax=list(axes), label=label, shrink=0.7, pad=0.01, aspect=22)
        figure.legend(handles=legend_patches(case), loc="outside lower center", ncols=3)
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _frame(view: View) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits of axes around a picture, with room for the rulers: left and right, bottom and top, in pixels."""
    columns, rows = view.window
    room = 0.12 * max(columns, rows)
    return (-room, columns + 0.3 * room), (rows + room, 0.0)


def draw_scene(axis: Axes, picture: Path, view: View) -> AxesImage:
    """A rendered picture with ticks in micrometres along the three front edges of the box."""
    columns, rows = view.window
    image = axis.imshow(imread(picture), extent=(0, columns, rows, 0), interpolation="antialiased")
    axis.set_axis_off()
    (x0, y0, z0), (x1, y1, z1) = view.low, view.high
    _ruler(axis, view, 0, (x0, y0, z0), x1, "$x$ (µm)", (-0.45, -1.0))
    _ruler(axis, view, 1, (x1, y0, z0), y1, "$y$ (µm)", (0.45, -1.0))
    _ruler(axis, view, 2, (x0, y0, z0), z1, "$z$ (µm)", (-1.0, 0.0))
    across, upward = _frame(view)
    axis.set_xlim(*across)
    axis.set_ylim(*upward)
    return image


def _ruler(
    axis: Axes,
    view: View,
    along: int,
    start: tuple[float, float, float],
    end: float,
    label: str,
    away: tuple[float, float],
) -> None:
    """Ticks and label beside one edge of the box; `away` points from the edge, to the right and up."""
    first = start[along]
    marks = np.asarray(MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(first, end))
    slack = 1e-9 * (end - first)
    step = np.array([away[0], -away[1]]) / np.hypot(*away) * 0.016 * max(view.window)

    def place(position: float) -> np.ndarray:
        point = np.array(start)
        point[along] = position
        return np.asarray(view.project(point)[0])

    side, height = ("right" if away[0] < 0 else "left"), ("center" if away[1] == 0 else "top")
    for mark in marks[(marks >= first - slack) & (marks <= end + slack)]:
        foot = place(mark)
        axis.plot(*zip(foot, foot + step, strict=True), color=INK, lw=0.8, clip_on=False)
        across, down = foot + 1.4 * step
        axis.text(across, down, f"{mark:g}", fontsize=7.5, ha=side, va=height, clip_on=False)
    across, down = place(0.5 * (first + end)) + 5.6 * step
    direction = place(end) - place(first)
    slope = float(np.degrees(np.arctan2(-direction[1], direction[0])))
    axis.text(across, down, label, fontsize=8.5, ha="center", va="center", rotation=slope, clip_on=False)


def plot_height_maps(case: Case, path: Path) -> Path:
    """Highest metal above the current collector, seen from above, at start, middle and end."""
    shown = panels(len(case.times))
    heights = [_heights(case, snapshot) for snapshot in shown]
    left, right, front, back = (1e6 * edge for axis in "xy" for edge in case.edges(axis))
    top = float(np.max(heights)) or 1.0
    with house_style():
        figure = Figure(figsize=(2.5 * len(shown) + 1.2, 3.2), layout="compressed")
        axes = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        for axis, snapshot, height in zip(axes, shown, heights, strict=True):
            image = axis.imshow(
                height, origin="lower", extent=(left, right, front, back), cmap="cividis", vmin=0.0, vmax=top
            )
            axis.set_title(caption(case, snapshot))
            axis.set_xlabel("$x$ (µm)")
        axes[0].set_ylabel("$y$ (µm)")
        figure.colorbar(image, ax=list(axes), label="Height of the metal (µm)", shrink=0.85)
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _heights(case: Case, snapshot: int) -> np.ndarray:
    """Top of the highest metal cell of each column [um], (ny, nx)."""
    metal = case.metal(snapshot) > SURFACE
    tops = 1e6 * (case.centres("z") + 0.5 * case.size[2] / case.cells[2])
    return np.asarray(np.max(metal * tops[:, None, None], axis=0))
