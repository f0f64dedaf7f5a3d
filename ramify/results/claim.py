"""The claim on a result folder: one process writes into it, whoever asks first.

The claim is a lock of the system on `.claim` inside the folder. Taking it is atomic, also between machines that share
the folder, and it ends with its process however that ends, so that no stale claim is left behind. Where a file system
has no locks the claim is void and nothing is refused.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

NAME = ".claim"


class FolderClaimed(OSError):
    """Another process writes into the folder."""


class Claim:
    """Claim on an existing folder; FolderClaimed where another process has it, OSError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._path = Path(folder) / NAME
        self._handle: int | None = None
        while self._handle is None:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            if self._lock(handle) and self._is_in_place(handle):
                self._handle = handle
            else:
                os.close(handle)

    def _lock(self, handle: int) -> bool:
        if fcntl is None:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                os.close(handle)
                raise FolderClaimed(f"{self._path.parent}: another run is writing into this folder") from None
        return True

    def _is_in_place(self, handle: int) -> bool:
        """Whether the locked file is still the folder's: its last owner may just have taken it away."""
        try:
            return os.path.samestat(os.fstat(handle), os.stat(self._path))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let others have the folder."""
        if self._handle is None:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._handle)
        self._handle = None
