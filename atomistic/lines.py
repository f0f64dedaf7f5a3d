"""Text files line by line, plain or gzip, of any length in bounded memory; every refusal names file and line."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ramify.atomistic.errors import AtomisticError, shown

LONGEST_LINE = 1 << 16
"""Bytes; no line of a text file of these kinds is longer."""
CHUNK = 65_536
"""Lines read at once."""
GZIP = b"\x1f\x8b"


class Lines:
    """The lines of a file, counted."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self.path, self.number = path, 0
        self._stream = stream

    def next(self) -> bytes | None:
        """The next line with its end; None at the end of the file. A last line that was cut off is refused."""
        (line,) = self._read(1)
        return self._checked(line) if line else None

    def rows(self, count: int) -> list[bytes]:
        """Up to that many lines at once, fewer where the file ends; refused as `next` refuses them."""
        rows: list[bytes] = []
        while len(rows) < count:
            part = self._read(min(count - len(rows), CHUNK))
            whole = b"".join(part)
            if whole.count(b"\n") != len(part) or b"\0" in whole:  # the end of the file, or something to refuse
                for line in part:
                    if not line:
                        return rows
                    rows.append(self._checked(line))
            else:
                self.number += len(part)
                rows += part
        return rows

    def _read(self, count: int) -> list[bytes]:
        """That many lines, empty ones at the end of the file."""
        readline = self._stream.readline
        try:
            return [readline(LONGEST_LINE) for _ in range(count)]
        except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as failure:
            told = "compressed data end early: the file is truncated" if isinstance(failure, EOFError) else str(failure)
            raise AtomisticError(told, self.path, self.number + 1, allowed="a whole file") from None

    def _checked(self, line: bytes) -> bytes:
        """A line that is whole and text."""
        self.number += 1
        if not line.endswith(b"\n"):
            if len(line) == LONGEST_LINE:
                raise self.error("the line is too long for a text file")
            raise self.error("the last line has no end: the file is truncated", shown(line), "a whole file")
        if b"\0" in line:
            raise self.error("holds binary data", allowed="a text file, or such a file compressed with gzip")
        return line

    def need(self, what: str) -> bytes:
        """The next line, which has to be there."""
        line = self.next()
        if line is None:
            raise AtomisticError(
                f"the file ends where {what} should follow", self.path, self.number, allowed="a whole file"
            )
        return line

    def take(self, count: int, what: str) -> list[bytes]:
        """That many lines, all of which have to be there."""
        return [self.need(f"{what}, line {k + 1} of {count}") for k in range(count)]

    def error(
        self, problem: str, value: str | None = None, allowed: str | None = None, line: int | None = None
    ) -> AtomisticError:
        """The error about the current line, or the one given."""
        return AtomisticError(problem, self.path, self.number if line is None else line, value=value, allowed=allowed)

    def __iter__(self) -> Iterator[bytes]:
        while (line := self.next()) is not None:
            yield line


@contextmanager
def open_lines(path: Path) -> Iterator[Lines]:
    """The lines of a plain or gzip-compressed file, told apart by their first bytes."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
        with path.open("rb") as raw:
            # a buffer of our own: that of gzip answers every line from Python
            stream = io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 20) if packed else raw
            yield Lines(path, stream)
    except FileNotFoundError:
        raise AtomisticError("no such file", path) from None
    except OSError as failure:
        raise AtomisticError(f"cannot be read: {failure.strerror or failure}", path) from None


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def number(text: bytes, lines: Lines, what: str) -> float:
    """A finite number of a line, or the refusal."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise lines.error(f"{what} is no finite number", shown(text))
    return value


def whole(text: bytes, lines: Lines, what: str, least: int = 0) -> int:
    """A whole number of a line, or the refusal."""
    word = text.strip()
    if not word.lstrip(b"+-").isdigit() or len(word) > 19 or int(word) < least:
        raise lines.error(f"{what} is no whole number of at least {least}", shown(text))
    return int(word)
