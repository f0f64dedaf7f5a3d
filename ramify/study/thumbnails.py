"""A small picture of each design at its end: host, metal, and the salt between them, in the plane through the host."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ramify.results.figures.case import SURFACE, Case
from ramify.results.figures.sections import draw_map, draw_profile, section_row
from ramify.results.figures.style import LINES, house_style

HEIGHT, WIDEST, NARROWEST = 1.9, 1.6, 0.8
"""Inches; a cell that is narrower or wider is stretched to these."""


def telling_row(case: Case) -> int:
    """Index along y of the section that shows most: the row with much of both host and pores."""
    host = case.field("psi", 0) > SURFACE
    layers = host.any(axis=(1, 2))
    if not layers.any():
        return section_row(case)
    solid = host[layers].sum(axis=(0, 2))
    return int(np.argmax(np.minimum(solid, host[layers][:, 0].size - solid)))


def draw_thumbnail(results: Path, path: Path) -> Path:
    """Write the picture of a result folder.

    Raises
    ------
    FileNotFoundError, OSError
        Where there is no snapshot to draw.
    """
    case = Case.load(results).mirrored(None)
    last = len(case.times) - 1
    name = next((name for name in ("c", "phi_l", "xi") if name in case.names), "xi")
    with house_style():
        if case.dimension == 1:
            figure = Figure(figsize=(WIDEST, HEIGHT * 0.7), layout="constrained")
            draw_profile(figure.subplots(), case, name, last, LINES[0])
        else:
            (left, right), (low, high) = case.edges("x"), case.edges("z")
            width = max(min(HEIGHT * (right - left) / (high - low), WIDEST), NARROWEST)
            figure = Figure(figsize=(width, HEIGHT))
            axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
            draw_map(axis, case, name, last, telling_row(case))
            axis.set_aspect("auto")
            axis.set_axis_off()
        figure.savefig(path, dpi=110)
    return path
