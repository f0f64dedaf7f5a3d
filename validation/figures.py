"""Figures of the validation report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Curve = tuple[str, Any, Any, str]
"""Label, abscissae, ordinates, matplotlib format."""


def save_curves(
    folder: Path | None, name: str, curves: Sequence[Curve], labels: tuple[str, str], logarithmic: bool = False
) -> None:
    """A figure `name`.png of curves in the folder; nothing where there is no folder."""
    if folder is None:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for label, x, y, style in curves:
        axes.plot(np.asarray(x), np.asarray(y), style, label=label)
    if logarithmic:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.legend()
    figure.savefig(folder / f"{name}.png", dpi=120)
