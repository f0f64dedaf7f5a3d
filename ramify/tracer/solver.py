"""A film on a substrate in one dimension, by conservative finite volumes: what has no closed form.

    dc/dt = a(t) d/dx [ D(c) dc/dx ]         c in units of C0, x from the original interface into the substrate
    film       -s(t) < x < 0, s = d t/t_d during deposition, then d;   substrate 0 < x < L, c = 0 at first
    surface    influx v = ds/dt of c = 1 while the film grows, sealed afterwards;  back face sealed
    interface  flux h (c(0-) - c(0+)), or continuous c without a barrier
    a(t)       D over its value at the reference temperature; 1 at constant temperature

The film's cells stretch with the film (faces move at w = -v(1 - z), 0 <= z <= 1 from surface to interface), so that a
cell holds m = width * c and dm/dt is the difference of the fluxes -D dc/dx - w c of its faces. Time: the L-stable
diagonally implicit Runge-Kutta method of second order (R. Alexander, SIAM J. Numer. Anal. 14 (1977) 1006) on m, in
steps that grow quadratically from every moment at which the solution is not smooth (start, end of deposition, kinks of
the temperature). D(c) is iterated in each stage. Tracer is conserved to round-off, whatever the iteration does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Diffusivity = float | Callable[[FloatArray], FloatArray]
"""A constant [m^2/s], or D as a function of the concentration over C0."""

GAMMA = 1.0 - math.sqrt(0.5)
REACH = 10.0
"""Depth of a substrate without end, in sqrt(Dt) of the largest D: c is 1e-12 there."""
STRETCHING = 2.5
"""Substrate faces lie at L sinh(b n/N)/sinh(b): fine at the interface."""
MOST_ITERATIONS = 60
ITERATION_TOLERANCE = 1e-11


@dataclass(frozen=True)
class Couple:
    """A film on a substrate and how long it diffuses; SI units."""

    thickness: float
    """Of the finished film [m]."""
    diffusivity: Diffusivity
    """Of the substrate, at the reference temperature."""
    time: float
    """From the start of deposition to the profile [s]."""
    deposition_time: float = 0.0
    film_diffusivity: Diffusivity | None = None
    """That of the substrate by default."""
    transfer: float = math.inf
    """Transfer coefficient h of the interface [m/s]; infinite without a barrier, 0 for a closed one."""
    substrate: float = math.inf
    """Thickness of the substrate [m]."""
    factor: Callable[[float], float] | None = None
    """D at a time over D at the reference temperature; constant temperature by default."""
    kinks: tuple[float, ...] = ()
    """Times at which `factor` is not smooth [s]."""


@dataclass(frozen=True)
class Resolution:
    """Cells and steps; all errors fall with their square."""

    film_cells: int = 60
    substrate_cells: int = 160
    steps: int = 100
    """Over the whole time, at least; every smooth span has eight or more."""


@dataclass(frozen=True)
class Profile:
    """Concentration at the end."""

    depth: FloatArray
    """Cell centres from the outer surface [m], film first."""
    width: FloatArray
    """Cell widths [m]."""
    concentration: FloatArray
    """Over C0."""
    film_cells: int
    thickness: float
    """Of the film [m]."""
    imbalance: float
    """Tracer present over tracer deposited, minus one."""

    def at(self, depth: Any) -> FloatArray:
        """Concentration at depths [m] between the surface and the back: a cubic on each side of the interface."""
        from scipy.interpolate import PchipInterpolator

        x = np.asarray(depth, dtype=float)
        n = self.film_cells
        sides = [
            PchipInterpolator(self.depth[part], self.concentration[part], extrapolate=True)(np.atleast_1d(x))
            for part in (slice(None, n), slice(n, None))
        ]
        # Beyond the last cell's centre the substrate is flat: sealed, or without tracer.
        sides[1] = np.where(np.atleast_1d(x) > self.depth[-1], self.concentration[-1], sides[1])
        return np.asarray(np.where(np.atleast_1d(x) <= self.thickness, *sides)).reshape(x.shape)


@numba.njit(cache=True)
def advance_stage(
    content: FloatArray, width: FloatArray, conductance: FloatArray, velocity: FloatArray, weight: float
) -> FloatArray:
    """Concentrations c (n,) with width c + weight * (outflow - inflow) = content, the ends closed.

    Parameters
    ----------
    content : (n,) ndarray
        Tracer per area that the stage starts from, what enters through the surface included [m].
    width : (n,) ndarray
        Cell widths [m].
    conductance, velocity : (n-1,) ndarray
        D over distance, and the face's own velocity towards greater depth [m/s]; the flux through face k from cell k
        to k+1 is conductance (c_k - c_k+1) - velocity (c_k + c_k+1)/2.
    weight : float
        Weight of the stage times the step [s].
    """
    n = width.size
    ratio, c = np.empty(n), np.empty(n)
    for k in range(n):
        pivot, right = width[k], content[k]
        if k > 0:
            lower = -weight * (conductance[k - 1] - 0.5 * velocity[k - 1])
            pivot += weight * (conductance[k - 1] + 0.5 * velocity[k - 1]) - lower * ratio[k - 1]
            right -= lower * c[k - 1]
        if k < n - 1:
            pivot += weight * (conductance[k] - 0.5 * velocity[k])
            ratio[k] = -weight * (conductance[k] + 0.5 * velocity[k]) / pivot
        c[k] = right / pivot
    for k in range(n - 2, -1, -1):
        c[k] -= ratio[k] * c[k + 1]
    return c


def solve(couple: Couple, resolution: Resolution | None = None) -> Profile:
    """The profile of a couple at its time.

    Raises
    ------
    ArithmeticError
        Where the iteration on D(c) does not converge; the message says when.
    """
    return _Run(couple, resolution or Resolution()).result()


class _Run:
    """One solution in progress: grid, content of the cells."""

    def __init__(self, couple: Couple, resolution: Resolution) -> None:
        self.couple, self.resolution = couple, resolution
        self.laws = (couple.diffusivity if couple.film_diffusivity is None else couple.film_diffusivity,
                     couple.diffusivity)  # fmt: skip
        self.one_law = self.laws[0] is self.laws[1] or self.laws[0] == self.laws[1]
        self.constant = not any(callable(law) for law in self.laws)
        n, N = resolution.film_cells, resolution.substrate_cells
        faces = np.sinh(STRETCHING * np.arange(N + 1) / N) / math.sinh(STRETCHING) * self._substrate_depth()
        self.substrate_width = np.diff(faces)
        self.fixed_share = np.append(1.0 - np.arange(1, n + 1) / n, np.zeros(N - 1))
        self.c = np.append(np.ones(n), np.zeros(N))
        self.content = self._widths(0.0) * self.c

    def _substrate_depth(self) -> float:
        couple = self.couple
        if math.isfinite(couple.substrate):
            return couple.substrate
        largest = float(np.max(_values(couple.diffusivity, np.linspace(0.0, 1.0, 201))))
        if couple.factor is not None:
            largest *= max(couple.factor(t) for t in np.linspace(0.0, couple.time, 201))
        return REACH * math.sqrt(largest * couple.time)

    def _film(self, time: float) -> float:
        """Film thickness [m] at a time [s]."""
        couple = self.couple
        share = min(time / couple.deposition_time, 1.0) if couple.deposition_time > 0.0 else 1.0
        return couple.thickness * share

    def _widths(self, time: float) -> FloatArray:
        n = self.resolution.film_cells
        return np.append(np.full(n, self._film(time) / n), self.substrate_width)

    def _conductances(self, width: FloatArray, c: FloatArray) -> FloatArray:
        """D over distance at the inner faces [m/s], the barrier included."""
        n = self.resolution.film_cells
        middle, distance = 0.5 * (c[1:] + c[:-1]), 0.5 * (width[1:] + width[:-1])
        D = np.append(_values(self.laws[0], middle[: n - 1]), _values(self.laws[1], middle[n - 1 :]))
        conductance = D / distance
        transfer = self.couple.transfer
        if math.isinf(transfer) and self.one_law:
            return conductance
        # Without a barrier c is continuous; with one each side has its own.
        sides = (c[n - 1], c[n]) if math.isfinite(transfer) else (middle[n - 1], middle[n - 1])
        resistance = sum(
            0.5 * width[cell] / float(_values(law, np.array([side]))[0])
            for cell, law, side in zip((n - 1, n), self.laws, sides, strict=True)
        )
        conductance[n - 1] = transfer / (1.0 + transfer * resistance) if math.isfinite(transfer) else 1.0 / resistance
        return conductance

    def _stage(self, content: FloatArray, time: float, speed: float, weight: float) -> FloatArray:
        """Concentrations of an implicit stage at `time` [s]."""
        width = self._widths(time)
        velocity = -speed * self.fixed_share
        factor = 1.0 if self.couple.factor is None else self.couple.factor(time)
        content = content.copy()
        content[0] += weight * speed
        c = self.c
        for _ in range(MOST_ITERATIONS):
            before, c = c, advance_stage(content, width, factor * self._conductances(width, c), velocity, weight)
            if self.constant or np.max(np.abs(c - before)) < ITERATION_TOLERANCE:
                return c
        raise ArithmeticError(f"D(c) did not converge in {MOST_ITERATIONS} iterations at {time:.6g} s")

    def _step(self, start: float, end: float, speed: float) -> None:
        weight = GAMMA * (end - start)
        first = self._stage(self.content, start + weight, speed, weight)
        rate = (self._widths(start + weight) * first - self.content) / weight
        content = self.content + (1.0 - GAMMA) * (end - start) * rate
        self.c = self._stage(content, end, speed, weight)
        self.content = self._widths(end) * self.c

    def result(self) -> Profile:
        """Step to the end."""
        couple = self.couple
        for start, end in smooth_spans(couple):
            growing = start < couple.deposition_time
            speed = couple.thickness / couple.deposition_time if growing else 0.0
            steps = max(8, round(self.resolution.steps * (end - start) / couple.time))
            times = start + (end - start) * (np.arange(steps + 1) / steps) ** 2
            for before, after in itertools.pairwise(times):
                self._step(float(before), float(after), speed)
        width = self._widths(couple.time)
        film = self._film(couple.time)
        return Profile(
            depth=np.cumsum(width) - 0.5 * width,
            width=width,
            concentration=self.c,
            film_cells=self.resolution.film_cells,
            thickness=film,
            imbalance=float(np.sum(self.content)) / film - 1.0,
        )


def smooth_spans(couple: Couple) -> Iterator[tuple[float, float]]:
    """Spans of time [s] inside which film growth and temperature are smooth."""
    moments = {0.0, couple.time, *(t for t in (couple.deposition_time, *couple.kinks) if 0.0 < t < couple.time)}
    return itertools.pairwise(sorted(moments))


def _values(law: Diffusivity, c: FloatArray) -> FloatArray:
    """D at concentrations; the law sees none outside 0 to 1."""
    if callable(law):
        return np.asarray(law(np.clip(c, 0.0, 1.0)), dtype=float)
    return np.full(c.shape, law)
