"""Where the time of a step goes: wall-clock sections, and compiled kernels with their memory traffic.

Methods and kernels are replaced by timed ones while a `Stopwatch` is open and put back afterwards. Times are exclusive:
a section does not hold those called from within it, and every section's time is split into its kernels' and the rest.

Traffic of a kernel is its compulsory one: each array it is given counts once, read or written, and arrays it only
reads in part count in part (`PARTS`). What caches fail to keep is not in it, so a kernel that reads twice shows half.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("CoupledSystem", "set_geometry", "geometry"),
    ("CoupledSystem", "evaluate", "residual"),
    ("CoupledSystem", "react", "residual"),
    ("CoupledSystem", "linearise", "Jacobian assembly"),
    ("CoupledSystem", "apply", "matvec"),
    ("Preconditioner", "prepare", "preconditioner without cycles"),
    ("Preconditioner", "apply", "preconditioner without cycles"),
    ("NewtonKrylov", "solve", "Newton and Krylov vectors"),
    ("Multigrid", "update", "multigrid set-up"),
    ("Multigrid", "cycle", "multigrid cycles"),
    ("Islands", "update", "islands"),
    ("Front", "advance", "front"),
    ("Front", "surface_curvature", "curvature"),
    ("Measures", "evaluate", "measures and booking"),
    ("Attempt", "accept", "measures and booking"),
    ("Attempt", "run", "prediction and error"),
)
"""(class, method, section); what a version of the solver does not have is left out and named."""

PARTS: dict[str, Callable[[list[Any]], float]] = {
    # Arguments that hold more than the kernel touches: bytes to take off.
    "charge_row_of_salt": lambda a: sum(f.nbytes * (f.shape[0] - 2) / f.shape[0] for f in a[1:4]),
    "extend_into_walls": lambda a: a[0].nbytes + a[1].nbytes,
    "assemble_faces": lambda a: (a[3].nbytes + (a[4].nbytes if a[7].size == 1 else 0)) / 4,
}


@dataclass
class KernelTimes:
    """Calls of one kernel: seconds and bytes of each."""

    seconds: list[float] = field(default_factory=list)
    traffic: list[float] = field(default_factory=list)

    def bandwidth(self) -> float:
        """Median over the calls on the finest grid [GB/s]."""
        largest = max(self.traffic)
        return (
            statistics.median(b / s for b, s in zip(self.traffic, self.seconds, strict=True) if b > 0.5 * largest) / 1e9
        )


def compulsory_bytes(name: str, arguments: tuple[Any, ...]) -> float:
    """Bytes of the distinct arrays among a kernel's arguments."""
    arrays = {a.__array_interface__["data"][0]: a.nbytes for a in arguments if isinstance(a, np.ndarray)}
    spare = PARTS.get(name)
    return float(sum(arrays.values())) - (spare(list(arguments)) if spare is not None else 0.0)


class _TimedModule:
    """A module of kernels whose compiled functions are timed."""

    def __init__(self, module: ModuleType, watch: Stopwatch) -> None:
        for name, value in vars(module).items():
            setattr(self, name, watch.timed_kernel(name, value) if isinstance(value, Dispatcher) else value)


