"""PLUMED files: COLVAR (a time series) and FES (a free energy on a grid).

Both begin with `#! FIELDS name ...`; `#! SET key value` lines follow. PLUMED writes kJ/mol, nm and ps unless its input
says otherwise, and the file does not tell: the unit of energy has to be stated. Source: PLUMED manual, Files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError, nearest, shown
from ramify.atomistic.lines import number, open_lines

MOST_ROWS = 20_000_000


@dataclass(frozen=True)
class Fields:
    """Named columns of a PLUMED file."""

    path: Path
    names: tuple[str, ...]
    rows: np.ndarray
    """[row, field]."""
    settings: dict[str, str]
    """What `#! SET` says."""

    def field(self, name: str) -> np.ndarray:
        """One field; AtomisticError names those there are."""
        if name not in self.names:
            raise AtomisticError(
                "no such field", self.path, 1, value=name, allowed=", ".join(self.names),
                suggestion=nearest(name, self.names),
            )  # fmt: skip
        return self.rows[:, self.names.index(name)]


def read_plumed(path: Path) -> Fields:
    """A COLVAR or FES file.

    Raises
    ------
    AtomisticError
        With file and line: no FIELDS line, fields that change within the file, rows cut short, no finite numbers
        (an unvisited part of a free energy, `inf`, is kept).
    """
    names: tuple[str, ...] = ()
    settings: dict[str, str] = {}
    rows: list[list[float]] = []
    with open_lines(path) as lines:
        for line in lines:
            words = line.split()
            if words[:2] == [b"#!", b"FIELDS"]:
                found = tuple(shown(word) for word in words[2:])
                if names and found != names:
                    raise lines.error("the fields change within the file", " ".join(found), " ".join(names))
                names = found
            elif words[:2] == [b"#!", b"SET"] and len(words) == 4:
                settings[shown(words[2])] = shown(words[3])
            elif not names:
                raise lines.error("is no PLUMED file", shown(line), "a file that begins with '#! FIELDS'")
            elif words and not line.startswith(b"#"):
                if len(words) != len(names):
                    problem = f"{len(words)} values under {len(names)} fields ({' '.join(names)[:60]})"
                    raise lines.error(problem, shown(line), "a whole row")
                if len(rows) == MOST_ROWS:
                    raise lines.error(f"more than {MOST_ROWS} rows")
                rows.append([
                    float("inf") if word in (b"inf", b"Infinity") else number(word, lines, f"field {name}")
                    for word, name in zip(words, names, strict=True)
                ])  # fmt: skip
    if not rows:
        raise AtomisticError("holds no rows", path, lines.number, allowed="a COLVAR or FES file with values")
    return Fields(path, names, np.array(rows), settings)


def free_energy_profile(fields: Fields, field: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Collective variable and free energy of a one-dimensional FES file, unvisited bins left out.

    The energy is the field `file.free` (plumed sum_hills) or the one named; the variable is the first field.
    """
    name = field or "file.free"
    energy = fields.field(name)
    variable = fields.rows[:, 0]
    if (np.diff(variable) <= 0.0).any():
        raise AtomisticError(
            "the first field does not rise: no profile of one variable", fields.path, 1, value=fields.names[0],
            allowed="a free energy over one collective variable",
        )  # fmt: skip
    kept = np.isfinite(energy)
    return variable[kept], energy[kept]
