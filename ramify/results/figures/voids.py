"""Figures of voids at a solid electrolyte: history, sections through metal and electrolyte, the contact, a film.

A section shows the vacancies in the metal - of an alloy another one the magnesium, as does the film -, the voids white
with a dark outline, and the potential in the electrolyte above. A 3-D run is cut through its largest void at the end.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from PIL import Image

from ramify.models.voids.quantities import FIELDS, HISTORY
from ramify.results import fields
from ramify.results.figures.animation import SECONDS, frames, to_image, write_gif
from ramify.results.figures.case import SURFACE, Case
from ramify.results.figures.style import FRONT, LINES, METAL, caption, house_style, panels, time_unit
from ramify.results.folder import FIGURES

ROWS = ("voltage", "current_density", "contact_fraction", "constriction_resistance", "hot_spot", "void_volume", "voids",
        "contact_supersaturation", "contact_magnesium", "contact_activity")  # fmt: skip
COLUMNS = fields.HISTORY | {quantity.name: quantity for quantity in HISTORY}
STORED = fields.FIELDS | {quantity.name: quantity for quantity in FIELDS}
IN_METAL = ("vacancies", "magnesium")
MAPPED = (*IN_METAL, "phi")
MOST_LINES = 6
OVER_MEAN = "Contact's current density over its mean"
SEEN = 1e-3
"""Share of the mean current density below which a face counts as void."""


def plot_voids(folder: Path) -> list[Path]:
    """Draw what the stored fields allow into `figures/`; returns the files.

    Raises
    ------
    FileNotFoundError
        If the folder has no snapshot yet.
    """
    case = Case.load(Path(folder))
    out = Path(folder) / FIGURES
    out.mkdir(exist_ok=True)
    made = [_history(case, out / "history.png")] if len(case.history.get("time", ())) > 1 else []
    if "xi" not in case.names or case.dimension == 1:
        return made
    made.append(_sections(case, out / "sections.png", "vacancies"))
    if "magnesium" in case.names:
        made.append(_sections(case, out / "magnesium.png", "magnesium"))
    if "contact_current" in case.names:
        made.append(_contact(case, out / "contact.png"))
    if len(case.times) > 1:
        made.append(_film(case, out / "animation.gif"))
    return made


def contact_layer(case: Case) -> int:
    """Layer of the stored fields that is the first of the electrolyte: the one in which the contact's current is."""
    for name in IN_METAL:
        if name in case.names:
            return int(np.argmax(np.isnan(case.field(name, 0)).all(axis=(1, 2))))
    return int(np.argmax(np.abs(case.field("contact_current", len(case.times) - 1)).sum(axis=(1, 2))))


def _history(case: Case, path: Path) -> Path:
    names = [name for name in ROWS if name in case.history]
    if np.ptp(case.history.get("stack_pressure", [0.0])) > 0.0:
        names.append("stack_pressure")
    unit, seconds = time_unit(float(case.history["time"][-1]))
    with house_style():
        figure = Figure(figsize=(7.8, 0.95 * len(names) + 1.0), layout="constrained")
        axes = list(figure.subplots(-(-len(names) // 2), 2, squeeze=False).T.flat)
        for axis, name in zip(axes, names, strict=False):
            axis.plot(case.history["time"] / seconds, COLUMNS[name].shown(case.history[name]), color=LINES[0], lw=1.4)
            axis.set_xlabel(f"Time $t$ ({unit})")
            axis.set_ylabel("\n".join(textwrap.wrap(COLUMNS[name].label, 22)))
            axis.grid(color="#e4e7eb", lw=0.6)
            axis.spines[["top", "right"]].set_visible(False)
        for axis in axes[len(names) :]:
            axis.remove()
        figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _row(case: Case) -> int:
    """Index along y of the section: where most is void at the end."""
    empty = 1.0 - case.field("xi", len(case.times) - 1)[: contact_layer(case)]
    return int(np.argmax(empty.sum(axis=(0, 2))))


def _shown(case: Case) -> list[int]:
    """Snapshots to show: the first, the one with most void, the last."""
    layer, count = contact_layer(case), len(case.times)
    return sorted({0, int(np.argmin([case.field("xi", n)[:layer].sum() for n in range(count)])), count - 1})


def _scales(case: Case) -> dict[str, ScalarMappable]:
    """Colours of the mapped fields, one range for all times."""
    found, layer = {}, contact_layer(case)
    for name in (name for name in MAPPED if name in case.names):
        low, high = np.inf, -np.inf
        for snapshot in range(len(case.times)):
            values = case.field(name, snapshot)
            if name in IN_METAL:
                values = np.where(case.field("xi", snapshot) > SURFACE, values, np.nan)
            else:
                values = values[layer:]
            low, high = min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values)))
        span = np.array([low, high if high > low else low + (abs(low) or 1.0)])
        found[name] = ScalarMappable(Normalize(*STORED[name].shown(span)), STORED[name].colour_map)
    return found


