"""Files of LAMMPS' `fix ave/time` in scalar mode: one row a time, such as MSD or VACF.

# Time-averaged data for fix m
# TimeStep c_m[1] c_m[2] c_m[3] c_m[4]
0 0.1 0.2 0.3 0.6
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError, nearest, shown
from ramify.atomistic.lines import number, open_lines, whole

MOST_ROWS = 20_000_000


@dataclass(frozen=True)
class Table:
    """Columns over the steps of a run."""

    path: Path
    fix: str
    """The fix's name in the simulation."""
    columns: tuple[str, ...]
    """Without the step."""
    steps: np.ndarray
    """[row], int64, rising evenly."""
    values: np.ndarray
    """[row, column] in the simulation's units."""

    def column(self, name: str) -> np.ndarray:
        """One column; AtomisticError names those there are."""
        if name not in self.columns:
            raise AtomisticError(
                "no such column", self.path, 2, value=name, allowed=", ".join(self.columns),
                suggestion=nearest(name, self.columns),
            )  # fmt: skip
        return self.values[:, self.columns.index(name)]


def read_table(path: Path) -> Table:
    """A `fix ave/time` file.

    Raises
    ------
    AtomisticError
        For what is no such file, rows of another length, values that are no finite numbers, steps that do not rise
        evenly (a file that a restart appended to), a last line without end.
    """
    steps: list[int] = []
    rows: list[list[float]] = []
    with open_lines(path) as lines:
        title, header = lines.need("a title"), lines.need("the columns' names").split()
        if not title.startswith(b"# Time-averaged data for fix") or header[:2] != [b"#", b"TimeStep"]:
            raise AtomisticError(
                "is no file of fix ave/time", path, 1, value=shown(title),
                allowed="'# Time-averaged data for fix NAME' and '# TimeStep ...' as the first lines",
            )  # fmt: skip
        if header[2:3] == [b"Number-of-rows"]:
            raise lines.error("holds vectors at each step", allowed="scalars at each step ('mode scalar')")
        columns = tuple(shown(word) for word in header[2:])
        for line in lines:
            words = line.split()
            if len(words) != len(columns) + 1:
                problem = f"{len(words)} values where step and {len(columns)} columns should stand"
                raise lines.error(problem, shown(line), "a whole row")
            step = whole(words[0], lines, "the step")
            if (len(steps) > 1 and step - steps[-1] != steps[1] - steps[0]) or (steps and step <= steps[-1]):
                problem = f"the step follows {steps[-1]}: steps do not rise evenly"
                raise lines.error(problem, str(step), "the file of one run")
            if len(steps) == MOST_ROWS:
                raise lines.error(f"more than {MOST_ROWS} rows")
            steps.append(step)
            rows.append([number(word, lines, f"column {name}") for word, name in zip(words[1:], columns, strict=True)])
    if len(steps) < 3:
        raise AtomisticError(f"holds {len(steps)} rows", path, lines.number, allowed="three rows or more")
    return Table(path, shown(title.split()[-1]), columns, np.array(steps), np.array(rows))
