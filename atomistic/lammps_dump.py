"""LAMMPS dumps in text form (`dump custom`, `dump atom`), plain or gzip, frame by frame.

| columns | coordinates |
|---|---|
| xu yu zu, xsu ysu zsu | unwrapped |
| x y z or xs ys zs, with ix iy iz | folded into the box, with the number of times each face was crossed |
| x y z or xs ys zs alone | folded, the crossings lost |
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError, shown
from ramify.atomistic.frames import Box, Frame, Kind
from ramify.atomistic.lines import Lines, number, open_lines, whole
from ramify.atomistic.numbers import rows_of_numbers

MOST_ATOMS = 100_000_000
CHOICES: tuple[tuple[tuple[str, str, str], bool, bool], ...] = (
    (("xu", "yu", "zu"), True, False),
    (("xsu", "ysu", "zsu"), True, True),
    (("x", "y", "z"), False, False),
    (("xs", "ys", "zs"), False, True),
)
"""Columns of coordinates, whether they are unwrapped, whether in units of the box; the first that is there is read."""
IMAGES = ("ix", "iy", "iz")


def read_dump(path: Path) -> Iterator[Frame]:
    """The frames of a dump, one at a time.

    Raises
    ------
    AtomisticError
        With file and line: no dump, binary, no coordinates, a frame that is cut off, values that are no numbers.
    """
    units: str | None = None
    time: float | None = None
    with open_lines(path) as lines:
        for line in lines:
            if line.startswith(b"ITEM: UNITS"):
                units = shown(lines.need("the unit style")).strip()
            elif line.startswith(b"ITEM: TIME") and not line.startswith(b"ITEM: TIMESTEP"):
                time = number(lines.need("the time"), lines, "the time")
            elif line.startswith(b"ITEM: TIMESTEP"):
                yield _frame(lines, units, time)
                time = None
            elif lines.number == 1:
                raise lines.error("is no LAMMPS dump", shown(line), "a file that begins with 'ITEM: TIMESTEP'")
            else:
                raise lines.error("no item of a LAMMPS dump at the start of a frame", shown(line), "'ITEM: TIMESTEP'")
        if lines.number == 0:
            raise AtomisticError("the file is empty", path, 1, allowed="a LAMMPS dump")


def _frame(lines: Lines, units: str | None, time: float | None) -> Frame:
    begin = lines.number
    step = whole(lines.need("the step"), lines, "the step")
    _item(lines, b"ITEM: NUMBER OF ATOMS")
    count = whole(lines.need("the number of atoms"), lines, "the number of atoms", 1)
    if count > MOST_ATOMS:
        raise lines.error("too many atoms", str(count), f"up to {MOST_ATOMS}")
    box = _box(lines)
    names = [shown(word) for word in _item(lines, b"ITEM: ATOMS").split()[2:]]
    if len(set(names)) < len(names):
        raise lines.error("a column stands twice", " ".join(names))
    columns, unwrapped, scaled = _coordinates(names, lines)
    folded_columns = [] if unwrapped or not set(IMAGES) <= set(names) else list(IMAGES)
    wanted = [*columns, *folded_columns, *(name for name in ("id", "type") if name in names)]
    if "type" not in names and "element" not in names:
        raise lines.error("no column says what an atom is", " ".join(names), "a column 'type' or 'element'")
    block = atom_rows(lines, count, begin)
    values = dict(zip(wanted, numeric_columns(block, names, wanted, lines).T, strict=True))
    positions = np.stack([values[name] for name in columns], axis=1)
    if scaled:
        positions = box.origin + positions @ box.vectors
    images = np.stack([values[name] for name in IMAGES], axis=1).astype(np.int64) if folded_columns else None
    kind: Kind = "unwrapped" if unwrapped else "wrapped" if images is None else "images"
    if "type" in names:
        return Frame(step, time, box, _ids(values, lines, count), (values["type"].astype(np.int64), "type"),
                     positions, images, kind, begin, units)  # fmt: skip
    at = names.index("element")
    elements = np.array([row.split()[at].decode("ascii", "replace") for row in block])
    return Frame(
        step, time, box, _ids(values, lines, count), (elements, "element"), positions, images, kind, begin, units
    )


def _item(lines: Lines, item: bytes) -> bytes:
    line = lines.need(f"'{item.decode()}'")
    if not line.startswith(item):
        raise lines.error("the frame is not whole", shown(line), f"'{item.decode()}' here")
    return line


def atom_rows(lines: Lines, count: int, begin: int) -> list[bytes]:
    """The lines of a frame's atoms."""
    first = lines.number + 1
    rows = lines.rows(count)
    held = len(rows)
    if b"ITEM:" in b"".join(rows):
        held = next((k for k, row in enumerate(rows) if row.startswith(b"ITEM:")), held)
    if held < count:
        raise AtomisticError(
            f"the frame that begins at line {begin} has {held} of its {count} atoms: the file is truncated",
            lines.path, min(first + held, lines.number),
            allowed=f"whole frames; the lines before {begin} hold whole ones",
        )  # fmt: skip
    return rows


