"""Newton's method for coupled fields on one space, with a few global unknowns such as electrode potentials.

    R(u, V) = 0,   g(u, V) = 0         u: fields at the nodes,   V: global unknowns ("borders")

A model is a list of terms; each adds its part of R and g, and of their derivatives, in SI units, from this rank's cells
or facets. Rows and columns are scaled before they meet a solver. The bordered system

    [ J  C ] [du]     [R]
    [ r  D ] [dV] = - [g]

is solved with one factorisation (or preconditioner) of J and one solve per border more; where r = 0, that is where the
borders are given, with one solve alone. A field may be given as a border at some nodes (`Lift`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from petsc4py import PETSc

from ramify.fem.linear import LinearFailure, LinearSolver, Method
from ramify.fem.pattern import Pattern

LARGEST_ITERATION = 80


class NewtonFailure(RuntimeError):
    """Newton's method did not arrive; the message says which system, how far it came, and what to try."""


@dataclass
class Sums:
    """What terms add into, on this rank, in SI units."""

    residual: np.ndarray
    """(local nodes, components) R."""
    entries: np.ndarray
    """(pairs, components, components) J, at the slots of the pattern."""
    columns: np.ndarray
    """(borders, local nodes, components) C, derivatives of R with respect to each border."""
    rows: np.ndarray
    """(borders, local nodes, components) r, derivatives of each g with respect to the fields."""
    gaps: np.ndarray
    """(borders) g."""
    corner: np.ndarray
    """(borders, borders) D."""


class Term(Protocol):
    """One part of the equations."""

    def add(self, u: np.ndarray, borders: np.ndarray, sums: Sums) -> None:
        """Add to `sums` what this term makes of the fields (local nodes, components) and the borders."""


class Damping(Protocol):
    """How far Newton's method goes at once."""

    def fraction(self, change: np.ndarray) -> float:
        """Share (0, 1] of a change (local nodes, components) that this rank would take; the smallest holds for all."""

    def advance(self, u: np.ndarray, change: np.ndarray) -> np.ndarray:
        """The fields after a change, node by node; u + change to first order."""


