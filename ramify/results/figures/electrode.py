"""Figures of a planar electrode: what happened over time, voltage over capacity step by step, and profiles."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ramify.models.alloy_stripping.quantities import FIELDS, HISTORY
from ramify.results import fields
from ramify.results.figures.case import Case
from ramify.results.figures.style import LINES, house_style, time_unit
from ramify.results.folder import FIGURES

ROWS = ("voltage", "current_density", "capacity", "contact_magnesium", "contact_fraction", "utilisation")
COLUMNS = fields.HISTORY | {quantity.name: quantity for quantity in HISTORY}
STORED = fields.FIELDS | {quantity.name: quantity for quantity in FIELDS}
MOST_LINES = 7


def plot_electrode(folder: Path) -> list[Path]:
    """Draw `history.png`, `voltage.png` and `profiles.png` into `figures/`; returns the files.

    Raises
    ------
    FileNotFoundError
        If the folder has no snapshot yet.
    """
    case = Case.load(Path(folder))
    out = Path(folder) / FIGURES
    out.mkdir(exist_ok=True)
    made = [_profiles(case, out / "profiles.png")]
    if len(case.history.get("time", ())) > 1:
        made = [_history(case, out / "history.png"), _voltage(case, out / "voltage.png"), *made]
    return made


def _history(case: Case, path: Path) -> Path:
    names = [name for name in ROWS if name in case.history]
    unit, seconds = time_unit(float(case.history["time"][-1]))
    with house_style():
        figure = Figure(figsize=(7.8, 0.95 * len(names) + 1.0), layout="constrained")
        axes = list(figure.subplots(-(-len(names) // 2), 2, squeeze=False).T.flat)
        for axis, name in zip(axes, names, strict=False):
            axis.plot(case.history["time"] / seconds, COLUMNS[name].shown(case.history[name]), color=LINES[0], lw=1.4)
            axis.set_xlabel(f"Time $t$ ({unit})")
            axis.set_ylabel("\n".join(textwrap.wrap(COLUMNS[name].label, 24)))
            _tidy(axis)
        for axis in axes[len(names) :]:
            axis.remove()
        figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _voltage(case: Case, path: Path) -> Path:
    """Voltage over the capacity of each stretch of one sign of the current, as a cycler shows it."""
    current, volts = case.history["current_density"], case.history["voltage"]
    charge = np.abs(np.diff(case.history["capacity"], prepend=0.0))
    sign = np.sign(current) * (charge > 0.0)
    starts = np.flatnonzero(np.diff(sign, prepend=np.nan) != 0.0)
    with house_style():
        figure = Figure(figsize=(5.2, 3.4), layout="constrained")
        axis = figure.subplots()
        stretches = [s for s in np.split(np.arange(len(sign)), starts[1:]) if sign[s[0]] != 0.0]
        for number, stretch in enumerate(stretches, start=1):
            passed = fields.HISTORY["capacity"].shown(np.cumsum(charge[stretch]))
            told = "strip" if sign[stretch[0]] < 0.0 else "plate"
            axis.plot(passed, volts[stretch], color=LINES[(number - 1) % len(LINES)], label=f"{number}: {told}")
        axis.set_xlabel("Capacity of the step (mAh/cm²)")
        axis.set_ylabel(fields.HISTORY["voltage"].label)
        if 1 < len(stretches) <= MOST_LINES:
            axis.legend()
        _tidy(axis)
        axis.set_title(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _profiles(case: Case, path: Path) -> Path:
    """What was stored along z, at a few times."""
    names = [name for name in STORED if name in case.names]
    shown = np.unique(np.linspace(0, len(case.times) - 1, min(MOST_LINES, len(case.times))).round().astype(int))
    unit, seconds = time_unit(float(case.times[-1]))
    colours = colormaps["viridis_r"](np.linspace(0.12, 1.0, len(shown)))
    with house_style():
        figure = Figure(figsize=(3.3 * len(names) + 1.0, 3.0), layout="constrained")
        for axis, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
            for colour, snapshot in zip(colours, shown, strict=True):
                values = STORED[name].shown(case.field(name, snapshot)[:, 0, 0])
                label = f"{case.times[snapshot] / seconds:.3g} {unit}"
                axis.plot(1e6 * case.centres("z"), values, color=colour, lw=1.4, label=label)
            axis.set_xlabel("$z$ (µm)")
            axis.set_ylabel(STORED[name].label)
            _tidy(axis)
        axis.legend(fontsize=8)
        figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path


def _tidy(axis: Axes) -> None:
    axis.grid(color="#e4e7eb", lw=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
