"""The history figure: voltage, capacity, heights, roughness and depletion over time."""

from __future__ import annotations

import textwrap
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ramify.results.fields import HISTORY
from ramify.results.figures.case import Case
from ramify.results.figures.style import LINES, house_style, time_unit

ROWS: tuple[tuple[str, ...], ...] = (
    ("voltage",),
    ("capacity",),
    ("current_density", "counter_current_density", "collector_current_density"),
    ("tip_height", "mean_height"),
    ("roughness", "peak_to_valley"),
    ("arc_length_ratio", "area_ratio"),
    ("minimum_concentration",),
    ("filling_fraction",),
    ("top_plating_index", "bottom_up_index", "blocked_fraction"),
    ("current_amplification",),
    ("nuclei",),
    ("nucleus_radius",),
    ("facetedness",),
    ("crystalline_fraction",),
    ("crystal_size",),
    ("peak_von_mises", "contact_pressure", "peak_contact_pressure"),
)
"""Quantities of each panel; a panel none of whose quantities was stored is left out."""
SHAPES = ("tip_height", "roughness")
"""Panels that show when the front began to ramify, by their first quantity."""


def plot_history(case: Case, path: Path) -> Path | None:
    """Draw every stored row of `ROWS` over time; None without at least two time steps."""
    rows = [tuple(name for name in row if name in case.history) for row in ROWS]
    rows = [row for row in rows if row]
    if not rows or len(case.history["time"]) < 2:
        return None
    unit, seconds = time_unit(float(case.history["time"][-1]))
    columns = 2 if len(rows) > 3 else 1
    lines = -(-len(rows) // columns)
    with house_style():
        figure = Figure(figsize=(3.9 * columns, 1.75 * lines + 0.5), layout="constrained")
        axes = list(figure.subplots(lines, columns, squeeze=False).T.flat)
        for axis, row in zip(axes, rows, strict=False):
            _panel(axis, case, row, seconds)
        for axis in axes[len(rows) :]:
            axis.remove()
        for column in range(columns):
            drawn = axes[column * lines : min((column + 1) * lines, len(rows))]
            for axis in drawn:
                axis.sharex(drawn[-1])
                axis.tick_params(labelbottom=axis is drawn[-1])
            drawn[-1].set_xlabel(f"Time $t$ ({unit})")
        figure.align_ylabels()
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _panel(axis: Axes, case: Case, names: tuple[str, ...], seconds: float) -> None:
    time = case.history["time"] / seconds
    for colour, name in zip(LINES, names, strict=False):
        quantity = HISTORY[name]
        axis.plot(time, quantity.shown(case.history[name]), color=colour, lw=1.4, label=quantity.long_name)
    first = HISTORY[names[0]]
    unit = first.shown_unit or first.unit
    several = len(names) > 1
    shared = {"m": "Height", "A m-2": "Current density"}.get(first.unit, "Indices of the deposit")
    text = shared if several else first.long_name[0].upper() + first.long_name[1:]
    lines = textwrap.wrap(text, 22) + ([] if unit == "1" else [f"({unit})"])
    axis.set_ylabel("\n".join(lines))
    marked = case.ramification_onset is not None and names[0] in SHAPES
    if marked and case.ramification_onset is not None:
        axis.axvline(case.ramification_onset / seconds, color="0.35", lw=1.0, ls="--", label="onset of ramification")
    if several or marked:
        axis.legend(loc="best", fontsize=8)
    axis.grid(color="#e4e7eb", lw=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(x=0.01)
    _keep_noise_flat(axis)


def _keep_noise_flat(axis: Axes) -> None:
    """A constant must look constant: no axis spans less than a thousandth of its values."""
    low, high = axis.get_ylim()
    least = 1e-3 * max(abs(low), abs(high))
    if 0 < high - low < least:
        middle = 0.5 * (low + high)
        axis.set_ylim(middle - least, middle + least)