class Stopwatch:
    """Context manager that times everything called inside it; open it once all kernels are compiled."""

    def __init__(self) -> None:
        self.sections: dict[str, float] = defaultdict(float)
        """Exclusive seconds, kernels included."""
        self.in_kernels: dict[str, float] = defaultdict(float)
        """Of each section, the seconds in compiled kernels."""
        self.kernels: dict[str, KernelTimes] = defaultdict(KernelTimes)
        self.missing: list[str] = []
        self.wall = 0.0
        self._stack: list[str] = []
        self._undo: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Stopwatch:
        for class_name, method, section in SECTIONS:
            owner = _engine_class(class_name)
            if owner is None or method not in vars(owner):
                self.missing.append(f"{class_name}.{method}")
                continue
            self._replace(owner, method, self._timed_section(section, vars(owner)[method]))
        for module in [m for name, m in sys.modules.items() if _is_engine(name)]:
            self._time_kernels_called_from(module)
        self._start = self._mark = time.perf_counter()
        self._stack = ["other"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._charge()
        self.wall = time.perf_counter() - self._start
        for owner, name, value in reversed(self._undo):
            setattr(owner, name, value)

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._undo.append((owner, name, vars(owner)[name]))
        setattr(owner, name, value)

    def _charge(self) -> None:
        """Give the time since the last mark to the section on top."""
        now = time.perf_counter()
        self.sections[self._stack[-1]] += now - self._mark
        self._mark = now

    def _timed_section(self, section: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **keywords: Any) -> Any:
            self._charge()
            self._stack.append(section)
            try:
                return method(*arguments, **keywords)
            finally:
                self._charge()
                self._stack.pop()

        return timed

    def timed_kernel(self, name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """The kernel with its calls recorded."""
        record, clock = self.kernels[name], time.perf_counter

        def timed(*arguments: Any) -> Any:
            start = clock()
            result = kernel(*arguments)
            end = clock()
            record.seconds.append(end - start)
            record.traffic.append(compulsory_bytes(name, arguments))
            self.in_kernels[self._stack[-1]] += end - start
            # The book-keeping itself is nobody's time.
            spent = clock() - end
            self._mark += spent
            self._start += spent
            return result

        return timed

    def _time_kernels_called_from(self, module: ModuleType) -> None:
        compiled = {n: v for n, v in vars(module).items() if isinstance(v, Dispatcher)}
        # A function that other compiled ones call must stay what it is: they may be compiled again.
        inner = {name for kernel in compiled.values() for name in kernel.py_func.__code__.co_names}
        for name, value in list(vars(module).items()):
            if isinstance(value, ModuleType) and _is_engine(value.__name__):
                if any(isinstance(v, Dispatcher) for v in vars(value).values()):
                    self._replace(module, name, _TimedModule(value, self))
            elif name in compiled and name not in inner and not _holds_kernels_alone(module):
                self._replace(module, name, self.timed_kernel(name, value))

    # ------------------------------------------------------------------ the result

    def breakdown(self, cells: int, steps: int) -> dict[str, Any]:
        """us per cell and step of every section, and how the whole divides."""
        unit = 1e6 / (cells * steps)
        kernels = sum(self.in_kernels.values())
        sections = sorted(self.sections, key=lambda name: -self.sections[name])
        return {
            "sections_us_per_cell_per_step": {name: self.sections[name] * unit for name in sections},
            "of_which_outside_kernels": {
                name: (self.sections[name] - self.in_kernels[name]) * unit for name in sections
            },
            "kernels_share": kernels / self.wall,
            "python_share": 1.0 - kernels / self.wall,
            "not_timed": self.missing,
        }

    def bandwidths(self, triad: float, least_share: float = 0.005) -> dict[str, dict[str, float]]:
        """GB/s of each kernel that takes at least `least_share` of the time, and its share of the triad's."""
        found = {}
        for name, record in sorted(self.kernels.items(), key=lambda item: -sum(item[1].seconds)):
            if sum(record.seconds) < least_share * self.wall:
                continue
            bandwidth = record.bandwidth()
            found[name] = {
                "GB_per_s": bandwidth,
                "share_of_triad": bandwidth / triad,
                "share_of_wall": sum(record.seconds) / self.wall,
                "calls": len(record.seconds),
            }
        return found


def _engine_class(name: str) -> type | None:
    """The solver's class of a name, wherever it is defined."""
    for module_name, module in list(sys.modules.items()):
        found = vars(module).get(name) if _is_engine(module_name) else None
        if isinstance(found, type):
            return found
    return None


def _is_engine(module_name: str) -> bool:
    return module_name.startswith("ramify.phasefield") and "fipy" not in module_name


def _holds_kernels_alone(module: ModuleType) -> bool:
    """Whether a module is called through its name by others, and so is timed there."""
    return "kernels" in module.__name__.split(".")
