"""Checkpoints: everything a bitwise restart needs, in HDF5 without pickle.

A file holds one JSON manifest, the nest of names and plain values in which each array is a number, and the arrays
themselves, contiguous and uncompressed under `arrays/`. Its sha256 runs over the manifest and every array with
type and shape. A file is written beside its final name, synced and renamed; the newest two are kept, so a kill at
any moment leaves a whole one. Files are read with suspicion: only plain numbers stored inside the file itself,
never more than the file is long.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ramify.results.room import require_room
from ramify.results.summary import sync_folder

FORMAT = "ramify checkpoint"
VERSION = 1
KEPT = 2
"""Checkpoints kept in a folder."""
NUMBER_KINDS = "biufc"
"""Numpy kinds an array may have: truth values, integers, floats, complex."""
_NAME = re.compile(r"checkpoint-(\d+)\.h5")


class CheckpointError(RuntimeError):
    """No checkpoint can be read; the message says which file and why."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read back."""

    saved: dict[str, Any]
    """What was handed to `write_checkpoint`; arrays and numpy numbers bit for bit."""
    meta: dict[str, Any]
    path: Path
    skipped: tuple[str, ...]
    """Why newer files were passed over, one message each; empty as a rule."""


def write_checkpoint(folder: Path, saved: dict[str, Any], meta: dict[str, Any]) -> Path:
    """Write a checkpoint, then drop all but the newest two.

    Parameters
    ----------
    folder
        Made where missing.
    saved, meta
        Nested dictionaries (text keys), lists and tuples of arrays and numbers, truth values, text and None.

    Returns
    -------
    Path
        The file, on disk under its final name.

    Raises
    ------
    TypeError
        For a value that cannot be stored without pickle; the message names its place.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays: list[np.ndarray] = []
    nest = {"saved": _encode(saved, "saved", arrays), "meta": _encode(meta, "meta", arrays)}
    manifest = json.dumps(nest).encode()
    files = _files(folder)
    number = 1 + (int(_NAME.fullmatch(files[0].name)[1]) if files else 0)  # type: ignore[index]
    path = folder / f"checkpoint-{number:08d}.h5"
    partial = folder / f".{path.name}.partial"
    try:
        _write(partial, manifest, arrays)
    except (OSError, RuntimeError):
        partial.unlink(missing_ok=True)  # a full disk keeps the room for what can still be written
        raise
    os.replace(partial, path)
    sync_folder(folder)
    for old in _files(folder)[KEPT:]:
        old.unlink()
    for leftover in folder.glob(".checkpoint-*.partial"):
        leftover.unlink()
    return path


def read_checkpoint(folder: Path) -> Checkpoint:
    """The newest checkpoint that is whole.

    Raises
    ------
    CheckpointError
        If the folder has none; the message gives the reason for each file.
    """
    skipped: list[str] = []
    for path in _files(Path(folder)):
        try:
            nest = _read(path)
        except CheckpointError as error:
            skipped.append(f"{path.name} was passed over: {error}")
        else:
            return Checkpoint(nest["saved"], nest["meta"], path, tuple(skipped))
    reasons = "; ".join(skipped) or "the folder has no checkpoint"
    raise CheckpointError(f"nothing to resume from in {folder}: {reasons}")


def _write(path: Path, manifest: bytes, arrays: list[np.ndarray]) -> None:
    require_room(path, len(manifest) + sum(array.nbytes + 1024 for array in arrays))
    with h5py.File(path, "w", locking=False) as file:
        file.attrs["format"] = FORMAT
        file.attrs["version"] = VERSION
        file.attrs["sha256"] = _digest(manifest, arrays)
        file.create_dataset("manifest", data=np.frombuffer(manifest, dtype=np.uint8))
        group = file.create_group("arrays")
        for index, array in enumerate(arrays):
            group.create_dataset(str(index), data=array)
    _sync_file(path)


def _files(folder: Path) -> list[Path]:
    """Checkpoints of a folder, newest first."""
    found = [path for path in folder.glob("checkpoint-*.h5") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]), reverse=True)


def _sync_file(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _digest(manifest: bytes, arrays: list[np.ndarray]) -> str:
    digest = hashlib.sha256(manifest)
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.asarray(array, order="C").reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _encode(value: Any, place: str, arrays: list[np.ndarray]) -> Any:
    """The value as JSON; arrays are moved to `arrays` and replaced by their number."""
    # bool, int and float in this order: numpy's float64 is a float too, and must come back as what it was.
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind not in NUMBER_KINDS:
            raise TypeError(f"{place}: an array of {value.dtype} cannot go into a checkpoint; numbers only")
        arrays.append(np.asarray(value, order="C"))
        return {"number" if isinstance(value, np.generic) else "array": len(arrays) - 1}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise TypeError(f"{place}: key {wrong[0]!r} is not text")
        return {"dict": {key: _encode(item, f"{place}.{key}", arrays) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_encode(item, f"{place}[{index}]", arrays) for index, item in enumerate(value)]}
    raise TypeError(f"{place}: a {type(value).__name__} cannot go into a checkpoint; arrays, numbers and text only")


def _decode(node: Any, arrays: list[np.ndarray]) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, content),) = node.items()
    if kind == "dict":
        return {key: _decode(item, arrays) for key, item in content.items()}
    if kind in ("list", "tuple"):
        items = [_decode(item, arrays) for item in content]
        return items if kind == "list" else tuple(items)
    return arrays[content] if kind == "array" else arrays[content][()]


def _read(path: Path) -> dict[str, Any]:
    try:
        with h5py.File(path, "r", locking=False) as file:
            _check_header(file)
            length = path.stat().st_size
            manifest = _load(file, "manifest", length).tobytes()
            group = file.get("arrays") if isinstance(file.get("arrays", getlink=True), h5py.HardLink) else None
            if not isinstance(group, h5py.Group):
                raise CheckpointError("it has no arrays")
            arrays = [_load(group, str(index), length) for index in range(len(group))]
            if _digest(manifest, arrays) != file.attrs["sha256"]:
                raise CheckpointError("its checksum does not match its contents; it is damaged")
        return {key: _decode(node, arrays) for key, node in json.loads(manifest).items()}
    except (OSError, KeyError, ValueError, TypeError, IndexError, RuntimeError, RecursionError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"it cannot be read ({error})") from error


def _check_header(file: h5py.File) -> None:
    if file.attrs.get("format") != FORMAT:
        raise CheckpointError("it is not a checkpoint of this program")
    version = int(file.attrs["version"])
    if version != VERSION:
        raise CheckpointError(f"it has format version {version}; this program reads version {VERSION}")


def _load(group: h5py.Group, name: str, length: int) -> np.ndarray:
    """A plain array of numbers stored in this very file, not longer than the file."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise CheckpointError(f"'{name}' is a link to elsewhere, which is refused")
    item = group[name]
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in NUMBER_KINDS:
        raise CheckpointError(f"'{name}' is not an array of numbers")
    if item.external or item.is_virtual or item.chunks:
        raise CheckpointError(f"'{name}' is not stored plainly in the file, which is refused")
    if item.size is None or item.nbytes > length:
        raise CheckpointError(f"'{name}' claims to be larger than the file")
    return np.asarray(item[()])
