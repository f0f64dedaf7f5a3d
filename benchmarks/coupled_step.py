"""Cost of one coupled plating step in 3-D: a pillar host with growing metal, LiPF6 in EC:DMC, phi and c to 1e-8.

    python benchmarks/coupled_step.py --cells 128 --steps 10

Two regimes, both galvanostatic with adaptive steps: the polarised cell whose steps follow the moving front, and the
cell beyond its limiting current, near depletion, held by the voltage limit. The timed steps come after the regime is
reached; a second batch is taken apart by a stopwatch. In the same run: the kernels' memory traffic against the triad,
the front against py-pde's Allen-Cahn equation, FiPy on the same model and steps, memory, and the start from cold.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import time

BORN = time.perf_counter()

from typing import Any

import common
from explicit_front import compare_fronts
from fipy_steps import compare_with_fipy
from stopwatch import Stopwatch

from ramify.phasefield.plating import PlatingSolver


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", type=int, default=64, help="cells along each edge (64)")
    parser.add_argument("--steps", type=int, default=10, help="timed steps of each regime (10)")
    parser.add_argument("--warm-up", type=int, default=60, help="most steps before the timed ones (60)")
    parser.add_argument("--case", choices=("moving", "depletion", "both"), default="both")
    parser.add_argument("--no-fipy", action="store_true")
    parser.add_argument("--fipy-cells", type=int, nargs="+", default=[24, 32])
    parser.add_argument("--fipy-steps", type=int, default=2)
    parser.add_argument("--no-py-pde", action="store_true")
    parser.add_argument(
        "--triad-megabytes", type=float, help="of each of the three arrays; by default beyond the cache"
    )
    parser.add_argument("--cold-start", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def compile_kernels() -> float:
    """Seconds of a first step in a cell of 8^3, in which every kernel is compiled or read from numba's cache."""
    start = time.perf_counter()
    for regime in (common.MOVING, common.DEPLETION):
        solver = PlatingSolver(common.pillar_problem(8, regime))
        solver.set_control(regime.control)
        solver.step(1e9)
        if regime is common.MOVING:
            first = time.perf_counter() - start
        solver.destroy()
    return first


def measure(regime: common.Regime, options: argparse.Namespace) -> tuple[dict[str, Any], Stopwatch]:
    """One regime: medians over plain steps, then the division of instrumented ones."""
    count = options.cells**3
    solver = PlatingSolver(common.pillar_problem(options.cells, regime))
    before = common.warm_up(solver, regime, options.warm_up)
    result: dict[str, Any] = {"warm_up_steps": before}
    result |= common.rates(common.timed_steps(solver, options.steps), count)
    watched = max(2, options.steps // 2)
    with Stopwatch() as watch:
        common.timed_steps(solver, watched)
    result["watched_us_per_cell_per_step"] = 1e6 * watch.wall / (count * watched)
    result |= watch.breakdown(count, watched)
    common.show(f"{regime.name}, {options.cells}^3 cells", result)
    solver.destroy()
    return result, watch


def main() -> None:
    """Everything, and the JSON object."""
    options = parse()
    imported = time.perf_counter() - BORN
    first_step = compile_kernels()
    if options.cold_start:
        common.finish({"import_s": imported, "first_step_s": first_step})
        return
    baseline = common.memory_now()
    result: dict[str, Any] = {"benchmark": "coupled_step", "cells": options.cells, "machine": common.machine()}
    cases = [r for r in (common.MOVING, common.DEPLETION) if options.case in (r.name, "both")]
    solver = PlatingSolver(common.pillar_problem(options.cells, cases[0]))
    solver.set_control(cases[0].control)
    common.timed_steps(solver, 3)
    solver.destroy()
    del solver
    # Read before the triad's large arrays raise the peak.
    result["bytes_per_cell"] = (common.memory_peak() - baseline) / options.cells**3
    triad = common.triad_bandwidth(options.triad_megabytes)
    watches = {}
    for regime in cases:
        result[regime.name], watches[regime.name] = measure(regime, options)
    result["triad_GB_per_s"] = triad = max(triad, common.triad_bandwidth(options.triad_megabytes))
    result["triad_at_field_size_GB_per_s"] = common.triad_bandwidth(8e-6 * options.cells**3)
    common.show("machine", result["machine"] | {k: v for k, v in result.items() if "triad" in k or "bytes" in k})
    for name, watch in watches.items():
        result[name]["kernels"] = watch.bandwidths(triad)
        common.show(f"kernels, {name}", result[name]["kernels"])
    result["explicit_front"] = compare_fronts(options.cells, py_pde=not options.no_py_pde)
    common.show("explicit front", result["explicit_front"])
    if not options.no_fipy:
        result["fipy"] = [compare_with_fipy(n, options.fipy_steps) for n in options.fipy_cells]
        for found in result["fipy"]:
            common.show(f"FiPy, {found['cells']}^3 cells", found)
    start = time.perf_counter()
    result["cold_start"] = common.run_worker(__file__, ["--cold-start"])
    result["cold_start"]["whole_s"] = time.perf_counter() - start
    common.show("start from cold, numba's cache filled", result["cold_start"])
    common.finish(result)


if __name__ == "__main__":
    main()
