"""`history.nc` and `fields.nc`: netCDF-4 files that grow along an unlimited time axis.

Each append opens the file, writes, and closes it again, so that between two appends the file on disk is complete
and anybody may read it; file locks are off, so that a reader cannot stop the run. Variables of `fields.nc` are
[time, z, y, x]; static ones, such as the host, are [z, y, x] and stored once.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5netcdf
import numpy as np

from ramify.physics.classical_nucleation import SIZE_CLASSES
from ramify.results.fields import COORDINATES, FIELDS, HISTORY, RADIUS, Quantity, lookup
from ramify.results.room import require_room
from ramify.results.timeline import row_for, rows_until

if TYPE_CHECKING:
    from ramify.phasefield.problem import Domain

CONVENTIONS = "CF-1.11"
HISTORY_CHUNK = 1024
"""Rows per chunk of a history column."""
AXIS_OF = {"profile": "z", "histogram": "radius"}
"""Second axis of a history column, by the role of its quantity."""
FIELD_CHUNK_BYTES = 8 * 2**20
"""Largest chunk of a field; a chunk never spans two snapshots."""


def _open(path: Path, mode: str) -> h5netcdf.File:
    return h5netcdf.File(path, mode, locking=False)


def _describe(variable: Any, quantity: Quantity) -> None:
    for key, value in quantity.attributes.items():
        variable.attrs[key] = value


class HistoryFile:
    """Time series of a run, one row per accepted step, buffered in memory between flushes.

    Parameters
    ----------
    path
        `history.nc`; continued where it exists.
    extra
        Columns beyond the field table, for models that have more to report.
    layers
        Middles of the layers along z [m], which profiles need.
    flush_rows, flush_seconds
        The buffer goes to disk when it holds so many rows, or at the first append after so much wall time.
    """

    def __init__(
        self,
        path: Path,
        extra: Iterable[Quantity] = (),
        *,
        layers: np.ndarray | None = None,
        flush_rows: int = 256,
        flush_seconds: float = 10.0,
    ) -> None:
        self.path = Path(path)
        self._extra = tuple(extra)
        self._layers = layers
        self._flush_rows, self._flush_seconds = flush_rows, flush_seconds
        self._buffer: list[dict[str, Any]] = []
        self._flushed_at = clock.monotonic()
        self._columns: tuple[str, ...] = ()
        if self.path.exists():
            with _open(self.path, "r") as file:
                # without a row it is begun anew, with the columns that the first one has
                along = (name for name, v in file.variables.items() if v.dimensions[0] == "time")
                self._columns = tuple(along) if len(file.dimensions["time"]) else ()

    def append(self, row: Mapping[str, float | np.ndarray]) -> None:
        """One row; the first one fixes the columns, which must include `time` [s].

        Raises
        ------
        KeyError
            For a name that is not in the table, or columns that differ from those of the first row.
        """
        if not self._columns:
            self._create(row)
        if set(row) != set(self._columns):
            different = ", ".join(sorted(set(row) ^ set(self._columns)))
            raise KeyError(f"{self.path.name}: a row must have the columns of the first row; these differ: {different}")
        self._buffer.append(dict(row))
        waited = clock.monotonic() - self._flushed_at
        if len(self._buffer) >= self._flush_rows or waited >= self._flush_seconds:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered."""
        self._flushed_at = clock.monotonic()
        if not self._buffer:
            return
        require_room(self.path, 8 * sum(np.size(value) for row in self._buffer for value in row.values()))
        with _open(self.path, "a") as file:
            start = len(file.dimensions["time"])
            stop = start + len(self._buffer)
            file.resize_dimension("time", stop)
            for name in self._columns:
                file.variables[name][start:stop] = np.array([row[name] for row in self._buffer])
        self._buffer.clear()

    def truncate_after(self, time: float) -> int:
        """Drop rows later than `time` [s]; returns how many went."""
        self.flush()
        if not self._columns:
            return 0
        with _open(self.path, "a") as file:
            times = file.variables["time"][...]
            keep = rows_until(times, time)
            if keep < len(times):
                file.resize_dimension("time", keep)
        return len(times) - keep

    def begin_anew(self) -> None:
        """Forget the columns of a file that is no longer there."""
        self._columns = ()
        self._buffer.clear()

    def create_empty(self) -> None:
        """A file without rows, for a run that comes to an end before its first step; none where there is a file."""
        if not self._columns and not self.path.exists():
            self._create({name: 0.0 for name, quantity in HISTORY.items() if quantity.role not in AXIS_OF})
            self._columns = ()

    def _create(self, row: Mapping[str, float | np.ndarray]) -> None:
        quantities = lookup(row, HISTORY, self._extra)
        if "time" not in row:
            raise KeyError(f"{self.path.name}: a row needs 'time'")
        require_room(self.path, 2048 * len(quantities))
        with _open(self.path, "w") as file:
            file.attrs["Conventions"] = CONVENTIONS
            file.attrs["title"] = "ramify history: one row per accepted time step"
            file.dimensions = {"time": None}
            for quantity in quantities:
                axis = AXIS_OF.get(quantity.role)
                if axis is not None and axis not in file.dimensions:
                    self._create_axis(file, axis, quantity)
                along = (len(file.dimensions[axis]),) if axis is not None else ()
                axes = ("time", axis) if axis is not None else ("time",)
                rows = max(1, HISTORY_CHUNK // (1 + sum(along) // 8))
                variable = file.create_variable(
                    quantity.name, axes, quantity.dtype, chunks=(rows, *along), compression="gzip"
                )
                _describe(variable, quantity)
        self._columns = tuple(quantity.name for quantity in quantities)

    def _create_axis(self, file: h5netcdf.File, axis: str, quantity: Quantity) -> None:
        """The second axis of a column that holds many values in each row."""
        middles = self._layers if axis == "z" else np.sqrt(SIZE_CLASSES[1:] * SIZE_CLASSES[:-1])
        if middles is None:
            raise KeyError(f"{self.path.name}: '{quantity.name}' needs the layers along z")
        file.dimensions[axis] = len(middles)
        variable = file.create_variable(axis, (axis,), "f8")
        variable[...] = middles
        _describe(variable, COORDINATES["z"] if axis == "z" else RADIUS)


class FieldsFile:
    """Snapshots of fields on the cells, [time, z, y, x], with coordinates of the cell centres.

    Parameters
    ----------
    path
        `fields.nc`; continued where it exists.
    domain
        Box and cells of the run.
    extra
        Fields beyond the field table.
    """

    def __init__(self, path: Path, domain: Domain, extra: Iterable[Quantity] = ()) -> None:
        self.path = Path(path)
        self.domain = domain
        self._extra = tuple(extra)

    def append(self, time: float, fields: Mapping[str, np.ndarray]) -> None:
        """One snapshot; a second one at the last stored time takes its place.

        Parameters
        ----------
        time
            [s], not earlier than the last stored one.
        fields
            Arrays (nz, ny, nx) in SI units. The first snapshot fixes which; static fields are read from it and
            may be left out later.

        Raises
        ------
        ValueError
            For a wrong shape, a time before the last one, or other fields than those of the first snapshot.
        KeyError
            For a field that is not in the table.
        """
        self._check_shapes(fields)
        require_room(self.path, sum(values.nbytes for values in fields.values()))
        if not self.path.exists():
            self._create(fields)
        with _open(self.path, "a") as file:
            self._check_names(file, fields)
            times = file.variables["time"][...]
            row = row_for(times, time, self.path.name)
            file.resize_dimension("time", row + 1)
            file.variables["time"][row] = time
            for name, values in fields.items():
                variable = file.variables[name]
                if "time" in variable.dimensions:
                    variable[row, ...] = values

    def truncate_after(self, time: float) -> int:
        """Drop snapshots later than `time` [s]; returns how many went."""
        if not self.path.exists():
            return 0
        with _open(self.path, "a") as file:
            times = file.variables["time"][...]
            keep = rows_until(times, time)
            if keep < len(times):
                file.resize_dimension("time", keep)
        return len(times) - keep

    def _check_shapes(self, fields: Mapping[str, np.ndarray]) -> None:
        shape = self.domain.cells[::-1]
        for name, values in fields.items():
            if values.shape != shape:
                raise ValueError(f"field '{name}' has shape {values.shape}; the domain has {shape} cells (z, y, x)")

    def _check_names(self, file: h5netcdf.File, fields: Mapping[str, np.ndarray]) -> None:
        stored = {name for name, variable in file.variables.items() if len(variable.dimensions) > 1}
        moving = {name for name in stored if "time" in file.variables[name].dimensions}
        given = set(fields)
        if not moving <= given <= stored:
            different = ", ".join(sorted((moving - given) | (given - stored)))
            raise ValueError(
                f"{self.path.name}: every snapshot must have the fields of the first; these differ: {different}"
            )

    def _create(self, fields: Mapping[str, np.ndarray]) -> None:
        quantities = lookup(fields, FIELDS, self._extra)
        nx, ny, nz = self.domain.cells
        slab = max(1, min(nz, FIELD_CHUNK_BYTES // (8 * nx * ny)))
        with _open(self.path, "w") as file:
            file.attrs["Conventions"] = CONVENTIONS
            file.attrs["title"] = "ramify fields on the cells"
            file.attrs["domain_size"] = np.array(self.domain.size)
            file.attrs["domain_cells"] = np.array(self.domain.cells)
            file.attrs["lateral_faces"] = "periodic" if self.domain.periodic else "symmetry"
            file.dimensions = {"time": None, "z": nz, "y": ny, "x": nx}
            self._create_coordinates(file)
            for quantity in quantities:
                static = quantity.role == "static"
                axes: tuple[str, ...] = ("z", "y", "x") if static else ("time", "z", "y", "x")
                chunks = (slab, ny, nx) if static else (1, slab, ny, nx)
                variable = file.create_variable(
                    quantity.name, axes, "f8", chunks=chunks, compression="gzip", compression_opts=1, shuffle=True
                )
                _describe(variable, quantity)
                if static:
                    variable[...] = fields[quantity.name]

    def _create_coordinates(self, file: h5netcdf.File) -> None:
        _describe(file.create_variable("time", ("time",), "f8", chunks=(HISTORY_CHUNK,)), COORDINATES["time"])
        for axis, name in enumerate("xyz"):
            variable = file.create_variable(name, (name,), "f8")
            variable[...] = (np.arange(self.domain.cells[axis]) + 0.5) * self.domain.spacing[axis]
            _describe(variable, COORDINATES[name])
            variable.attrs["axis"] = name.upper()
