"""LAMMPS log files: what was simulated, and the thermodynamic table of every run.

Commands are taken as LAMMPS echoed them after replacing its variables. Tables of different columns stay apart, one
for each run. A run that did not come to its end is refused, unless the caller can do with part of it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError, shown
from ramify.atomistic.lines import Lines, number, open_lines, whole

MOST_ROWS = 10_000_000
"""Of one table."""


@dataclass(frozen=True)
class Run:
    """One `run` command and its table."""

    columns: tuple[str, ...]
    rows: np.ndarray
    """[row, column] in the units of the log."""
    timestep: float
    """In the time unit of the log."""
    atoms: int
    line: int
    """At which its table begins."""

    def column(self, name: str) -> np.ndarray:
        """One column of the table; KeyError where there is none."""
        if name not in self.columns:
            raise KeyError(name)
        return self.rows[:, self.columns.index(name)]


@dataclass
class Output:
    """A `dump` or `fix ave/time` command."""

    kind: str
    """'dump' or 'ave/time'."""
    file: str
    every: int
    """Steps between its lines or frames."""
    run: int
    """Index of the first run that writes it."""


@dataclass
class Log:
    """What a log file tells."""

    path: Path
    version: str
    units: str | None = None
    units_line: int = 0
    runs: list[Run] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    potential: list[str] = field(default_factory=list)
    """The pair_style and pair_coeff commands."""
    thermostat: float | None = None
    """Target temperature of the last thermostat, where it is constant [K]."""
    masses: dict[int, float] = field(default_factory=dict)
    """By type, as `mass` commands give them."""
    dangerous_builds: int = 0
    timestep_line: int = 0

    def output(self, path: Path) -> Output | None:
        """The command that wrote a file of that name, compressed or renamed by an added suffix."""
        name = path.name.removesuffix(".gz")
        return next((output for output in self.outputs if Path(output.file).name.removesuffix(".gz") == name), None)

    def temperature(self, run: Run) -> tuple[float, float] | None:
        """Mean temperature of a run and the standard error of the mean, from blocks of its table [K]."""
        if "Temp" not in run.columns or len(run.rows) < 3:
            return None
        values = run.column("Temp")[1:]
        blocks = np.array([block.mean() for block in np.array_split(values, min(10, len(values)))])
        return float(values.mean()), float(blocks.std(ddof=1) / np.sqrt(len(blocks)))


def read_log(path: Path) -> Log:
    """A log file.

    Raises
    ------
    AtomisticError
        For what is no LAMMPS log, for a log that ends within a run, for one that reports an error.
    """
    with open_lines(path) as lines:
        first = lines.next() or b""
        if not first.startswith(b"LAMMPS ("):
            raise AtomisticError(
                "is no LAMMPS log", path, 1, value=shown(first), allowed="a file that begins with 'LAMMPS (version)'"
            )
        log = Log(path, shown(first).removeprefix("LAMMPS ").strip("()"))
        timestep: float | None = None
        for line in lines:
            words = line.split()
            if not words or b"$" in line or b"#" in words[0]:
                continue
            if words[0] == b"Step" and len(words) > 1:
                log.runs.append(_table(lines, words, _known_timestep(log, timestep, lines)))
            elif words[0] == b"timestep" and len(words) == 2:
                timestep = number(words[1], lines, "timestep")
                log.timestep_line = lines.number
            elif words[0] == b"ERROR:" or line.startswith(b"ERROR"):
                raise lines.error(f"the simulation ended with an error: {shown(line)}", allowed="a finished run")
            else:
                _command(log, words, line, lines)
    if not log.runs:
        raise AtomisticError("holds no run", path, lines.number, allowed="a log with at least one thermodynamic table")
    return log


def _known_timestep(log: Log, timestep: float | None, lines: Lines) -> float:
    """The timestep in force: the one given, or the default of the style."""
    from ramify.atomistic.unit_styles import unit_style

    if timestep is not None:
        return timestep
    if log.units is None:
        raise lines.error("a run begins before the log says its units", allowed="a log that echoes 'units STYLE'")
    style = unit_style(log.units)
    return style.default_timestep / style.time


def _command(log: Log, words: list[bytes], line: bytes, lines: Lines) -> None:
    """Take note of a command that matters here."""
    name = words[0]
    if name == b"units" and len(words) == 2:
        log.units, log.units_line = shown(words[1]), lines.number
    elif name in (b"pair_style", b"pair_coeff"):
        log.potential.append(shown(line, 200))
    elif name == b"mass" and len(words) == 3 and words[1].isdigit():
        log.masses[int(words[1])] = number(words[2], lines, "mass")
    elif name == b"dump" and len(words) >= 6:
        log.outputs.append(
            Output("dump", shown(words[5], 300), whole(words[4], lines, "dump interval", 1), len(log.runs))
        )
    elif name == b"fix" and len(words) > 3:
        _fix(log, words, lines)
    elif line.startswith(b"Dangerous builds ="):
        log.dangerous_builds += whole(words[-1], lines, "dangerous builds")


def _fix(log: Log, words: list[bytes], lines: Lines) -> None:
    """Averages that are written to a file, and thermostats."""
    if words[3] == b"ave/time" and b"file" in words[:-1] and len(words) > 7:
        file = shlex.split(shown(words[words.index(b"file") + 1], 300))[0]
        log.outputs.append(Output("ave/time", file, whole(words[6], lines, "interval of averages", 1), len(log.runs)))
    elif b"temp" in words[3:-2]:
        at = words.index(b"temp")
        start, stop = number(words[at + 1], lines, "temperature"), number(words[at + 2], lines, "temperature")
        log.thermostat = start if start == stop else None
    elif words[3] == b"langevin" and len(words) > 6:
        start, stop = number(words[4], lines, "temperature"), number(words[5], lines, "temperature")
        log.thermostat = start if start == stop else None


def _table(lines: Lines, header: list[bytes], timestep: float) -> Run:
    """The table under a header, up to `Loop time`."""
    columns = tuple(shown(word) for word in header)
    rows: list[list[float]] = []
    begin = lines.number
    for line in lines:
        if line.startswith(b"Loop time of"):
            words = line.split()
            atoms = whole(words[-2], lines, "number of atoms", 1) if words[-1] == b"atoms" else 0
            return Run(columns, np.array(rows).reshape(-1, len(columns)), timestep, atoms, begin)
        words = line.split()
        if line.startswith(b"ERROR"):
            raise lines.error(f"the simulation ended with an error: {shown(line)}", allowed="a finished run")
        if line.startswith(b"WARNING") or not words:
            continue
        try:
            row = [float(word) for word in words]
        except ValueError:
            continue  # what fixes print between the rows
        if len(row) != len(columns):
            problem = f"{len(row)} values under {len(columns)} columns ({' '.join(columns)[:60]})"
            raise lines.error(problem, shown(line))
        if len(rows) == MOST_ROWS:
            raise lines.error(f"the table has more than {MOST_ROWS} rows")
        rows.append(row)
    raise AtomisticError(
        f"the log ends within a run (its table begins at line {begin}; no 'Loop time' follows)",
        lines.path,
        lines.number,
        allowed="the log of a finished run",
    )
