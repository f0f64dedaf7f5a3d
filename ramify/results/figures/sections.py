"""Maps of concentration and potential in x and z, and profiles along z for 1-D runs.

A 3-D run is cut by the plane through the middle of its host, or of the box; metal and host cover the map, and a dark
line marks the metal's surface.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.typing import ColorType

from ramify.results.fields import FIELDS
from ramify.results.figures.case import EVERYWHERE, SURFACE, Case
from ramify.results.figures.style import (
    FRONT,
    HOST,
    METAL,
    caption,
    colour_scale,
    house_style,
    panels,
    shown_range,
    time_unit,
)

MAPPED = ("c", "phi_l", "phi", "p", "von_mises", "crystallinity")
OF_METAL = ("crystallinity",)
"""Fields that mean something in metal alone."""
PROFILE_LINES = 6
CAPTION = 1.8
"""Width of time and capacity on one line [inch]: narrower maps have them on two."""


def section_row(case: Case) -> int:
    """Index along y of the drawn section: the row that cuts most host, near the middle where rows are equal."""
    psi = case.field("psi", 0)
    host = np.sum(psi > SURFACE, axis=(0, 2)).astype(float)
    rows = np.arange(psi.shape[1])
    nearness = 1.0 - np.abs(rows - 0.5 * (len(rows) - 1)) / len(rows)
    # Rows within a tenth of the largest cut count as equal: the middle of a pillar, not its rim by a cell.
    return int(np.argmax(np.minimum(host, 0.9 * host.max()) * 1e3 + nearness))


def plot_sections(case: Case, path: Path) -> Path | None:
    """Maps of `MAPPED` (rows) at up to three times (columns), for 2-D and 3-D runs; None if neither is stored."""
    names = [name for name in MAPPED if name in case.names]
    if not names:
        return None
    row, shown = section_row(case), panels(len(case.times))
    (left, right), (low, high) = case.edges("x"), case.edges("z")
    width = 2.3
    height = min(max(width * (high - low) / (right - left), 1.0), 4.5)
    drawn = min(width, height * (right - left) / (high - low))
    with house_style():
        figure = Figure(figsize=(width * len(shown) + 1.4, (height + 0.25) * len(names) + 0.9), layout="compressed")
        grid = figure.subplots(len(names), len(shown), squeeze=False, sharex=True, sharey=True)
        for line, name in zip(grid, names, strict=True):
            for axis, snapshot in zip(line, shown, strict=True):
                draw_map(axis, case, name, snapshot, row)
            figure.colorbar(colour_scale(case, name), ax=list(line), label=FIELDS[name].label, shrink=0.85, pad=0.02)
            line[0].set_ylabel("$z$ (µm)")
        for axis, snapshot in zip(grid[0], shown, strict=True):
            text = caption(case, snapshot)
            axis.set_title(text if drawn >= CAPTION else text.replace(",  ", "\n"))
        for axis in grid[-1]:
            axis.set_xlabel("$x$ (µm)")
        figure.legend(handles=legend_patches(case), loc="outside lower center", ncols=3)
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def draw_map(axis: Axes, case: Case, name: str, snapshot: int, row: int) -> None:
    """One map of a field with metal and host over it, or of stress with their outlines; one range of colours."""
    quantity = FIELDS[name]
    left, right, bottom, top = (1e6 * edge for side in "xz" for edge in case.edges(side))
    psi, metal = case.field("psi", snapshot)[:, row], case.metal(snapshot)[:, row]
    field = case.field(name, snapshot)
    if name not in EVERYWHERE:
        field = _spread(field, case.electrolyte(snapshot))
    values = quantity.shown(field[:, row])
    low, high = shown_range(case, name)
    axis.imshow(
        values,
        origin="lower",
        extent=(left, right, bottom, top),
        cmap=quantity.colour_map,
        vmin=low,
        vmax=high,
        interpolation="bilinear",
    )
    x, z = (_padded_centres(case, name) for name in "xz")
    if name in OF_METAL and metal.min() < SURFACE:
        axis.contourf(x, z, np.pad(metal, 1, mode="edge"), levels=[-1.0, SURFACE], colors=["white"])
    for cover, colour, outline in ((metal, METAL, True), (psi, HOST, False)):
        field = np.pad(cover, 1, mode="edge")
        if field.max() > SURFACE:
            if name not in EVERYWHERE:
                axis.contourf(x, z, field, levels=[SURFACE, 2.0], colors=[colour])
            if (outline or name in EVERYWHERE) and field.min() < SURFACE:
                axis.contour(x, z, field, levels=[SURFACE], colors=[FRONT], linewidths=0.8)
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)


def legend_patches(case: Case) -> list[Patch]:
    """Legend entries for metal and, where there is one, host."""
    entries = [Patch(facecolor=METAL, edgecolor=FRONT, linewidth=0.8, label="metal")]
    if has_host(case):
        entries.append(Patch(facecolor=HOST, label="host"))
    return entries


def has_host(case: Case) -> bool:
    """Whether any cell is mostly host."""
    return bool(case.field("psi", 0).max() > SURFACE)


def plot_profiles(case: Case, path: Path) -> Path:
    """Profiles along z of what a 1-D run stored, at up to six times."""
    names = [name for name in (*MAPPED, "xi") if name in case.names]
    shown = panels(len(case.times), PROFILE_LINES)
    unit, seconds = time_unit(float(case.times[-1]))
    colours = colormaps["viridis_r"](np.linspace(0.12, 1.0, len(shown)))
    with house_style():
        figure = Figure(figsize=(3.1 * len(names) + 0.9, 2.9), layout="constrained")
        grid = figure.subplots(1, len(names), squeeze=False)
        for axis, name in zip(grid[0], names, strict=True):
            for colour, snapshot in zip(colours, shown, strict=True):
                draw_profile(axis, case, name, snapshot, colour)
        scale = ScalarMappable(cmap=ListedColormap(colours), norm=Normalize(0, len(shown)))
        bar = figure.colorbar(scale, ax=list(grid[0]), ticks=np.arange(len(shown)) + 0.5, pad=0.02)
        bar.set_ticklabels([f"{case.times[snapshot] / seconds:.3g}" for snapshot in shown])
        bar.set_label(f"Time $t$ ({unit})")
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def draw_profile(axis: Axes, case: Case, name: str, snapshot: int, colour: ColorType) -> None:
    """One field along z, in the electrolyte alone unless it is the metal fraction."""
    quantity = FIELDS[name]
    values = quantity.shown(case.field(name, snapshot)[:, 0, 0])
    if name != "xi":
        values = np.where(case.electrolyte(snapshot)[:, 0, 0], values, np.nan)
    axis.plot(1e6 * case.centres("z"), values, color=colour, lw=1.4)
    axis.set_xlabel("$z$ (µm)")
    axis.set_ylabel(quantity.label)
    axis.set_xlim(*(1e6 * edge for edge in case.edges("z")))
    axis.spines[["top", "right"]].set_visible(False)


def _padded_centres(case: Case, axis: str) -> np.ndarray:
    """Cell centres [um] with one more beyond each end, so that contours reach the edge of the box."""
    centres = 1e6 * case.centres(axis)
    spacing = centres[1] - centres[0]
    return np.asarray(np.r_[centres[0] - spacing, centres, centres[-1] + spacing])


def _spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values continued from the electrolyte into metal and host by their nearest cell.

    The map is smooth and the surface cuts between cells: without this, meaningless values would rim it.
    """
    from scipy.ndimage import distance_transform_edt

    if not known.any() or known.all():
        return values
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(values[tuple(nearest)])
