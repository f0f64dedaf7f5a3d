"""Cost per cell against the number of cells, and two ranks against one, for the coupled plating step.

    python benchmarks/scaling.py --cells 64 96 128 192 --ranks-cells 64 128

The same cell is divided more finely; a step moves the front by the same part of a grid cell. Every measurement is a
process of its own and they take turns, so that a disturbance of the machine hits all alike; medians over the rounds.
"""

from __future__ import annotations

import argparse
import math
import statistics
from typing import Any

import common
import numpy as np

from ramify.phasefield.plating import PlatingSolver

MOTION = 0.2
"""Cells the front moves in a step."""
WARM_UP = 2


def worker(cells: int, steps: int) -> None:
    """One measurement, on as many ranks as there are; rank 0 prints it."""
    solver = PlatingSolver(common.even_steps_problem(cells, MOTION))
    solver.set_control(common.MOVING.control)
    common.timed_steps(solver, WARM_UP)
    timed = common.timed_steps(solver, steps)
    found: dict[str, Any] = common.rates(timed, cells**3)
    fields = {name: solver.gather(name) for name in ("xi", "c", "phi_l")}
    last = timed[-1][1]
    # A measure that does not apply, such as the height of blocked pores where none is, is not a number.
    found["answer"] = {"voltage": last.voltage} | {k: v for k, v in last.measures.items() if math.isfinite(v)}
    for name, values in fields.items():
        if values is not None:
            found["answer"][name] = float(np.linalg.norm(values))
    if solver.grid.comm.rank == 0:
        common.finish(found)
    solver.destroy()


def repeat(rounds: int, jobs: dict[str, tuple[int, int]], steps: int) -> dict[str, list[dict[str, Any]]]:
    """Results of every job (cells, ranks), `rounds` times in turn."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, (cells, ranks) in jobs.items():
            arguments = ["--worker", "--cells", str(cells), "--steps", str(steps)]
            results[name].append(common.run_worker(__file__, arguments, ranks))
    return results


def cost(found: list[dict[str, Any]]) -> dict[str, float]:
    """Medians over the rounds."""
    return {
        key: statistics.median(result[key] for result in found)
        for key in ("us_per_cell_per_step", "newton_iterations", "krylov_iterations")
    }


def difference(one: dict[str, float], other: dict[str, float]) -> float:
    """Largest relative difference of two answers."""
    return max(abs(one[key] - other[key]) / max(abs(one[key]), 1e-300) for key in one if one[key] != 0.0)


def main() -> None:
    """Both tables, and the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, nargs="+", default=[64, 96, 128, 192], help="cells along each edge")
    parser.add_argument("--ranks-cells", type=int, nargs="*", default=[64, 128], help="sizes run on one and two ranks")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of a measurement (5)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.cells[0], options.steps)
        return
    result: dict[str, Any] = {"benchmark": "scaling", "machine": common.machine()}
    sizes = repeat(options.rounds, {str(n): (n, 1) for n in options.cells}, options.steps)
    result["sizes"] = {name: cost(found) for name, found in sizes.items()}
    costs = [found["us_per_cell_per_step"] for found in result["sizes"].values()]
    result["largest_to_smallest_size"] = costs[-1] / costs[0]
    result["spread"] = max(costs) / min(costs)
    common.show("cost against size", result["sizes"] | {"spread, dearest to cheapest": result["spread"]})
    result["ranks"] = {}
    for cells in options.ranks_cells:
        found = repeat(options.rounds, {"1": (cells, 1), "2": (cells, 2)}, options.steps)
        one, two = cost(found["1"]), cost(found["2"])
        ratio = two["us_per_cell_per_step"] / one["us_per_cell_per_step"]
        result["ranks"][str(cells)] = {
            "one_rank_us_per_cell_per_step": one["us_per_cell_per_step"],
            "two_ranks_us_per_cell_per_step": two["us_per_cell_per_step"],
            "time_ratio": ratio,
            "speed_up": 1.0 / ratio,
            "difference_of_answers": difference(found["1"][0]["answer"], found["2"][0]["answer"]),
        }
    common.show("two ranks against one", result["ranks"])
    common.finish(result)


if __name__ == "__main__":
    main()