def _ids(values: dict[str, np.ndarray], lines: Lines, count: int) -> np.ndarray | None:
    if "id" not in values:
        return None
    ids = values["id"].astype(np.int64)
    if len(np.unique(ids)) < count:
        raise lines.error("two atoms of a frame have the same id", allowed="each id once")
    return ids


def _coordinates(names: list[str], lines: Lines) -> tuple[tuple[str, str, str], bool, bool]:
    for columns, unwrapped, scaled in CHOICES:
        if set(columns) <= set(names):
            return columns, unwrapped, scaled
    allowed = " or ".join(" ".join(columns) for columns, _, _ in CHOICES)
    raise lines.error("no coordinates among the columns", " ".join(names), allowed)


def numeric_columns(block: list[bytes], names: list[str], wanted: list[str], lines: Lines) -> np.ndarray:
    """The wanted columns [row, column] of a block of lines; all must be finite and every row whole."""
    at = [names.index(name) for name in wanted]
    values = rows_of_numbers(b"".join(block), len(block), len(names))
    if values is not None:
        values = values[:, at]
    else:
        try:
            values = np.loadtxt(block, usecols=at, ndmin=2, comments=None, encoding="latin1")
        except ValueError:
            values = np.full(1, np.nan)
    if not np.isfinite(values).all() or len(values) != len(block):
        first = lines.number - len(block) + 1
        for k, row in enumerate(block):
            words = row.split()
            if len(words) != len(names):
                raise lines.error(
                    f"{len(words)} values where {len(names)} should stand ({' '.join(names)})", shown(row),
                    "a whole row", first + k,
                )  # fmt: skip
            for name, index in zip(wanted, at, strict=True):
                try:
                    value = float(words[index])
                except ValueError:
                    value = float("nan")
                if not np.isfinite(value):
                    raise lines.error(f"column {name} is no finite number", shown(words[index]), line=first + k)
        raise lines.error("the frame's rows cannot be read", line=first)
    return np.asarray(values)


def _box(lines: Lines) -> Box:
    """The box: bounds of an orthogonal one, or of the box around a tilted one with the three tilts."""
    words = _item(lines, b"ITEM: BOX BOUNDS").split()[3:]
    tilted = words[:3] == [b"xy", b"xz", b"yz"]
    flags = words[3:] if tilted else words
    if len(flags) != 3 or any(len(flag) != 2 or set(flag) - set(b"pfsm") for flag in flags):
        raise lines.error("no box of three pairs of boundary flags", shown(b" ".join(words)), "such as 'pp pp pp'")
    rows = []
    for axis in "xyz":
        words = lines.need(f"the bounds of {axis}").split()
        if len(words) != (3 if tilted else 2):
            raise lines.error("not the bounds of a box", shown(b" ".join(words)))
        rows.append([number(word, lines, f"a bound of {axis}") for word in words])
    bounds = np.array(rows)
    low, high = bounds[:, 0].copy(), bounds[:, 1].copy()
    vectors = np.zeros((3, 3))
    if tilted:
        xy, xz, yz = bounds[:, 2]
        low[0] -= min(0.0, xy, xz, xy + xz)
        high[0] -= max(0.0, xy, xz, xy + xz)
        low[1] -= min(0.0, yz)
        high[1] -= max(0.0, yz)
        vectors[1, 0], vectors[2, 0], vectors[2, 1] = xy, xz, yz
    vectors[np.diag_indices(3)] = high - low
    if (high <= low).any():
        raise lines.error("the box has no volume", " ".join(f"{value:g}" for value in high - low))
    periodic = tuple(flag == b"pp" for flag in flags)
    return Box(low, vectors, (periodic[0], periodic[1], periodic[2]))
