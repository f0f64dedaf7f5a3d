"""Extended XYZ, frame by frame: number of atoms, a line of key=value pairs, one row an atom.

The format says neither whether coordinates are folded into the box nor the unit of time; lengths are in angstrom.
Source: the extended XYZ specification (libAtoms/extxyz).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import shown
from ramify.atomistic.frames import Box, Frame
from ramify.atomistic.lammps_dump import MOST_ATOMS, atom_rows, numeric_columns
from ramify.atomistic.lines import Lines, number, open_lines, whole

PAIR = re.compile(r'([A-Za-z_][\w.-]*)\s*=\s*(?:"([^"]*)"|\'([^\']*)\'|([^\s"\']+))')
DEFAULT = "species:S:1:pos:R:3"
KINDS = {"S", "R", "I", "L"}


def read_extxyz(path: Path) -> Iterator[Frame]:
    """The frames of an extended XYZ file.

    Raises
    ------
    AtomisticError
        With file and line: no extended XYZ, no positions or species, a frame that is cut off, no numbers.
    """
    with open_lines(path) as lines:
        for line in lines:
            if not line.strip() and lines.number > 1:
                continue
            yield _frame(lines, whole(line, lines, "the number of atoms", 1))
        if lines.number == 0:
            raise lines.error("the file is empty", line=1)


def _frame(lines: Lines, count: int) -> Frame:
    begin = lines.number
    if count > MOST_ATOMS:
        raise lines.error("too many atoms", str(count), f"up to {MOST_ATOMS}")
    comment = lines.need("the line of properties").decode("utf-8", "replace")
    pairs = {key.lower(): a or b or c for key, a, b, c in PAIR.findall(comment)}
    names = _columns(pairs.get("properties", DEFAULT), lines)
    box = _box(pairs, lines)
    step = next((whole(pairs[key].encode(), lines, key) for key in ("step", "timestep") if key in pairs), None)
    block = atom_rows(lines, count, begin)
    wanted = ["pos.0", "pos.1", "pos.2", *(["id.0"] if "id.0" in names else [])]
    values = numeric_columns(block, names, wanted, lines)
    at = names.index("species.0")
    elements = np.array([row.split()[at].decode("ascii", "replace") for row in block])
    ids = values[:, 3].astype(np.int64) if "id.0" in names else None
    return Frame(step, None, box, ids, (elements, "element"), values[:, :3], None, "unknown", begin)


def _columns(properties: str, lines: Lines) -> list[str]:
    """Names of the columns that `Properties` declares: pos.0, pos.1, ..."""
    parts = properties.split(":")
    names: list[str] = []
    for name, kind, width in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        if kind not in KINDS or not width.isdigit() or not 0 < int(width) < 1000:
            break
        names += [f"{name}.{k}" for k in range(int(width))]
    sound = (
        len(parts) % 3 == 0 and {"species.0", "pos.0", "pos.1", "pos.2"} <= set(names) and len(set(names)) == len(names)
    )
    if not sound:
        raise lines.error("Properties does not declare species and pos", shown(properties), f"such as {DEFAULT}")
    return names


def _box(pairs: dict[str, str], lines: Lines) -> Box | None:
    if "lattice" not in pairs:
        return None
    words = pairs["lattice"].split()
    if len(words) != 9:
        raise lines.error("Lattice does not hold nine numbers", shown(pairs["lattice"]))
    vectors = np.array([number(word.encode(), lines, "Lattice") for word in words]).reshape(3, 3)
    flags = [word in ("T", "true", "True", "1") for word in pairs.get("pbc", "T T T").replace(",", " ").split()]
    if len(flags) != 3:
        raise lines.error("pbc does not hold three flags", shown(pairs["pbc"]))
    if not abs(np.linalg.det(vectors)) > 0.0:
        raise lines.error("Lattice has no volume", shown(pairs["lattice"]))
    return Box(np.zeros(3), vectors, (flags[0], flags[1], flags[2]))
