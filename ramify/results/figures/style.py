"""One look for all figures: type, colours, and how numbers are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from ramify.results.fields import FIELDS, HISTORY
from ramify.results.figures.case import Case

METAL = "#a9b1bd"
HOST = "#c9814f"
FRONT = "#1f2933"
INK = "#2b2f36"
LINES = ("#1f5a8c", "#c1542b", "#3a8a5f", "#7a4f9e", "#a37a1c")
"""Colours of metal, host, the metal surface's outline, text, and lines in their order."""

PARAMETERS: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.0,
    "axes.linewidth": 0.8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.direction": "out",
    "legend.frameon": False,
    "mathtext.fontset": "dejavusans",
    "figure.facecolor": "white",
    "savefig.dpi": 200,
    "axes.formatter.useoffset": False,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib settings of all figures, drawn without a display; the caller's own come back afterwards."""
    with mpl.rc_context(PARAMETERS):
        yield


def time_unit(longest: float) -> tuple[str, float]:
    """Unit that suits a span of seconds, and its length in seconds."""
    for unit, seconds in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if longest >= 2.0 * seconds:
            return unit, seconds
    return "s", 1.0


def caption(case: Case, snapshot: int) -> str:
    """Time and capacity of a snapshot in users' units."""
    unit, seconds = time_unit(float(case.times[-1]))
    text = f"{case.times[snapshot] / seconds:.3g} {unit}"
    capacity = case.capacity(float(case.times[snapshot]))
    if capacity is None:
        return text
    quantity = HISTORY["capacity"]
    shown = round(float(quantity.shown(np.array(capacity))), 9) + 0.0  # what came back to zero, and no minus zero
    return f"{text},  {shown:.3g} {quantity.shown_unit}"


def shown_range(case: Case, name: str) -> tuple[float, float]:
    """Range of a field in the electrolyte over the whole run, in its shown unit."""
    low, high = FIELDS[name].shown(np.array(case.range(name)))
    return float(low), float(high)


def colour_scale(case: Case, name: str) -> ScalarMappable:
    """Colours of a field, for its colour bar."""
    low, high = shown_range(case, name)
    return ScalarMappable(norm=Normalize(low, high), cmap=FIELDS[name].colour_map)


def panels(count: int, most: int = 3) -> list[int]:
    """Snapshots to show: first, last and evenly between, at most so many."""
    return sorted({round(index) for index in np.linspace(0, count - 1, min(count, most))})
