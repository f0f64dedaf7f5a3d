"""`ramify atomistic order`: a table of order over time, or over the atoms deposited."""

from __future__ import annotations

from pathlib import Path

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Stated, gather
from ramify.atomistic.order import THRESHOLD, order_over_time
from ramify.atomistic.sources import open_sources
from ramify.material.options import quantity
from ramify.scenario.errors import ScenarioError
from ramify.scenario.units import TIME


def order_table(
    files: list[Path], output: Path, timestep: str | None, units: str | None, threshold: float | None
) -> list[str]:
    """Write the table, and tell its first and last row; frame by frame, so that the number of atoms may change.

    The time is that of step and timestep where both are known, else the frame's number. The column `size` is the
    largest crystalline cluster: the table serves `ramify atomistic nucleus --method first-passage`.
    """
    if threshold is not None and not 0.0 < threshold < 1.0:
        raise ScenarioError("not between zero and one", ("--threshold",), str(threshold))
    sources = open_sources(files)
    if not sources.trajectories:
        raise AtomisticError("none of the files is a trajectory", files[0], allowed="a dump or extended XYZ")
    stated = Stated(units=units, timestep=quantity("--timestep", timestep, TIME))
    facts = gather(stated, sources.log, sources.data, sources.outputs)
    rows = []
    timed = facts.timestep is not None
    for k, order in enumerate(order_over_time(sources.frames(), THRESHOLD if threshold is None else threshold)):
        time = order.step * facts.timestep * 1e12 if facts.timestep is not None and order.step is not None else float(k)
        rows.append((time, order.largest, order.crystalline, order.atoms, order.fraction))
    head = f"{'time [ps]' if timed else 'frame [1]'}, size [1], crystalline [1], atoms [1], fraction [1]"
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = [head, *(f"{time:.9g}, {size}, {solid}, {atoms}, {part:.6f}" for time, size, solid, atoms, part in rows)]
    output.write_text("\n".join(lines) + "\n", "utf-8")
    first, last = rows[0], rows[-1]
    return [
        f"{len(rows)} frames; crystalline fraction {first[4]:.3f} to {last[4]:.3f}, largest cluster {first[1]} to "
        f"{last[1]} of "
        f"{last[3]} atoms",
        str(output),
    ]
