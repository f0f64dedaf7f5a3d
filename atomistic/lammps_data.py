"""LAMMPS data files: the header, the box, the masses; where a simulation began, and what its types are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ramify.atomistic.errors import AtomisticError, shown
from ramify.atomistic.lines import number, open_lines, whole


@dataclass(frozen=True)
class Data:
    """The head of a data file."""

    path: Path
    units: str | None
    atoms: int
    types: int
    masses: dict[int, float]
    """By type, in the file's unit of mass."""


def read_data(path: Path) -> Data:
    """Header and masses of a data file; rows of its atoms are counted.

    Raises
    ------
    AtomisticError
        For what is no data file, and for one whose atoms are fewer than its header declares.
    """
    counts = {b"atoms": 0, b"types": 0}
    masses: dict[int, float] = {}
    units: str | None = None
    with open_lines(path) as lines:
        title = lines.need("a title").decode("utf-8", "replace")
        found = re.search(r"units = (\w+)", title)
        if found:
            units = found[1]
        for line in lines:
            words = line.split(b"#")[0].split()
            if words[1:] == [b"atoms"]:
                counts[b"atoms"] = whole(words[0], lines, "the number of atoms", 1)
            elif words[1:] == [b"atom", b"types"]:
                counts[b"types"] = whole(words[0], lines, "the number of types", 1)
            elif words == [b"Masses"]:
                lines.need("an empty line")
                for row in lines.take(counts[b"types"], "the masses"):
                    parts = row.split(b"#")[0].split()
                    if len(parts) != 2:
                        raise lines.error("no type with its mass", shown(row))
                    masses[whole(parts[0], lines, "type", 1)] = number(parts[1], lines, "mass")
            elif words == [b"Atoms"]:
                lines.need("an empty line")
                held = 0
                for row in lines:
                    if not row.strip():
                        break
                    held += 1
                if held != counts[b"atoms"]:
                    raise lines.error(
                        f"{held} of {counts[b'atoms']} atoms: the file is truncated", allowed="a whole file"
                    )
                break
        if not counts[b"atoms"] or not counts[b"types"]:
            raise AtomisticError(
                "is no LAMMPS data file",
                path,
                1,
                value=shown(title),
                allowed="a header with 'N atoms' and 'M atom types'",
            )
    return Data(path, units, counts[b"atoms"], counts[b"types"], masses)
