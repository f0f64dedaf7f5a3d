"""The deposit over depth and time: how full of metal the pores of each layer are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ramify.results.fields import COORDINATES
from ramify.results.figures.case import SURFACE, Case
from ramify.results.figures.style import HOST, house_style, time_unit

LEVELS = (0.25, 0.5, 0.75)
"""Shares of a layer's pores at which a line is drawn."""


def plot_depth(case: Case, path: Path) -> Path | None:
    """Map of the metal's share of each layer's pores; None without profiles of at least two time steps."""
    profile = case.history.get("metal_profile")
    if profile is None or profile.ndim != 2 or len(profile) < 2:
        return None
    psi = case.field("psi", 0)
    pores = 1.0 - psi.mean(axis=(1, 2))
    filled = np.where(pores > 0.0, profile / np.maximum(pores, 1e-12), 0.0).T
    unit, seconds = time_unit(float(case.history["time"][-1]))
    time, z = case.history["time"] / seconds, COORDINATES["z"].shown(case.history["z"])
    with house_style():
        figure = Figure(figsize=(5.2, 3.4), layout="constrained")
        axis = figure.subplots()
        image = axis.pcolormesh(time, z, filled, cmap="cividis", vmin=0.0, vmax=1.0, shading="nearest", rasterized=True)
        bar = figure.colorbar(image, ax=axis, label="Metal in the pores of the layer", pad=0.02)
        if filled.min() < LEVELS[0] and filled.max() > LEVELS[-1]:
            bar.add_lines(axis.contour(time, z, filled, levels=LEVELS, colors="white", linewidths=0.7))
        host = np.flatnonzero((psi > SURFACE).any(axis=(1, 2)))
        if len(host):
            top = z[host.max()] + 0.5 * (z[1] - z[0])
            axis.axhline(top, color=HOST, lw=1.4, ls="--")
            axis.annotate("top of the host", (time[-1], top), (-3, 3), textcoords="offset points", color=HOST,
                          ha="right", fontsize=8)  # fmt: skip
        axis.set_xlabel(f"Time $t$ ({unit})")
        axis.set_ylabel("Height $z$ (µm)")
        if case.title:
            figure.suptitle(case.title, fontsize=10.5)
        figure.savefig(path)
    return path