def _draw_section(
    axis: Axes, case: Case, snapshot: int, row: int, scales: dict[str, ScalarMappable], inside: str
) -> None:
    """Metal with the field `inside` of it, and the electrolyte above."""
    layer = contact_layer(case)
    left, right, bottom, top = (1e6 * edge for side in "xz" for edge in case.edges(side))
    plane = bottom + (top - bottom) * layer / case.cells[2]
    xi = case.field("xi", snapshot)[:layer, row]
    for name, rows, low, high in (
        (inside, slice(None, layer), bottom, plane),
        ("phi", slice(layer, None), plane, top),
    ):
        if name not in scales:
            axis.axhspan(low, high, color=METAL if name == inside else "#efe6d5", lw=0)
            continue
        axis.imshow(
            STORED[name].shown(case.field(name, snapshot)[rows, row]),
            origin="lower",
            extent=(left, right, low, high),
            cmap=scales[name].cmap,
            vmin=scales[name].get_clim()[0],
            vmax=scales[name].get_clim()[1],
            interpolation="nearest",
        )
    x, z = 1e6 * case.centres("x"), 1e6 * case.centres("z")[:layer]
    x = np.r_[x[0] - (x[1] - x[0]), x, x[-1] + (x[1] - x[0])]
    z = np.r_[z, plane]
    shown = np.pad(np.vstack([xi, xi[-1:]]), ((0, 0), (1, 1)), mode="edge")
    if shown.min() < SURFACE:
        axis.contourf(x, z, shown, levels=[-1.0, SURFACE], colors=["white"])
        axis.contour(x, z, shown, levels=[SURFACE], colors=[FRONT], linewidths=0.8)
    axis.plot([left, right], [plane, plane], color=FRONT, lw=0.8)
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
    axis.set_aspect("equal")


def _of(scales: dict[str, ScalarMappable], inside: str) -> dict[str, ScalarMappable]:
    """Those of a section with the field `inside` of its metal."""
    return {name: scale for name, scale in scales.items() if name in (inside, "phi")}


