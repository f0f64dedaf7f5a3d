"""Small copies of the files of the runs: what is needed to read them again, with few frames, compressed.

    python thin.py OUT SMALL

Logs and averages are kept whole. Of a dump every n-th frame stays, and where two decimals are enough they are all that
stays. Of a seeded run the order over time is kept (`ramify atomistic order`), and what became of each seed is told in
seeds.csv: its size is that of the largest crystalline cluster 0.6 ps after all atoms were let free (at that moment the
melt around the held ball is ordered too); it grew if at the end it has twice that or fills four fifths of the box, and
melted if it has less than half. A run that is neither is left out and named.
"""

from __future__ import annotations

import argparse
import gzip
import math
import sys
from pathlib import Path

from run import CASES, Case, finished

FRAMES = {"liquid": 20, "vacancies": 25, "limg10": 25, "cluster": 40}
"""That are left of a dump, by the beginning of the run's name; of other runs the averages alone are kept."""
ROWS = 27_000
"""Most lines of a dump, atoms times frames."""
EXACT = ("liquid-550K",)
"""Runs that keep their decimals: of one the coordinates are there wrapped and unwrapped."""
SETTLED = 1
"""Frame of a seeded run at which the seed has its size."""
HEAD = "temperature [K], size [1], grown [1], runs [1]"


def main() -> None:
    """Copy what has finished."""
    parser = argparse.ArgumentParser(description="Small copies of the files of the runs.")
    parser.add_argument("out", type=Path, help="folder of the runs")
    parser.add_argument("small", type=Path, help="folder of the copies")
    given = parser.parse_args()
    rows = []
    for case in CASES:
        folder, target = given.out / case.name, given.small / case.name
        if not finished(folder):
            continue
        target.mkdir(parents=True, exist_ok=True)
        if case.input == "in.seed":
            if not (folder / "order.csv").exists():
                sys.exit(f"{folder}/order.csv: not there; 'ramify atomistic order' makes it (README.md)")
            write(target / "order.csv.gz", (folder / "order.csv").read_text())
            rows += fate(case, folder / "order.csv")
            continue
        write(target / "log.lammps.gz", (folder / "log.lammps").read_text())
        write(target / "msd.dat.gz", (folder / "msd.dat").read_text())
        for dump in sorted(folder.glob("dump*.lammpstrj")):
            thin(case, dump, target / f"{dump.name}.gz")
    if rows:
        (given.small / "seeds.csv").write_text("\n".join([HEAD, *sorted(rows)]) + "\n")


def write(path: Path, text: str) -> None:
    """A compressed file that is the same whenever it is made."""
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def thin(case: Case, dump: Path, target: Path) -> None:
    """Every n-th frame of a dump."""
    wanted = FRAMES.get(case.name.split("-")[0])
    if wanted is None or (case.name.count("-") > 1 and not case.name.startswith("cluster")):
        return
    head, *frames = dump.read_text().split("ITEM: TIME\n")
    every = math.ceil((len(frames) - 1) / min(wanted, ROWS // case.atoms))
    kept = [frame if case.name in EXACT else rounded(frame) for frame in frames[::every]]
    write(target, head + "".join(f"ITEM: TIME\n{frame}" for frame in kept))


def rounded(frame: str) -> str:
    """A frame with two decimals of each coordinate."""
    lines = frame.splitlines()
    for k, line in enumerate(lines):
        words = line.split()
        if len(words) == 5 and words[0] != "ITEM:":
            lines[k] = " ".join([*words[:2], *(f"{float(word):.2f}" for word in words[2:])])
    return "\n".join(lines) + "\n"


def fate(case: Case, order: Path) -> list[str]:
    """A row of seeds.csv, or none where the run does not tell."""
    rows = [line.split(",") for line in order.read_text().splitlines()[1:]]
    sizes, atoms = [int(row[1]) for row in rows], int(rows[0][3])
    size = sizes[SETTLED]
    grown, melted = sizes[-1] > min(2 * size, 0.8 * atoms), sizes[-1] < size / 2
    if not grown and not melted:
        print(f"{case.name}: {size} atoms at the start, {sizes[-1]} at the end: undecided", file=sys.stderr)
        return []
    return [f"{case.variables['T']:g}, {size}, {int(grown)}, 1"]


if __name__ == "__main__":
    main()
