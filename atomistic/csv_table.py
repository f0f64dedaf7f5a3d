"""Small CSV tables whose header carries the units: `time [ps], size [1]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError, nearest, shown
from ramify.atomistic.lines import Lines, number, open_lines

MOST_ROWS = 10_000_000
COLUMN = re.compile(r"\s*([A-Za-z_ ]+?)\s*\[\s*([^\]]+?)\s*\]\s*")
UNITS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15},
    "length": {"m": 1.0, "um": 1e-6, "nm": 1e-9, "A": 1e-10},
    "temperature": {"K": 1.0},
    "number": {"1": 1.0},
    "energy": {"J": 1.0, "eV": 1.602176634e-19, "kJ/mol": 1e3 / 6.02214076e23, "kcal/mol": 4184.0 / 6.02214076e23},
}
"""Allowed units of each kind of column, and their factor to SI."""


@dataclass(frozen=True)
class Csv:
    """Columns of a table in SI."""

    path: Path
    columns: dict[str, np.ndarray]


def read_csv(path: Path, kinds: dict[str, str], required: tuple[str, ...]) -> Csv:
    """A table.

    Parameters
    ----------
    path : Path
        The file.
    kinds : dict of str to str
        Allowed columns, and the kind of unit of each (`UNITS`).
    required : tuple of str
        Columns that must be there.

    Raises
    ------
    AtomisticError
        With file, line and column.
    """
    with open_lines(path) as lines:
        header = lines.need("the header").decode("utf-8-sig", "replace")
        names, factors = _header(header, kinds, lines)
        for name in required:
            if name not in names:
                raise lines.error(f"the column {name} is missing", shown(header), ", ".join(kinds))
        rows: list[list[float]] = []
        for line in lines:
            if not line.strip() or line.startswith(b"#"):
                continue
            words = line.split(b",")
            if len(words) != len(names):
                raise lines.error(f"{len(words)} values under {len(names)} columns", shown(line))
            if len(rows) == MOST_ROWS:
                raise lines.error(f"more than {MOST_ROWS} rows")
            rows.append([number(word, lines, name) for word, name in zip(words, names, strict=True)])
    if not rows:
        raise AtomisticError("holds no rows", path, lines.number)
    table = np.array(rows)
    return Csv(path, {name: table[:, k] * factors[k] for k, name in enumerate(names)})


def _header(header: str, kinds: dict[str, str], lines: Lines) -> tuple[list[str], list[float]]:
    names, factors = [], []
    for part in header.strip().split(","):
        found = COLUMN.fullmatch(part)
        example = ", ".join(f"{name} [{next(iter(UNITS[kind]))}]" for name, kind in kinds.items())
        if not found:
            raise lines.error("no column with its unit", shown(part), example)
        name, unit = found[1].strip().lower().replace(" ", "_"), found[2]
        if name not in kinds:
            hint = nearest(name, kinds)
            raise lines.error("unknown column" + (f" (did you mean '{hint}'?)" if hint else ""), shown(part), example)
        if unit not in UNITS[kinds[name]]:
            raise lines.error(f"not a unit of {name}", shown(unit), ", ".join(UNITS[kinds[name]]))
        if name in names:
            raise lines.error("a column stands twice", name)
        names.append(name)
        factors.append(UNITS[kinds[name]][unit])
    return names, factors
