"""Figures of runs on unstructured meshes: fields, current along the surface, curves of a double layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5netcdf
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.tri import Triangulation

from ramify.results.fields import FIELDS
from ramify.results.figures.style import LINES, house_style
from ramify.results.folder import FIELDS as FIELDS_FILE
from ramify.results.folder import FIGURES
from ramify.results.folder import HISTORY as HISTORY_FILE

SURFACE, CURVE = "surface.nc", "curve.nc"
MICRO = 1e6
SECONDS = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns"))
"""Factors to the unit of time that the end of a run is at least one of."""


def plot_meshed(folder: Path) -> list[Path]:
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
    with house_style():
        made = [_plot_fields(folder / FIELDS_FILE, out / "fields.png")]
        if (folder / SURFACE).is_file():
            made.append(_plot_surface(folder / SURFACE, out / "surface.png"))
        if (folder / CURVE).is_file():
            made.append(_plot_curve(folder / CURVE, out / "curve.png"))
        if (folder / HISTORY_FILE).is_file():
            made.append(_plot_history(folder / HISTORY_FILE, out / "history.png"))
    return [path for path in made if path is not None]


def _plot_fields(file: Path, path: Path) -> Path | None:
    """Profiles in one dimension; the plane, or the plane y = 0 of a solid, of the last snapshot."""
    with h5netcdf.File(file, "r", locking=False) as data:
        places = np.array([data.variables[axis][...] for axis in "xyz"])
        cells = data.variables["cells"][...]
        dimension = int(data.variables["mesh"].attrs["topology_dimension"])
        fields = {
            name: (variable[...], dict(variable.attrs))
            for name, variable in data.variables.items()
            if variable.dimensions == ("time", "node")
        }
    if dimension == 1:
        return _profiles(places[2], fields, path)
    triangles = _plane(places, cells, dimension)
    if triangles is None:
        return None
    figure, axes = plt.subplots(1, len(fields), figsize=(2.6 * len(fields), 4.2), squeeze=False, layout="constrained")
    for axis, (name, (values, attributes)) in zip(axes[0], fields.items(), strict=True):
        label, factor = _label(name, attributes)
        shown = np.ma.masked_invalid(values[-1] * factor)
        drawn = Triangulation(places[0] * MICRO, places[2] * MICRO, triangles)
        drawn.set_mask(np.ma.getmaskarray(shown)[triangles].any(axis=1))
        picture = axis.tripcolor(drawn, shown.filled(0.0), shading="gouraud", cmap="viridis")
        live = shown[triangles[~drawn.mask]] if drawn.mask is not None else shown
        picture.set_clim(live.min(), live.max())
        figure.colorbar(picture, ax=axis, label=label, shrink=0.8)
        axis.set(xlabel="$x$ (µm)", ylabel="$z$ (µm)", aspect="equal")
    return _saved(figure, path)


def _plane(places: np.ndarray, cells: np.ndarray, dimension: int) -> np.ndarray | None:
    """Triangles of a plane mesh, or of the faces at the lowest y of a solid one; None where there is no such plane."""
    corners = {3: ((0, 1, 2),), 4: ((0, 1, 2), (0, 2, 3)), 6: ((0, 1, 2),), 9: ((0, 1, 2), (0, 2, 3))}
    if dimension == 2:
        return np.concatenate([cells[:, list(three)] for three in corners[cells.shape[1]]])
    low = places[1].min()
    on = np.abs(places[1] - low) < 1e-6 * np.ptp(places[1])
    hexahedron = cells.shape[1] in (8, 27)
    sides = ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
    faces = sides if hexahedron else ((0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 2, 3))
    found = [cells[:, list(face)][on[cells[:, list(face)]].all(axis=1)] for face in faces]
    flat = np.concatenate(found)
    if not len(flat):
        return None
    return np.concatenate([flat[:, [0, 1, 2]], flat[:, [0, 2, 3]]]) if hexahedron else flat


def _profiles(z: np.ndarray, fields: dict[str, tuple[np.ndarray, dict[str, Any]]], path: Path) -> Path:
    """One panel per field, one line per snapshot, at most five."""
    order = np.argsort(z)
    figure, axes = plt.subplots(1, len(fields), figsize=(3.2 * len(fields), 2.8), squeeze=False, layout="constrained")
    factor, unit = (1e9, "nm") if np.ptp(z) < 1e-7 else (MICRO, "µm")
    for axis, (name, (values, attributes)) in zip(axes[0], fields.items(), strict=True):
        label, scale = _label(name, attributes)
        for k, row in enumerate(sorted({round(r) for r in np.linspace(0, len(values) - 1, min(5, len(values)))})):
            axis.plot(z[order] * factor, values[row][order] * scale, color=LINES[k], lw=1.2)
        axis.set(xlabel=f"$z$ ({unit})", ylabel=label)
    return _saved(figure, path)


def _plot_surface(file: Path, path: Path) -> Path:
    """Current density of the facets against height, or along x where the electrode is flat."""
    with h5netcdf.File(file, "r", locking=False) as data:
        values = data.variables["current_density"][...]
        z = data.variables["z"][...]
        x = data.variables["x"][...] if "x" in data.variables else np.zeros_like(z)
    place, name = (z, "z") if np.ptp(z) > 0.0 else (x, "x")
    figure, axis = plt.subplots(figsize=(4.0, 3.0), layout="constrained")
    axis.plot(place * MICRO, values * 0.1, ".", ms=2.5, color=LINES[0])
    axis.set(xlabel=f"${name}$ (µm)", ylabel="Current density $i_n$ (mA/cm²)")
    axis.set_ylim(bottom=min(0.0, float(values.min()) * 0.1))
    return _saved(figure, path)


def _plot_curve(file: Path, path: Path) -> Path | None:
    """Charge, capacitance and current against the voltage, those that are not zero throughout."""
    with h5netcdf.File(file, "r", locking=False) as data:
        voltage = data.variables["voltage"][...]
        curves = {
            name: (variable[...], name.replace("_", " "), str(variable.attrs["units"]))
            for name, variable in data.variables.items()
            if name != "voltage" and np.any(variable[...])
        }
    if not curves:
        return None
    figure, axes = plt.subplots(1, len(curves), figsize=(3.2 * len(curves), 2.8), squeeze=False, layout="constrained")
    order = np.argsort(voltage)
    for axis, (values, name, unit) in zip(axes[0], curves.values(), strict=True):
        axis.plot(voltage[order], values[order], ".-", color=LINES[0])
        axis.set(xlabel="Voltage (V)", ylabel=f"{name[0].upper()}{name[1:]} ({unit})")
    return _saved(figure, path)


def _plot_history(file: Path, path: Path) -> Path | None:
    """Voltage, current, charge and smallest concentration against time, those that the history has and that change."""
    with h5netcdf.File(file, "r", locking=False) as data:
        time = data.variables["time"][...]
        columns = [
            (data.variables[name][...], dict(data.variables[name].attrs))
            for name in ("voltage", "current", "surface_charge", "minimum_concentration")
            if name in data.variables and _changes(data.variables[name][...])
        ]
    if not columns:
        return None
    factor, unit = next(((f, u) for f, u in SECONDS if time[-1] * f >= 1.0), (1.0, "s"))
    figure, axes = plt.subplots(1, len(columns), figsize=(3.2 * len(columns), 2.8), squeeze=False, layout="constrained")
    for axis, (values, attributes) in zip(axes[0], columns, strict=True):
        # the first row is before the start, where a jump may come
        axis.plot(time[1:] * factor, values[1:], color=LINES[0], lw=1.2)
        text = str(attributes["long_name"])
        axis.set(xlabel=f"Time ({unit})", ylabel=f"{text[0].upper()}{text[1:]}\n({attributes['units']})")
    return _saved(figure, path)


def _changes(values: np.ndarray) -> bool:
    return bool(np.ptp(values[1:]) > 1e-6 * np.abs(values).max()) if len(values) > 2 else True


def _label(name: str, attributes: dict[str, Any]) -> tuple[str, float]:
    """Axis label of a field and the factor to its shown unit."""
    if name in FIELDS:
        return FIELDS[name].label, FIELDS[name].shown_factor
    text = str(attributes["long_name"])
    return f"{text[0].upper()}{text[1:]} ({attributes['units']})", 1.0


def _saved(figure: Any, path: Path) -> Path:
    figure.savefig(path)
    plt.close(figure)
    return path
