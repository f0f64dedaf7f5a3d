"""What the benchmarks share: the cells they time, the machine's memory bandwidth, memory in use, workers, the report.

Each script prints lines for people and, last, one JSON object. Times are medians of wall times on one core; a ratio is
always of two numbers of the same run.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
for _name, _value in ONE_THREAD.items():  # before NumPy and numba are imported
    os.environ.setdefault(_name, _value)

import json
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np

from ramify.hosts.shapes import Pillars
from ramify.phasefield.engine import Control, Engine, StepReport
from ramify.phasefield.problem import Domain, Electrons, Geometry, Interface, Kinetics, Numerics, PlatingProblem
from ramify.physics import electrolyte, metals
from ramify.physics.constants import FARADAY

SIZE = 100e-6
"""Edge of the cubic cells [m]."""
PILLAR = Pillars(30e-6, SIZE, 50e-6)
FILM_WIDTHS = 3.0
"""Thickness of the metal on collector and pillar, in interface widths."""
ISLAND_RADIUS = 8e-6
ISLANDS = tuple((x, y, z) for z in (45e-6, 75e-6) for y in (25e-6, 75e-6) for x in (25e-6, 75e-6))
"""Centres of the floating spheres [m]."""
HOST_CONDUCTIVITY = 10.0
"""Of the host where electrons are `ohmic` [S/m]: poor enough for its potential to matter."""
LAUNCHER_VARIABLES = ("PMI_", "PMIX_", "HYDRA_", "HYDI_", "MPI_LOCAL", "OMPI_")


@dataclass(frozen=True)
class Regime:
    """A cell's salt and control, and when a run of it has reached what is to be timed."""

    name: str
    concentration: float
    """Initial [mol/m^3]."""
    control: Control
    reached: Callable[[StepReport, StepReport], bool]
    """Of the step before and the last one."""


def _moves(before: StepReport, last: StepReport) -> bool:
    return last.step < 1.2 * before.step and last.time > 100.0


def _depletes(before: StepReport, last: StepReport) -> bool:
    return before.limited and last.limited and last.minimum_concentration < 0.15 * DEPLETION.concentration


MOVING = Regime("moving", 1000.0, Control("current", 100.0), _moves)
"""10 mA/cm^2 into 1 M: polarised, the steps limited by the motion of the front."""
DEPLETION = Regime("depletion", 200.0, Control("current", 1000.0, 0.28), _depletes)
"""Beyond the limiting current of 0.2 M, the voltage limit in force."""


def pillar_problem(cells: int, regime: Regime) -> PlatingProblem:
    """A conducting pillar in a cube of `cells`^3, film and interface as wide as the grid allows; EC:DMC."""
    h = SIZE / cells

    def metal(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.minimum(PILLAR.distance(x, y, z), z) - FILM_WIDTHS * h)

    return PlatingProblem(
        domain=Domain((SIZE,) * 3, (cells,) * 3),
        electrolyte=electrolyte.preset("LiPF6 in EC:DMC"),
        initial_concentration=regime.concentration,
        metal=metals.preset("lithium"),
        kinetics=Kinetics(300.0, 1000.0),
        interface=Interface(h),
        geometry=Geometry(metal, host_distance=PILLAR.distance, host_conductivity=HOST_CONDUCTIVITY),
    )


def even_steps_problem(cells: int, motion: float) -> PlatingProblem:
    """The moving regime in steps of one size, in which a flat front moves by `motion` cells; no error control."""
    problem = pillar_problem(cells, MOVING)
    velocity = problem.metal.molar_volume / FARADAY * MOVING.control.value
    size = motion * SIZE / cells / velocity
    # A voltage or a pillar's edge may ask for more motion than the flat front: nothing shortens the step.
    numerics = Numerics(first_step=size, largest_step=size, time_tolerance=1e3, front_motion=10.0 * motion)
    return replace(problem, numerics=numerics)


def islands_problem(cells: int, floating: bool) -> PlatingProblem:
    """The pillar's cell, and if `floating` eight metal spheres in the electrolyte above and beside the pillar."""
    problem = pillar_problem(cells, MOVING)
    attached = problem.geometry.metal_distance

    def metal(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        distance = attached(x, y, z)
        for cx, cy, cz in ISLANDS if floating else ():
            distance = np.minimum(distance, np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) - ISLAND_RADIUS)
        return distance

    return replace(problem, geometry=replace(problem.geometry, metal_distance=metal))


def ohmic(problem: PlatingProblem) -> PlatingProblem:
    """The same problem with electrons that meet a resistance."""
    return replace(problem, electrons=Electrons("ohmic"))


# ---------------------------------------------------------------------- running


def timed_steps(engine: Engine, count: int, until: float = 1e9) -> list[tuple[float, StepReport]]:
    """Wall time [s] and report of `count` accepted steps; rejected attempts count towards their step."""
    steps = []
    for _ in range(count):
        start = time.perf_counter()
        report = engine.step(until)
        steps.append((time.perf_counter() - start, report))
    return steps


