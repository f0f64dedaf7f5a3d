"""`fields.nc` and `fields.vtkhdf` of an unstructured mesh that does not move.

Values lie at the nodes or on the cells. The netCDF file follows the UGRID conventions as far as they go (nodes, cells
as lists of nodes, `mesh` as the topology), with one array [time, node] or [time, cell] per field; vectors have a third
axis of three components (x, y, z), symmetric tensors one of six (xx, yy, zz, xy, yz, xz).

The VTKHDF file (2.0, UnstructuredGrid, temporal) holds the mesh once; every step points at it and at its own rows of
the fields. Cells of second order are written as such. Points have three coordinates: an interval is along z, a plane
mesh in x and z, as everywhere in ramify.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import h5netcdf
import h5py
import numpy as np

from ramify.results.fields import COORDINATES, FIELDS, Quantity, lookup
from ramify.results.netcdf import CONVENTIONS
from ramify.results.room import require_room
from ramify.results.timeline import row_for, rows_until

if TYPE_CHECKING:
    from ramify.fem.whole import WholeMesh

COMPONENTS = {3: "axis", 6: "tensor"}
"""Axis of the components of vectors and of symmetric tensors."""
AXES = {1: (2,), 2: (0, 2), 3: (0, 1, 2)}
"""Axes of space that the coordinates of a mesh are along."""
VTKHDF_VERSION = (2, 0)


class MeshFieldFiles:
    """Both files of one run, begun with the first snapshot and continued where they exist.

    Parameters
    ----------
    netcdf, vtkhdf
        Paths.
    mesh
        The whole mesh.
    extra
        Fields beyond the field table.
    """

    def __init__(self, netcdf: Path, vtkhdf: Path, mesh: WholeMesh, extra: Iterable[Quantity] = ()) -> None:
        self.netcdf, self.vtkhdf, self.mesh = Path(netcdf), Path(vtkhdf), mesh
        self._extra = tuple(extra)
        self.points = np.zeros((len(mesh.points), 3))
        self.points[:, AXES[mesh.kind.dimension]] = mesh.points

    def append(
        self, time: float, fields: Mapping[str, np.ndarray], of_cells: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """One snapshot at `time` [s]: values (nodes, ...) and (cells, ...) in SI units, the same fields every time.

        Raises ValueError if time goes back, KeyError for a field that is not in the table.
        """
        of_cells = of_cells or {}
        every = {**fields, **of_cells}
        require_room(self.netcdf, 2 * sum(values.nbytes for values in every.values()))
        if not self.netcdf.exists() or not self.vtkhdf.exists():
            self._create(fields, of_cells)
        with h5netcdf.File(self.netcdf, "a", locking=False) as file:
            row = row_for(file.variables["time"][...], time, self.netcdf.name)
            file.resize_dimension("time", row + 1)
            file.variables["time"][row] = time
            for name, values in every.items():
                file.variables[name][row, ...] = values
        self._append_vtkhdf(row, time, {"PointData": fields, "CellData": of_cells})

    def truncate_after(self, time: float) -> int:
        """Drop snapshots later than `time` [s]; returns how many went."""
        if not self.netcdf.exists() or not self.vtkhdf.exists():
            return 0
        with h5netcdf.File(self.netcdf, "a", locking=False) as file:
            stored = len(file.variables["time"])
            keep = rows_until(file.variables["time"][...], time)
            file.resize_dimension("time", keep)
        with h5py.File(self.vtkhdf, "r+", locking=False) as file:
            steps = file["VTKHDF/Steps"]
            # Rows of the fields beyond the last step are written over.
            steps.attrs["NSteps"] = np.int64(keep)
            growing: list[h5py.Dataset] = []
            steps.visititems(lambda _, item: growing.append(item) if isinstance(item, h5py.Dataset) else None)
            for array in growing:
                array.resize(keep, axis=0)
        return stored - keep

    def _create(self, fields: Mapping[str, np.ndarray], of_cells: Mapping[str, np.ndarray]) -> None:
        stored = [
            (quantity, place, values[quantity.name].shape[1:])
            for place, values in (("node", fields), ("cell", of_cells))
            for quantity in lookup(values, FIELDS, self._extra)
        ]
        self._create_netcdf(stored)
        self._create_vtkhdf(stored)

    def _create_netcdf(self, stored: list[tuple[Quantity, str, tuple[int, ...]]]) -> None:
        mesh = self.mesh
        nodes, cells, corners = len(mesh.points), len(mesh.cells), mesh.cells.shape[1]
        with h5netcdf.File(self.netcdf, "w", locking=False) as file:
            file.attrs["Conventions"] = f"{CONVENTIONS} UGRID-1.0"
            file.attrs["title"] = "ramify fields at the nodes of a mesh"
            file.dimensions = {"time": None, "node": nodes, "cell": cells, "corner": corners}
            time = file.create_variable("time", ("time",), "f8", chunks=(256,))
            for key, value in COORDINATES["time"].attributes.items():
                time.attrs[key] = value
            for axis, name in enumerate("xyz"):
                variable = file.create_variable(name, ("node",), "f8")
                variable[...] = self.points[:, axis]
                variable.attrs["units"] = "m"
            topology = file.create_variable("mesh", (), "i4")
            topology.attrs["cf_role"] = "mesh_topology"
            topology.attrs["topology_dimension"] = np.int32(mesh.kind.dimension)
            topology.attrs["node_coordinates"] = "x y z"
            place = {1: "edge", 2: "face", 3: "volume"}[mesh.kind.dimension]
            topology.attrs[f"{place}_node_connectivity"] = "cells"
            connectivity = file.create_variable("cells", ("cell", "corner"), "i4", compression="gzip")
            connectivity[...] = mesh.cells
            connectivity.attrs["start_index"] = np.int32(0)
            connectivity.attrs["cell_kind"] = f"{mesh.kind.name} of order {mesh.order}"
            for name, inside in mesh.regions.items():
                region = file.create_variable(f"region_{_plain(name)}", ("cell",), "i1", compression="gzip")
                region[...] = inside
                region.attrs["long_name"] = f"cells of the region {name}"
            for quantity, place, shape in stored:
                axes = ["time", place]
                for length in shape:
                    file.dimensions.setdefault(COMPONENTS[length], length)
                    axes.append(COMPONENTS[length])
                chunks = (1, nodes if place == "node" else cells, *shape)
                variable = file.create_variable(
                    quantity.name, tuple(axes), "f8", chunks=chunks, compression="gzip", compression_opts=1
                )
                for key, value in quantity.attributes.items():
                    variable.attrs[key] = value
                variable.attrs["mesh"] = "mesh"
                variable.attrs["location"] = place

    def _create_vtkhdf(self, stored: list[tuple[Quantity, str, tuple[int, ...]]]) -> None:
        mesh = self.mesh
        cells, corners = mesh.cells.shape
        with h5py.File(self.vtkhdf, "w", locking=False) as file:
            root = file.create_group("VTKHDF")
            root.attrs["Version"] = np.array(VTKHDF_VERSION, dtype="i8")
            root.attrs.create("Type", b"UnstructuredGrid", dtype=h5py.string_dtype("ascii", len(b"UnstructuredGrid")))
            root["NumberOfPoints"] = np.array([len(mesh.points)], dtype="i8")
            root["NumberOfCells"] = np.array([cells], dtype="i8")
            root["NumberOfConnectivityIds"] = np.array([cells * corners], dtype="i8")
            root["Points"] = self.points
            root["Connectivity"] = mesh.cells.astype("i8").ravel()
            root["Offsets"] = np.arange(0, cells * corners + 1, corners, dtype="i8")
            root["Types"] = np.full(cells, mesh.kind.vtk[mesh.order - 1], dtype="u1")
            steps = root.create_group("Steps")
            steps.attrs["NSteps"] = np.int64(0)
            for name in ("Values", "PartOffsets", "NumberOfParts", "PointOffsets", "CellOffsets"):
                steps.create_dataset(name, (0,), "f8" if name == "Values" else "i8", maxshape=(None,), chunks=(256,))
            steps.create_dataset("ConnectivityIdOffsets", (0, 1), "i8", maxshape=(None, 1), chunks=(256, 1))
            groups = {
                place: (root.create_group(f"{name}Data"), steps.create_group(f"{name}DataOffsets"))
                for place, name in (("node", "Point"), ("cell", "Cell"))
            }
            for quantity, place, shape in stored:
                data, offsets = groups[place]
                rows = max(1, len(mesh.points) if place == "node" else cells)
                array = data.create_dataset(
                    quantity.name,
                    (0, *shape),
                    "f8",
                    maxshape=(None, *shape),
                    chunks=(rows, *shape),
                    compression="gzip",
                    compression_opts=1,
                )
                array.attrs["units"] = quantity.unit
                array.attrs["long_name"] = quantity.long_name
                offsets.create_dataset(quantity.name, (0,), "i8", maxshape=(None,), chunks=(256,))
            of_cells, cell_offsets = groups["cell"]
            for name, inside in mesh.regions.items():
                of_cells[f"region_{_plain(name)}"] = inside.astype("u1")
                cell_offsets.create_dataset(f"region_{_plain(name)}", (0,), "i8", maxshape=(None,), chunks=(256,))

    def _append_vtkhdf(self, row: int, time: float, fields: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        with h5py.File(self.vtkhdf, "r+", locking=False) as file:
            root = file["VTKHDF"]
            steps = root["Steps"]
            for group, values in fields.items():
                for name in root[group]:
                    if name not in values:  # a region, stored once
                        _put(steps[f"{group}Offsets"][name], row, 0)
                        continue
                    data, count = root[group][name], len(values[name])
                    data.resize((row + 1) * count, axis=0)
                    data[row * count :] = values[name]
                    _put(steps[f"{group}Offsets"][name], row, row * count)
            for name in ("PartOffsets", "PointOffsets", "CellOffsets", "ConnectivityIdOffsets"):
                _put(steps[name], row, 0)
            _put(steps["NumberOfParts"], row, 1)
            _put(steps["Values"], row, time)
            # The count goes last: a reader never sees a step whose data is not there yet.
            steps.attrs["NSteps"] = np.int64(row + 1)


def _put(array: h5py.Dataset, row: int, value: float) -> None:
    array.resize(row + 1, axis=0)
    array[row] = value


def _plain(name: str) -> str:
    """The name with nothing but letters, digits and underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)
