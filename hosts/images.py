"""Voxel images: TIFF stacks, raw volumes, NumPy arrays; only as much is read as a host needs.

Whatever a file declares is checked against its length and against `LARGEST_IMAGE` before any of it is read; nothing
in it is ever executed (no pickled objects).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LARGEST_IMAGE = 1_000_000_000
"""Voxels of a file beyond which it is refused."""
LARGEST_PART = 256_000_000
"""Voxels read at once."""
KINDS = ("u1", "i1", "u2", "i2", "u4", "i4")
SUFFIXES = (".tif", ".tiff", ".raw", ".npy")


class ImageError(ValueError):
    """What is wrong with a file, and what is allowed."""


@dataclass(frozen=True)
class RawLayout:
    """What a raw volume does not say of itself."""

    shape: tuple[int, int, int]
    """Voxels along x, y, z; x runs fastest in the file."""
    dtype: str
    """NumPy's name, such as 'uint8' or '>u2'."""


@dataclass(frozen=True)
class Image:
    """A volume of labels that has been looked at but not read."""

    shape: tuple[int, int, int]
    """Voxels along x, y, z."""
    read: Callable[[tuple[slice, slice, slice]], np.ndarray]
    """Labels [z, y, x] of the slices given in the order z, y, x."""


def open_image(path: Path, layout: RawLayout | None = None) -> Image:
    """The image in a file.

    Raises
    ------
    ImageError
        Saying what is wrong with the file and what is allowed.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ImageError(f"'{suffix or path.name}' is no image format that is read; allowed: {', '.join(SUFFIXES)}")
    if (layout is None) != (suffix != ".raw"):
        wanted = "needs 'shape' and 'dtype' beside it" if layout is None else "says its shape and dtype itself"
        raise ImageError(f"a {suffix} file {wanted}")
    if not path.is_file():
        raise ImageError("no such file")
    try:
        if suffix == ".npy":
            return _npy(path)
        return _raw(path, layout) if layout is not None else _tiff(path)
    except (ImageError, ImportError):
        raise
    except Exception as failure:  # whatever a broken file makes its reader raise is the user's input
        raise ImageError(f"cannot be read as {suffix}: {str(failure)[:120] or type(failure).__name__}") from None


def _checked(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, int, int]:
    """Shape [z, y, x] of a volume of labels; ImageError for anything else."""
    if len(shape) != 3 or min(shape, default=0) < 1:
        raise ImageError(f"holds an array of shape {shape}; allowed: a volume of three axes")
    if dtype.kind == "b":
        dtype = np.dtype("u1")
    if dtype.str[1:] not in KINDS:
        raise ImageError(f"holds {dtype} values; allowed: labels, integers of 8, 16 or 32 bits")
    if math.prod(shape) > LARGEST_IMAGE:
        raise ImageError(f"declares {math.prod(shape)} voxels; allowed: up to {LARGEST_IMAGE}")
    return shape[0], shape[1], shape[2]


def _npy(path: Path) -> Image:
    with path.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ImageError(f"is an .npy file of version {version}; allowed: 1.0, 2.0")
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = reader(stream)
        start = stream.tell()
    if dtype.hasobject:
        raise ImageError("holds pickled Python objects, which are never read; allowed: an array of integers")
    nz, ny, nx = _checked(shape, dtype)
    _whole(path, start + nx * ny * nz * dtype.itemsize)
    return _mapped(path, start, (nz, ny, nx), dtype, "F" if fortran else "C")


def _raw(path: Path, layout: RawLayout) -> Image:
    try:
        dtype = np.dtype(layout.dtype)
    except TypeError:
        raise ImageError(f"'{layout.dtype[:24]}' is no data type; allowed: such as uint8 or >u2") from None
    nz, ny, nx = _checked(layout.shape[::-1], dtype)
    _whole(path, nx * ny * nz * dtype.itemsize, exact=True)
    return _mapped(path, 0, (nz, ny, nx), dtype, "C")


def _whole(path: Path, needed: int, exact: bool = False) -> None:
    held = path.stat().st_size
    if held < needed or (exact and held != needed):
        raise ImageError(f"holds {held} bytes, where its shape and data type need {needed}")


def _mapped(path: Path, start: int, shape: tuple[int, int, int], dtype: np.dtype[Any], order: str) -> Image:
    def read(part: tuple[slice, slice, slice]) -> np.ndarray:
        volume = np.memmap(path, dtype, "r", start, shape, "F" if order == "F" else "C")
        return np.array(volume[part])

    return Image((shape[2], shape[1], shape[0]), read)


class _Listener(logging.Handler):
    """What the TIFF reader complains of, which it otherwise only logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.told.append(record.getMessage())


@contextmanager
def _open_tiff(path: Path) -> Iterator[Any]:
    """The opened stack; ImageError where the reader finds it damaged."""
    try:
        import tifffile
    except ImportError:
        raise ImportError("a TIFF stack needs the [hosts] extra: pip install 'ramify[hosts]'") from None
    logger, listener = logging.getLogger("tifffile"), _Listener()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        with tifffile.TiffFile(path) as file:
            yield file
        damage = [text for text in listener.told if any(word in text for word in ("invalid", "corrupt", "failed"))]
        if damage:
            raise ImageError(f"is damaged: {damage[0][:120]}")
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagate


def _tiff(path: Path) -> Image:
    with _open_tiff(path) as file:
        if not file.series:
            raise ImageError("is a TIFF file without images")
        series = file.series[0]
        nz, ny, nx = _checked(tuple(series.shape), np.dtype(series.dtype))
        paged = len(series.pages) == nz
        ends = [
            o + n for page in series.pages if page for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]
        if (held := path.stat().st_size) < max(ends, default=0):
            raise ImageError(f"is truncated: it holds {held} bytes, and its images end at byte {max(ends)}")

    def read(part: tuple[slice, slice, slice]) -> np.ndarray:
        pages = range(*part[0].indices(nz))
        try:
            with _open_tiff(path) as again:
                whole = again.asarray(key=pages, series=0) if paged else again.asarray(series=0)[part[0]]
        except ImageError:
            raise
        except Exception as failure:  # a truncated or corrupt stack
            raise ImageError(f"cannot be read as .tif: {str(failure)[:120] or type(failure).__name__}") from None
        found = np.asarray(whole).reshape(len(pages), ny, nx)
        return np.array(found[:, part[1], part[2]])

    return Image((nx, ny, nz), read)