@dataclass(frozen=True)
class PositiveConcentrations:
    """Potentials move by a bounded amount, concentrations stay positive.

    Where a concentration would fall by more than half it becomes c/(-4 dc/c), which joins c + dc smoothly there and
    never reaches zero. A bound on the whole step would jam at the first node that gets there.
    """

    potentials: tuple[int, ...]
    """Components."""
    concentrations: tuple[int, ...]
    step: float
    """Largest change of a potential in one iteration [V]."""
    molar_volume: float = 0.0
    """Of ions that share space: their sum times this stays below one [m^3/mol]."""

    def fraction(self, change: np.ndarray) -> float:
        """From the largest change of a potential."""
        largest = float(np.abs(change[:, list(self.potentials)]).max(initial=0.0))
        return 1.0 if largest <= self.step else self.step / largest

    def advance(self, u: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Node by node."""
        advanced = u + change
        columns = list(self.concentrations)
        c, dc = u[:, columns], change[:, columns]
        falling = (dc < -0.5 * c) & (c > 0.0)
        advanced[:, columns] = np.where(falling, c * c / np.where(falling, -4.0 * dc, 1.0), c + dc)
        if self.molar_volume > 0.0:
            free = 1.0 - self.molar_volume * c.sum(axis=1)
            growth = self.molar_volume * (advanced[:, columns].sum(axis=1) - c.sum(axis=1))
            share = np.where(growth > 0.9 * free, 0.9 * free / np.where(growth > 0.0, growth, 1.0), 1.0)
            advanced[:, columns] = c + share[:, None] * (advanced[:, columns] - c)
        return advanced


@dataclass
class Solution:
    """Fields and global unknowns that meet the equations."""

    u: np.ndarray
    """(local nodes, components)."""
    borders: np.ndarray
    iterations: int


@dataclass
class Scales:
    """Sizes of the unknowns and of the rows, one per component, SI units."""

    unknowns: np.ndarray
    rows: np.ndarray
    borders: np.ndarray = field(default_factory=lambda: np.empty(0))
    """Of the border unknowns."""


@dataclass(frozen=True)
class Lift:
    """Fixed unknowns whose value is a border, such as the potential on a metal surface."""

    nodes: np.ndarray
    """Local nodes, those owned elsewhere too."""
    component: int
    border: int

    def add(self, pattern: Pattern, sums: Sums) -> None:
        """What the equations' derivatives with respect to these unknowns are to the border."""
        there = np.zeros(pattern.space.local_count, dtype=bool)
        there[self.nodes] = True
        pairs = np.flatnonzero(there[pattern.columns])
        np.add.at(sums.columns[self.border], pattern.rows[pairs], sums.entries[pairs, :, self.component])
        sums.corner[:, self.border] += sums.rows[:, self.nodes, self.component].sum(axis=1)


class NewtonSolver:
    """The equations of one model on one space.

    Parameters
    ----------
    pattern
        Of the space; one component per field.
    terms
        Parts of the equations.
    fixed
        (local nodes, components), True where a field is given or not in use; those rows are left out.
    scales
        Sizes of unknowns and rows.
    damping
        Of the changes.
    prefix
        Of the PETSc options.
    method
        Linear solver.
    lifts
        Fixed unknowns that are borders.
    """

    def __init__(
        self,
        pattern: Pattern,
        terms: Sequence[Term],
        fixed: np.ndarray,
        scales: Scales,
        damping: Damping,
        prefix: str,
        method: Method = "direct",
        lifts: Sequence[Lift] = (),
    ) -> None:
        space = self.space = pattern.space
        self.pattern, self.terms, self.fixed, self.scales, self.damping = pattern, tuple(terms), fixed, scales, damping
        self.lifts = tuple(lifts)
        self.matrix = pattern.matrix(fixed)
        self.solver = LinearSolver(self.matrix, prefix, method, tolerance=1e-9)
        self.prefix = prefix
        self._vectors = [space.vector() for _ in range(3)]

    def linearise(self, u: np.ndarray, borders: np.ndarray) -> Sums:
        """Residual and Jacobian: a rank's part of the fields', the borders' summed over ranks. Collective."""
        count = len(borders)
        shape = (count, *u.shape)
        sums = Sums(
            self.space.zeros(),
            self.pattern.zeros(),
            np.zeros(shape),
            np.zeros(shape),
            np.zeros(count),
            np.zeros((count, count)),
        )
        for term in self.terms:
            term.add(u, borders, sums)
        for lift in self.lifts:
            lift.add(self.pattern, sums)
        if count and self.space.mesh.comm.size > 1:
            sums.gaps = np.sum(self.space.mesh.comm.allgather(sums.gaps), axis=0)
            sums.corner = np.sum(self.space.mesh.comm.allgather(sums.corner), axis=0)
        return sums

    def solve(self, u: np.ndarray, borders: np.ndarray, tolerance: float = 1e-9) -> Solution:
        """Fields that meet the equations, from a first guess that holds the given values. Collective.

        Parameters
        ----------
        u, borders
            First guess; left as they are.
        tolerance
            Largest last change, in the sizes of the unknowns or, where they are larger, in themselves.

        Raises
        ------
        NewtonFailure
            On every rank alike.
        """
        u, borders = u.copy(), np.array(borders, dtype=float)
        self.solver.renew()
        size = np.inf
        for iteration in range(1, LARGEST_ITERATION + 1):
            sums = self.linearise(u, borders)
            change, shift = self._step(sums)
            for lift in self.lifts:
                change[lift.nodes, lift.component] = shift[lift.border]
            size = self._largest(np.abs(change / np.maximum(np.abs(u), self.scales.unknowns)).max(initial=0.0))
            size = max(size, float(np.abs(shift / self.scales.borders).max(initial=0.0)) if len(shift) else 0.0)
            if not np.isfinite(size):
                break
            fraction = -self._largest(-self.damping.fraction(change))
            u = self.damping.advance(u, fraction * change)
            borders += fraction * shift
            for lift in self.lifts:
                u[lift.nodes, lift.component] = borders[lift.border]
            if fraction == 1.0 and size < tolerance:
                return Solution(u, borders, iteration)
        raise NewtonFailure(
            f"Newton's method for '{self.prefix.rstrip('_')}' stopped after {iteration} iterations with a last change "
            f"of {size:.3g} of the usual sizes; try a smaller step in time or voltage, or a finer mesh"
        )

    def destroy(self) -> None:
        """Free matrix, solver and vectors; the space is the caller's."""
        for piece in (*self._vectors, self.matrix, self.solver):
            piece.destroy()

    def _step(self, sums: Sums) -> tuple[np.ndarray, np.ndarray]:
        """Change of fields (local nodes, components) and of borders."""
        by_row, by_column = 1.0 / self.scales.rows, self.scales.unknowns
        sums.entries *= by_row[:, None] * by_column[None, :]
        self.pattern.constrain(sums.entries, self.fixed)
        self.pattern.fill(self.matrix, sums.entries)
        right, answer, row = self._vectors
        count = len(sums.gaps)
        if not self._largest(np.abs(sums.rows).max(initial=0.0)):
            shift = self._shift(sums.corner, -sums.gaps)
            given = sums.residual + sum(amount * column for amount, column in zip(shift, sums.columns, strict=True))
            return -self._solved(given * by_row, right, answer) * by_column, shift
        plain = self._solved(sums.residual * by_row, right, answer)
        reached = [self._solved(column * by_row, right, answer) for column in sums.columns]
        schur, rest = sums.corner.copy(), -sums.gaps
        for k in range(count):
            self.space.add_up(np.where(self.fixed, 0.0, sums.rows[k] * by_column), row)
            rest[k] += self._dot(row, plain)
            for j in range(count):
                schur[k, j] -= self._dot(row, reached[j])
        shift = self._shift(schur, rest)
        change = -plain - sum(amount * column for amount, column in zip(shift, reached, strict=True))
        return change * by_column, shift

    def _shift(self, matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Change of the borders; every rank has the same system."""
        try:
            return np.asarray(np.linalg.solve(matrix, right))
        except np.linalg.LinAlgError:
            raise NewtonFailure(
                f"Newton's method for '{self.prefix.rstrip('_')}': no potential of the electrode gives the current; "
                "where the ions at its surface are used up there is none: try a smaller current or a shorter time"
            ) from None

    def _solved(self, local: np.ndarray, right: PETSc.Vec, answer: PETSc.Vec) -> np.ndarray:
        self.space.add_up(np.where(self.fixed, 0.0, local), right)
        try:
            self.solver.solve(right, answer)
        except LinearFailure as failure:
            raise NewtonFailure(str(failure)) from None
        return self.space.to_local(answer)

    def _dot(self, row: PETSc.Vec, local: np.ndarray) -> float:
        """Product of a global row with what a local field holds at the owned nodes, in the order of the ranks."""
        owned = local[self.space.owned].ravel()
        mine = float(row.getArray(readonly=True) @ owned)
        return float(sum(self.space.mesh.comm.allgather(mine)))

    def _largest(self, value: float) -> float:
        values = self.space.mesh.comm.allgather(float(value))
        return float("nan") if any(v != v for v in values) else max(values)
