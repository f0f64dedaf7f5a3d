"""Figures of a host alone: rendering, sections, pore sizes and porosity over height."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ramify.results.figures.case import Case
from ramify.results.figures.deposit import RenderingUnavailable, draw_scene, render_pictures, scene_view
from ramify.results.figures.sections import section_row
from ramify.results.figures.style import HOST, LINES, house_style
from ramify.results.folder import FIGURES

_log = logging.getLogger(__name__)
MICRO = 1e6
BARS = 24
"""Of the histogram of pore sizes."""


def plot_host(folder: Path, numbers: Mapping[str, Any]) -> list[Path]:
    """Draw a host into `figures/` of its folder, which holds `fields.nc`.

    `numbers` are those of `descriptors.json`. Returns the files written; a rendering that this machine cannot make is
    left out with a warning.
    """
    case = replace(Case.load(folder), title=str(numbers["title"]) or f"Host of type {numbers['host_type']}")
    out = folder / FIGURES
    with house_style():
        made = [_plot_sections(case, out / "sections.png"), _plot_distributions(case, numbers, out / "pores.png")]
        if case.dimension == 3:
            try:
                made.append(_plot_rendering(case, out / "host.png"))
            except RenderingUnavailable as error:
                _log.warning("%s; the host is not rendered", error)
    return made


def _plot_rendering(case: Case, path: Path) -> Path:
    """The host whole, and cut open where it has an inside."""
    row, view = section_row(case), scene_view(case)
    shots = [(0, 0), (0, row)] if row else [(0, 0)]
    with tempfile.TemporaryDirectory() as scratch:
        pictures = render_pictures(case, shots, False, Path(scratch))
        columns, rows = view.window
        width = 3.0
        figure = Figure(figsize=(width * len(shots) + 0.3, width * rows / columns + 0.8), layout="compressed")
        for axis, shot in zip(figure.subplots(1, len(shots), squeeze=False)[0], shots, strict=True):
            draw_scene(axis, pictures[shot], view)
            axis.set_title("cut open" if shot[1] else "whole")
    figure.suptitle(case.title, fontsize=10.5)
    figure.savefig(path)
    return path


def _plot_sections(case: Case, path: Path) -> Path:
    """The solid fraction in planes of constant y, x and z; the one of constant y alone in 2-D."""
    psi = case.field("psi", 0)
    row = section_row(case)
    planes = [("x", "z", "y", psi[:, row], row)]
    if case.dimension == 3:
        column, layer = _fullest(psi, 2), _fullest(psi, 0)
        planes += [("y", "z", "x", psi[:, :, column], column), ("x", "y", "z", psi[layer], layer)]
    spans = [[np.ptp(case.edges(name)) for name in plane[:2]] for plane in planes]
    height = min(max(2.1 * max(up / across for across, up in spans), 1.6), 5.0)
    figure = Figure(figsize=(2.6 * len(planes) + 0.4, height + 0.9), layout="compressed")
    colours = LinearSegmentedColormap.from_list("host", ["white", HOST])
    for axis, (across, up, normal, values, index) in zip(
        figure.subplots(1, len(planes), squeeze=False)[0], planes, strict=True
    ):
        extent = [MICRO * edge for name in (across, up) for edge in case.edges(name)]
        axis.imshow(values, origin="lower", extent=extent, cmap=colours, vmin=0.0, vmax=1.0, interpolation="nearest")
        axis.set_xlabel(f"${across}$ (µm)")
        axis.set_ylabel(f"${up}$ (µm)")
        if case.dimension == 3:
            axis.set_title(f"${normal}$ = {MICRO * case.centres(normal)[index]:.3g} µm")
    figure.suptitle(f"{case.title}: solid fraction of the cells", fontsize=10.5)
    figure.savefig(path)
    return path


def _fullest(psi: np.ndarray, axis: int) -> int:
    """Plane across an array axis in the middle of those that cut most solid."""
    solid = psi.sum(axis=tuple(other for other in range(3) if other != axis))
    good = np.flatnonzero(solid >= 0.9 * solid.max())
    return int(good[len(good) // 2])


def _plot_distributions(case: Case, numbers: Mapping[str, Any], path: Path) -> Path:
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_pore_sizes(left, numbers)
    profile = numbers["porosity_profile"]
    right.plot(np.asarray(profile["porosity"]), MICRO * np.asarray(profile["z_m"]), color=LINES[0], lw=1.4)
    right.axvline(numbers["porosity"], color=LINES[1], lw=1.0, ls="--", label=f"mean {numbers['porosity']:.3g}")
    right.set_xlim(0.0, 1.02)
    right.set_ylim(0.0, MICRO * numbers["height_m"])
    right.set_xlabel("Porosity of the layer")
    right.set_ylabel("Height $z$ (µm)")
    right.legend(fontsize=8, loc="best")
    for axis in (left, right):
        axis.grid(color="#e4e7eb", lw=0.6)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(case.title, fontsize=10.5)
    figure.savefig(path)
    return path


def _draw_pore_sizes(axis: Axes, numbers: Mapping[str, Any]) -> None:
    sizes = numbers["pore_sizes"]
    diameters, shares = MICRO * np.asarray(sizes["diameter_m"]), np.asarray(sizes["share_of_pore_volume"])
    axis.set_xlabel("Pore diameter (µm)")
    axis.set_ylabel("Share of the pore volume (%)")
    if not len(diameters):
        return
    span = 1.05 * float(diameters[-1])
    bars = np.linspace(0.0, span, BARS + 1).tolist()
    axis.hist(diameters, bins=bars, weights=100.0 * shares, color=LINES[0], alpha=0.85)
    for name, style in (("d10", ":"), ("d50", "--"), ("d90", ":")):
        value = MICRO * numbers[f"pore_diameter_{name}_m"]
        axis.axvline(value, color=LINES[1], lw=1.0, ls=style, label=f"{name} {value:.3g} µm")
    axis.set_xlim(0.0, span)
    axis.legend(fontsize=8, loc="best")