def _sections(case: Case, path: Path, inside: str) -> Path:
    row, shown, scales = _row(case), _shown(case), _of(_scales(case), inside)
    (left, right), (low, high) = case.edges("x"), case.edges("z")
    width = 2.5
    height = min(max(width * (high - low) / (right - left), 1.2), 4.5)
    with house_style():
        figure = Figure(figsize=(width * len(shown) + 1.8, height + 1.1), layout="compressed")
        axes = list(figure.subplots(1, len(shown), squeeze=False, sharey=True)[0])
        for axis, snapshot in zip(axes, shown, strict=True):
            _draw_section(axis, case, snapshot, row, scales, inside)
            axis.set_title(caption(case, snapshot).replace(",  ", "\n"))
            axis.set_xlabel("$x$ (µm)")
        axes[0].set_ylabel("$z$ (µm)")
        for name, scale in scales.items():
            figure.colorbar(scale, ax=axes, label=STORED[name].label, shrink=0.8, pad=0.02)
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _contact(case: Case, path: Path) -> Path:
    """Current density of the contact: lines in 2-D, maps in 3-D."""
    layer, quantity = contact_layer(case), STORED["contact_current"]
    with house_style():
        if case.dimension == 2:
            figure = Figure(figsize=(5.2, 3.2), layout="constrained")
            axis = figure.subplots()
            shown = panels(len(case.times), MOST_LINES)
            for colour, snapshot in zip(colormaps["viridis_r"](np.linspace(0.12, 1.0, len(shown))), shown, strict=True):
                values = quantity.shown(case.field("contact_current", snapshot)[layer, 0])
                axis.step(1e6 * case.centres("x"), values, where="mid", color=colour, label=caption(case, snapshot))
            axis.legend(fontsize=7.5)
            axis.set_xlabel("$x$ (µm)")
            axis.set_ylabel("\n".join(textwrap.wrap(quantity.label, 28)))
            axis.spines[["top", "right"]].set_visible(False)
        else:
            shown = _shown(case)
            figure = Figure(figsize=(2.6 * len(shown) + 1.2, 3.4), layout="compressed")
            axes = list(figure.subplots(1, len(shown), squeeze=False, sharey=True)[0])
            scale = _contact_scale(case, layer)
            for axis, snapshot in zip(axes, shown, strict=True):
                _draw_contact(axis, case, snapshot, layer, scale)
                axis.set_title(caption(case, snapshot).replace(",  ", "\n"))
            axes[0].set_ylabel("$y$ (µm)")
            figure.colorbar(scale, ax=axes, label=OVER_MEAN, shrink=0.8, pad=0.02)
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _over_mean(case: Case, snapshot: int, layer: int) -> np.ndarray:
    """Current density of the faces over its mean (ny, nx); one where nothing flows; not a number without contact."""
    current = case.field("contact_current", snapshot)[layer]
    mean = float(current.mean())
    if abs(mean) <= 1e-12 * float(np.abs(current).max(initial=0.0)) or mean == 0.0:
        return np.where(case.field("xi", snapshot)[layer - 1] > SURFACE, 1.0, np.nan)
    ratio = current / mean
    return np.where(ratio > SEEN, ratio, np.nan)


def _contact_scale(case: Case, layer: int) -> ScalarMappable:
    """Colours of the current density over its mean, by orders of magnitude."""
    most = max(float(np.nanmax(_over_mean(case, n, layer), initial=1.0)) for n in range(len(case.times)))
    return ScalarMappable(LogNorm(0.5, max(most, 2.0)), "magma_r")


def _draw_contact(axis: Axes, case: Case, snapshot: int, layer: int, scale: ScalarMappable) -> None:
    left, right, low, high = (1e6 * edge for side in "xy" for edge in case.edges(side))
    colours = scale.to_rgba(_over_mean(case, snapshot, layer))
    axis.imshow(colours, origin="lower", extent=(left, right, low, high), interpolation="nearest")
    xi = case.field("xi", snapshot)[layer - 1]
    if xi.min() < SURFACE < xi.max():
        axis.contour(1e6 * case.centres("x"), 1e6 * case.centres("y"), xi, levels=[SURFACE], colors=[FRONT],
                     linewidths=0.8)  # fmt: skip
    axis.set_xlabel("$x$ (µm)")


def _film(case: Case, path: Path) -> Path:
    """The section over time; in 3-D beside the contact."""
    inside = "magnesium" if "magnesium" in case.names else "vacancies"
    row, scales, layer = _row(case), _of(_scales(case), inside), contact_layer(case)
    wide = case.dimension == 3 and "contact_current" in case.names
    contact = _contact_scale(case, layer) if wide else None

    def paint(snapshot: int) -> Figure:
        figure = Figure(figsize=(9.4 if wide else 6.6, 3.8), layout="compressed")
        axes = list(figure.subplots(1, 2 if wide else 1, squeeze=False)[0])
        _draw_section(axes[0], case, snapshot, row, scales, inside)
        axes[0].set_xlabel("$x$ (µm)")
        axes[0].set_ylabel("$z$ (µm)")
        if contact is not None:
            _draw_contact(axes[1], case, snapshot, layer, contact)
            axes[1].set_ylabel("$y$ (µm)")
            figure.colorbar(contact, ax=axes[1], label=OVER_MEAN, location="bottom", shrink=0.8)
        for name, scale in scales.items():
            figure.colorbar(scale, ax=axes[0], label=STORED[name].label, shrink=0.8, location="left" if wide else None)
        figure.suptitle(caption(case, snapshot), fontsize=9.5)
        return figure

    chosen = frames(case)
    with house_style():
        images: list[Image.Image] = [to_image(paint(snapshot)) for snapshot in chosen]
    write_gif(path, iter(images), SECONDS / len(chosen))
    return path
