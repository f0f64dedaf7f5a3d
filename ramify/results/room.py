"""Room on the disk, asked for before HDF5 writes: HDF5 does not survive a disk that fills up under it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

MARGIN = 32 * 1024
"""What a file needs beyond its data for its own order, and what the summary takes [bytes]."""


def require_room(path: Path, size: int) -> None:
    """OSError (no space left) unless the disk of a file has room for so many bytes more."""
    free = shutil.disk_usage(path.parent).free
    if free < size + MARGIN:
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({free} bytes free)", str(path))