def warm_up(engine: Engine, regime: Regime, most: int) -> int:
    """Steps until the regime is reached, `most` of them at the most; returns their number."""
    engine.set_control(regime.control)
    before = engine.step(1e9)
    for number in range(2, most + 1):
        last = engine.step(1e9)
        if regime.reached(before, last):
            return number
        before = last
    return most


def rates(steps: Sequence[tuple[float, StepReport]], cells: int) -> dict[str, float]:
    """Medians over steps: cost per cell, counts of iterations, step size, cost per cell and simulated second."""
    walls = [wall for wall, _ in steps]
    reports = [report for _, report in steps]
    return {
        "us_per_cell_per_step": 1e6 * statistics.median(walls) / cells,
        "us_per_cell_per_step_slowest": 1e6 * max(walls) / cells,
        "us_per_cell_per_simulated_second": 1e6 * sum(walls) / cells / sum(r.step for r in reports),
        "newton_iterations": statistics.median(r.newton_iterations for r in reports),
        "krylov_iterations": statistics.median(r.krylov_iterations for r in reports),
        "rejected": sum(r.rejected for r in reports),
        "step_s": statistics.median(r.step for r in reports),
        "lowest_concentration": min(r.minimum_concentration for r in reports),
        "limited": sum(r.limited for r in reports) / len(reports),
        "steps": len(reports),
    }


def run_worker(script: str, arguments: Sequence[str], ranks: int = 0) -> dict[str, Any]:
    """JSON object of a script in its own process, under mpiexec if `ranks` is not zero; RuntimeError if it fails."""
    command = [sys.executable, script, *arguments]
    if ranks:
        beside = Path(sys.executable).with_name("mpiexec")
        launcher = str(beside) if beside.exists() else shutil.which("mpiexec")
        if launcher is None:
            raise RuntimeError("no mpiexec beside the running Python nor on PATH")
        command = [launcher, "-n", str(ranks), *command]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(LAUNCHER_VARIABLES)}
    result = subprocess.run(command, env=inherited | ONE_THREAD, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {result.returncode}\n{result.stdout}\n{result.stderr}")
    found: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return found


# ---------------------------------------------------------------------- the machine


@numba.njit(cache=True, fastmath=True)
def _triad(a: np.ndarray, b: np.ndarray, c: np.ndarray, scale: float) -> None:
    for i in range(a.size):
        a[i] = b[i] + scale * c[i]


def triad_bandwidth(megabytes: float | None = None, repeats: int = 5) -> float:
    """Memory bandwidth of one core [GB/s], STREAM's triad: 24 bytes per element, best of `repeats`.

    Arrays of `megabytes` each; by default four times the last cache, within an eighth of the free memory.
    """
    wanted = megabytes * 1e6 if megabytes is not None else max(256e6, min(4.0 * _last_cache(), free_memory() / 8.0))
    size = int(wanted / 8)
    a, b, c = np.zeros(size), np.full(size, 1.0), np.full(size, 2.0)
    best = 0.0
    for _ in range(repeats + 1):  # the first touches the pages and compiles
        start = time.perf_counter()
        _triad(a, b, c, 3.0)
        best = max(best, 24.0 * size / (time.perf_counter() - start))
    return best / 1e9


def _last_cache() -> float:
    sizes = []
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        sizes.append(float(text.rstrip("KM")) * (1e6 if text.endswith("M") else 1e3))
    return max(sizes, default=64e6)


def free_memory() -> float:
    """Memory that can still be had [bytes]."""
    return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def machine() -> dict[str, Any]:
    """Processor, cores, last cache and load, so that numbers can be judged."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        name = next((line.split(":")[1].strip() for line in cpuinfo.open() if line.startswith("model name")), name)
    load = os.getloadavg()[0]
    return {"processor": name, "cores": os.cpu_count(), "last_cache_MB": _last_cache() / 1e6, "load": round(load, 2)}


def memory_now() -> float:
    """Resident memory of this process [bytes]."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def memory_peak() -> float:
    """Largest resident memory of this process so far [bytes]."""
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def start_of_peak() -> float:
    """Resident memory now [bytes], from which `peak_since` counts anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    return memory_now()


def peak_since(start: float) -> float:
    """Largest resident memory since `start_of_peak`, beyond what there was then [bytes]."""
    status = Path("/proc/self/status").read_text()
    return 1024.0 * float(status.partition("VmHWM:")[2].split()[0]) - start


# ---------------------------------------------------------------------- the report


def show(title: str, values: dict[str, Any]) -> None:
    """Lines for people."""
    print(f"\n{title}")
    for name, value in values.items():
        if isinstance(value, dict):
            print(f"  {name}: " + ", ".join(f"{key} {_short(number)}" for key, number in value.items()))
        else:
            print(f"  {name}: {_short(value)}")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def finish(result: dict[str, Any]) -> None:
    """The JSON object, last."""
    print()
    print(json.dumps(result, allow_nan=False))
