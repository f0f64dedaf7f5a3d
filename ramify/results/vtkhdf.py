"""`fields.vtkhdf`: the snapshots as a temporal VTKHDF image, for ParaView's time slider.

VTKHDF 2.0, type ImageData, data on the cells in single precision. An axis with one cell is no axis of the image:
1-D runs are a line along z, 2-D runs a sheet in x and z, and the arrays drop that axis, as VTK's reader expects.
Arrays are [step, (z, y, x)]; `Steps/CellDataOffsets` says at which row of an array a step begins, so a static field
is stored once and every step points at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from ramify.results.fields import FIELDS, Quantity, lookup
from ramify.results.room import require_room
from ramify.results.timeline import row_for, rows_until

if TYPE_CHECKING:
    from ramify.phasefield.problem import Domain

VERSION = (2, 0)
"""Of the VTKHDF format: the first with time steps for images, read by ParaView 5.12 and newer."""


class VtkHdfFile:
    """Snapshots for ParaView; continued where the file exists.

    Parameters
    ----------
    path
        `fields.vtkhdf`.
    domain
        Box and cells of the run.
    extra
        Fields beyond the field table.
    """

    def __init__(self, path: Path, domain: Domain, extra: Iterable[Quantity] = ()) -> None:
        self.path = Path(path)
        self.domain = domain
        self._extra = tuple(extra)
        self._shape = tuple(n for n in domain.cells[1::-1] if n > 1)
        self._shape = (domain.cells[2], *self._shape)

    def append(self, time: float, fields: Mapping[str, np.ndarray]) -> None:
        """One snapshot at `time` [s]; a second one at the last stored time takes its place.

        `fields` are arrays (nz, ny, nx) in SI units, always the same ones; static fields are read the first time.
        Raises ValueError if time goes back, KeyError for an unknown field.
        """
        require_room(self.path, sum(values.nbytes for values in fields.values()))
        if not self.path.exists():
            self._create(fields)
        with h5py.File(self.path, "r+", locking=False) as file:
            root = file["VTKHDF"]
            steps, data = root["Steps"], root["CellData"]
            row = row_for(steps["Values"][...], time, self.path.name)
            for name in data:
                static = data[name].maxshape[0] == 1
                offsets = steps["CellDataOffsets"][name]
                offsets.resize(row + 1, axis=0)
                offsets[row] = 0 if static else row
                if not static:
                    data[name].resize(row + 1, axis=0)
                    data[name][row] = np.reshape(fields[name], self._shape)
            steps["Values"].resize(row + 1, axis=0)
            steps["Values"][row] = time
            # The count goes last: a reader never sees a step whose data is not there yet.
            steps.attrs["NSteps"] = np.int64(row + 1)

    def truncate_after(self, time: float) -> int:
        """Drop snapshots later than `time` [s]; returns how many went."""
        if not self.path.exists():
            return 0
        with h5py.File(self.path, "r+", locking=False) as file:
            root = file["VTKHDF"]
            steps = root["Steps"]
            stored = len(steps["Values"])
            keep = rows_until(steps["Values"][...], time)
            steps.attrs["NSteps"] = np.int64(keep)
            growing = [array for array in root["CellData"].values() if array.maxshape[0] is None]
            for array in (*growing, *steps["CellDataOffsets"].values(), steps["Values"]):
                array.resize(keep, axis=0)
        return stored - keep

    def _create(self, fields: Mapping[str, np.ndarray]) -> None:
        quantities = lookup(fields, FIELDS, self._extra)
        with h5py.File(self.path, "w", locking=False) as file:
            root = file.create_group("VTKHDF")
            self._describe_image(root)
            steps = root.create_group("Steps")
            steps.attrs["NSteps"] = np.int64(0)
            steps.create_dataset("Values", (0,), "f8", maxshape=(None,), chunks=(1024,))
            offsets = steps.create_group("CellDataOffsets")
            data = root.create_group("CellData")
            # VTK takes the first scalars it meets as the active ones; metal is what people want to see.
            for quantity in quantities:
                self._create_array(data, quantity, fields[quantity.name])
                offsets.create_dataset(quantity.name, (0,), "i8", maxshape=(None,), chunks=(1024,))

    def _describe_image(self, root: h5py.Group) -> None:
        cells = [n if n > 1 or axis == 2 else 0 for axis, n in enumerate(self.domain.cells)]
        root.attrs["Version"] = np.array(VERSION, dtype="i8")
        root.attrs.create("Type", b"ImageData", dtype=h5py.string_dtype("ascii", len(b"ImageData")))
        root.attrs["WholeExtent"] = np.array([end for n in cells for end in (0, n)], dtype="i8")
        root.attrs["Origin"] = np.zeros(3)
        root.attrs["Spacing"] = np.array(self.domain.spacing)
        root.attrs["Direction"] = np.eye(3).ravel()

    def _create_array(self, data: h5py.Group, quantity: Quantity, values: np.ndarray) -> None:
        static = quantity.role == "static"
        array = data.create_dataset(
            quantity.name,
            (1 if static else 0, *self._shape),
            "f4",
            maxshape=(1 if static else None, *self._shape),
            chunks=(1, *self._shape),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )
        if static:
            array[0] = np.reshape(values, self._shape)
        array.attrs["units"] = quantity.unit
        array.attrs["long_name"] = quantity.long_name
