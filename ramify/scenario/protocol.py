"""Protocols: what the cycler does, one line of plain words a step.

    plate|strip at CURRENT_DENSITY | hold at VOLTAGE | rest | pulse at CURRENT_DENSITY for TIME on TIME off
        [for TIME] [until CONDITION [or CONDITION]...] [limit VOLTAGE] [under PRESSURE]
    CONDITION = CAPACITY | VOLTAGE | CURRENT_DENSITY | depletion | short circuit
    repeat N: [steps]

Signs: current densities are positive for plating; `hold at` takes the signed voltage of the working electrode
against a lithium reference at the counter electrode (negative plates); `until VOLTAGE` and `limit VOLTAGE` are
magnitudes. Capacities count the step's own charge, per cross-section, as a magnitude. Several conditions: the first
one reached ends the step. `under PRESSURE` is the stack pressure of the step, in place of the scenario's own (`model:
voids`). `until CURRENT_DENSITY` ends a step whose current has fallen to that magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

StepKind = Literal["plate", "strip", "hold", "rest", "pulse"]
StopKind = Literal["capacity", "voltage", "current_density", "depletion", "short_circuit"]


@dataclass(frozen=True)
class StopCondition:
    """What ends a step."""

    kind: StopKind
    value: float | None = None
    """Magnitude: areal charge [C/m^2], voltage [V] or current density [A/m^2]; None for the two events."""


@dataclass(frozen=True)
class Step:
    """One step of a protocol."""

    kind: StepKind
    text: str
    """As the user wrote it."""
    current_density: float | None = None
    """Of plate, strip, pulse (while on) and rest [A/m^2], positive for plating."""
    voltage: float | None = None
    """Of hold [V], signed."""
    duration: float | None = None
    """Longest time [s]; None for no limit of time."""
    until: tuple[StopCondition, ...] = ()
    limit: float | None = None
    """Magnitude of voltage [V] at which a controlled current gives way to a held voltage."""
    pressure: float | None = None
    """Stack pressure [Pa]; None for that of the scenario's mechanics."""
    time_on: float | None = None
    """Of pulse [s]."""
    time_off: float | None = None
    """Of pulse [s]."""
    label: str = ""
    """Where the step stands: `2[3/10].1` is the first step in the third of ten rounds of item 2."""

    def stop(self, kind: StopKind) -> float | None:
        """The value of the condition of that kind; None without one."""
        return next((condition.value for condition in self.until if condition.kind == kind), None)


@dataclass(frozen=True)
class Repeat:
    """Steps gone through several times."""

    count: int
    items: tuple[Step | Repeat, ...]


@dataclass(frozen=True)
class Protocol:
    """A whole protocol; indexing and iterating give its steps in the order they run, each with its label."""

    items: tuple[Step | Repeat, ...]

    def __iter__(self) -> Iterator[Step]:
        return _flatten(self.items, "")

    def __getitem__(self, index: int) -> Step:
        """One step, found without unrolling the repeats; IndexError beyond the last."""
        if not 0 <= index < len(self):
            raise IndexError(f"step {index} of {len(self)}")
        return _find(self.items, "", index)

    def total(self, amount: Callable[[Step], float]) -> tuple[float, float]:
        """Sum of an amount over all steps, and the largest sum up to any of them; repeats are not unrolled."""
        return _total(self.items, amount)

    def __len__(self) -> int:
        return _count(self.items)

    def distinct(self) -> Iterator[tuple[tuple[int, ...], Step]]:
        """Every written step once, with its indices."""
        return _distinct(self.items, ())


def _flatten(items: tuple[Step | Repeat, ...], prefix: str) -> Iterator[Step]:
    for number, item in enumerate(items, start=1):
        label = f"{prefix}{number}"
        if isinstance(item, Step):
            yield replace(item, label=label)
        else:
            for turn in range(1, item.count + 1):
                yield from _flatten(item.items, f"{label}[{turn}/{item.count}].")


def _find(items: tuple[Step | Repeat, ...], prefix: str, index: int) -> Step:
    for number, item in enumerate(items, start=1):
        label = f"{prefix}{number}"
        count = _count((item,))
        if index < count and isinstance(item, Step):
            return replace(item, label=label)
        if index < count and isinstance(item, Repeat):
            turn, rest = divmod(index, _count(item.items))
            return _find(item.items, f"{label}[{turn + 1}/{item.count}].", rest)
        index -= count
    raise IndexError(index)


def _total(items: tuple[Step | Repeat, ...], amount: Callable[[Step], float]) -> tuple[float, float]:
    total = largest = 0.0
    for item in items:
        if isinstance(item, Step):
            added = peak = amount(item)
        else:
            once, peak = _total(item.items, amount)
            added = once * item.count
            # the highest point lies in the first round or, where rounds add up, in the last
            peak = max(peak, once * (item.count - 1) + peak) if math.isfinite(once) else peak
        largest = max(largest, total + peak)
        total += added
        if not math.isfinite(total):
            return total, math.inf
    return total, largest


def _count(items: tuple[Step | Repeat, ...]) -> int:
    return sum(1 if isinstance(item, Step) else item.count * _count(item.items) for item in items)


def _distinct(items: tuple[Step | Repeat, ...], prefix: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Step]]:
    for index, item in enumerate(items):
        if isinstance(item, Step):
            yield (*prefix, index), item
        else:
            yield from _distinct(item.items, (*prefix, index))
