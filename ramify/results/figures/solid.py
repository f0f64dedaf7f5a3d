"""Figures of solids: stress on the deformed mesh, contact pressure along boundaries, the run through time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5netcdf
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.tri import Triangulation

from ramify.results.figures.meshed import MICRO
from ramify.results.figures.style import LINES, house_style, panels, time_unit
from ramify.results.folder import FIELDS as FIELDS_FILE
from ramify.results.folder import FIGURES
from ramify.results.folder import HISTORY as HISTORY_FILE

MEGA = 1e-6
SHOWN = {
    "p": ("Pressure $p$ (MPa)", MEGA, "viridis"),
    "von_mises": (r"von Mises stress $\sigma_\mathrm{v}$ (MPa)", MEGA, "inferno"),
    "plastic_strain": ("Plastic strain $e_p$ (%)", 100.0, "magma"),
    "film_stress": (r"Largest tension $\sigma_1$ (MPa)", MEGA, "coolwarm"),
}
"""Fields on the cells: label, factor, colours."""
CONTACT = "contact_pressure_"
VISIBLE = 0.05
"""Largest displacement in the picture, over the size of the mesh."""
_FACES = {
    4: ((0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 2, 3)),
    8: ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
}
"""Sides of tetrahedra and hexahedra, by corners."""


def plot_solid(folder: Path) -> list[Path]:
    """Draw what a result folder has into `figures/`; returns the files.

    Raises
    ------
    FileNotFoundError
        If the folder has no snapshot yet.
    """
    folder = Path(folder)
    if not (folder / FIELDS_FILE).is_file():
        raise FileNotFoundError(f"{folder}: no fields to draw yet")
    out = folder / FIGURES
    out.mkdir(exist_ok=True)
    with house_style(), h5netcdf.File(folder / FIELDS_FILE, "r", locking=False) as data:
        made = [_plot_stress(data, out / "stress.png"), _plot_contact(data, out / "contact_pressure.png")]
        if (folder / HISTORY_FILE).is_file():
            made.append(_plot_history(folder / HISTORY_FILE, out / "history.png"))
    return [path for path in made if path is not None]


def _plot_stress(data: Any, path: Path) -> Path | None:
    """Fields of the last snapshot on the cells of a plane mesh, or on those at the lowest y of a solid one."""
    fields = {name: data.variables[name][-1] for name in SHOWN if name in data.variables}
    fields = {name: values for name, values in fields.items() if np.nanmax(values) > np.nanmin(values)}
    corners, owner = _polygons(data)
    if not fields or not len(corners):
        return None
    places, times = _deformed(data)
    outlines = places[corners][:, :, [0, 2]] * MICRO
    low, high = outlines.min(axis=(0, 1)), outlines.max(axis=(0, 1))
    height = min(6.0, max(2.4, 3.2 * float((high - low)[1] / (high - low)[0])))
    figure, axes = plt.subplots(
        1, len(fields), figsize=(3.6 * len(fields), height), squeeze=False, layout="constrained"
    )
    for axis, (name, values) in zip(axes[0], fields.items(), strict=True):
        label, factor, colours = SHOWN[name]
        shown = np.ma.masked_invalid(values[owner] * factor)
        picture = PolyCollection(list(outlines), array=shown, cmap=colours, edgecolors="face", linewidths=0.2)
        axis.add_collection(picture)
        margin = 0.02 * (high - low)
        axis.set(xlabel="$x$ (µm)", ylabel="$z$ (µm)", aspect="equal", xlim=(low[0] - margin[0], high[0] + margin[0]),
                 ylim=(low[1] - margin[1], high[1] + margin[1]))  # fmt: skip
        figure.colorbar(picture, ax=axis, label=label, shrink=0.9)
    figure.suptitle(times, fontsize=8)
    return _saved(figure, path)


def _deformed(data: Any) -> tuple[np.ndarray, str]:
    """Places of the nodes at the last snapshot, and words on time and magnification."""
    places = np.array([data.variables[axis][...] for axis in "xyz"]).T
    end = float(data.variables["time"][-1])
    unit, seconds = time_unit(end)
    words = f"{end / seconds:.3g} {unit}" if end > 0.0 else "what acts at the start"
    if "displacement" not in data.variables:
        return places, words
    u = data.variables["displacement"][-1]
    largest = float(np.abs(u).max())
    size = float(np.ptp(places, axis=0).max())
    times = VISIBLE * size / largest if largest > 0.0 else 1.0
    times = min(times, 10.0 ** np.floor(np.log10(times))) if times > 1.0 else 1.0
    return places + times * u, f"{words}; displacement times {times:.4g}"


def _polygons(data: Any) -> tuple[np.ndarray, np.ndarray]:
    """(polygons, corners) nodes, and the cell of each."""
    cells = data.variables["cells"][...]
    if int(data.variables["mesh"].attrs["topology_dimension"]) == 2:
        count = {3: 3, 4: 4, 6: 3, 9: 4}[cells.shape[1]]
        return cells[:, :count], np.arange(len(cells))
    y = data.variables["y"][...]
    on = np.abs(y - y.min()) < 1e-6 * np.ptp(y)
    faces = _FACES[8 if cells.shape[1] in (8, 27) else 4]
    found, owner = [], []
    for face in faces:
        rows = cells[:, list(face)]
        there = np.flatnonzero(on[rows].all(axis=1))
        found.append(rows[there])
        owner.append(there)
    return np.concatenate(found), np.concatenate(owner)


def _plot_contact(data: Any, path: Path) -> Path | None:
    """Contact pressure of each named boundary: along x (or z) of a plane mesh, as a map of a solid one."""
    names = [name for name in data.variables if name.startswith(CONTACT)]
    if not names:
        return None
    solid = int(data.variables["mesh"].attrs["topology_dimension"]) == 3
    places = np.array([data.variables[axis][...] for axis in "xyz"]) * MICRO
    times = data.variables["time"][...]
    figure, axes = plt.subplots(1, len(names), figsize=(3.8 * len(names), 3.1), squeeze=False, layout="constrained")
    for axis, name in zip(axes[0], names, strict=True):
        values = data.variables[name][...] * MEGA
        on = np.isfinite(values[-1])
        words = str(data.variables[name].attrs["long_name"])
        label = f"{words[0].upper()}{words[1:]} (MPa)"
        if solid:
            _draw_map(figure, axis, places[:, on], values[-1][on], label)
        else:
            _draw_lines(axis, places[:, on], values[:, on], times, label)
    return _saved(figure, path)


def _draw_lines(axis: Axes, places: np.ndarray, values: np.ndarray, times: np.ndarray, label: str) -> None:
    along, letter = (places[0], "x") if np.ptp(places[0]) >= np.ptp(places[2]) else (places[2], "z")
    order = np.argsort(along)
    unit, seconds = time_unit(float(times[-1]))
    for colour, row in zip(LINES, panels(len(times), len(LINES)), strict=False):
        words = f"{times[row] / seconds:.3g} {unit}" if len(times) > 1 else None
        axis.plot(along[order], values[row][order], color=colour, lw=1.2, label=words)
    axis.set(xlabel=f"${letter}$ (µm)", ylabel=label)
    if len(times) > 1:
        axis.legend(fontsize=7)


def _draw_map(figure: Any, axis: Axes, places: np.ndarray, values: np.ndarray, label: str) -> None:
    """In the two directions in which the boundary is widest; points where it is not a plane."""
    spans = np.ptp(places, axis=1)
    first, second = sorted(np.argsort(spans)[1:])
    if spans.min() < 1e-6 * spans.max():
        picture: Any = axis.tripcolor(
            Triangulation(places[first], places[second]), values, shading="gouraud", cmap="viridis"
        )
    else:
        picture = axis.scatter(places[first], places[second], c=values, s=8, cmap="viridis")
    axis.set(xlabel=f"${'xyz'[first]}$ (µm)", ylabel=f"${'xyz'[second]}$ (µm)", aspect="equal")
    figure.colorbar(picture, ax=axis, label=label, shrink=0.8)


def _plot_history(file: Path, path: Path) -> Path | None:
    """Stresses, contact pressures, plates and plastic strain against time."""
    with h5netcdf.File(file, "r", locking=False) as data:
        time = data.variables["time"][...]
        columns = {name: (v[...], str(v.attrs["long_name"])) for name, v in data.variables.items() if name != "time"}
    if len(time) < 2:
        return None
    groups = [
        ("Stress (MPa)", MEGA, ("mean_pressure", "peak_pressure", "peak_von_mises")),
        ("Contact pressure (MPa)", MEGA, [n for n in columns if CONTACT in n]),
        ("Depth of the plate (µm)", MICRO, [n for n in columns if n.startswith("plate_depth_")]),
        ("Plastic strain (%)", 100.0, ("peak_plastic_strain",)),
    ]
    groups = [(label, factor, [n for n in names if np.any(columns[n][0])]) for label, factor, names in groups]
    groups = [group for group in groups if group[2]]
    unit, seconds = time_unit(float(time[-1]))
    figure, axes = plt.subplots(1, len(groups), figsize=(3.4 * len(groups), 2.9), squeeze=False, layout="constrained")
    for axis, (label, factor, names) in zip(axes[0], groups, strict=True):
        for colour, name in zip(LINES * 4, names, strict=False):
            values, words = columns[name]
            axis.plot(time / seconds, values * factor, color=colour, lw=1.2, label=words)
        axis.set(xlabel=f"Time ({unit})", ylabel=label)
        axis.legend(fontsize=6.5)
    return _saved(figure, path)


def _saved(figure: Any, path: Path) -> Path:
    figure.savefig(path)
    plt.close(figure)
    return path
