"""Metal with voids at a solid electrolyte, as an engine that the runner can drive (phasefield.engine.Engine).

One step: the currents of the contact as it is are imposed on the metal (VoidMetal.advance, second order in the motion
of its surfaces; what the contact that moves does to the distribution of the current is of first order, and bounded by
`contact_change`), and the contact that results carries the next. A step that errs is repeated, shorter; nothing of the
state changes before it is accepted. Where a held current would pass a voltage limit, the step ends at the moment it
does, found by secants; from there the voltage is held.

Where the metal is under a stack pressure it also creeps (voids.creep), half of the step before the vacancies move it
and half of it after. What comes in through z = 0 is taken from the electrode behind.

Balances: voids.books. What is read off: voids.reading.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from mpi4py import MPI

from ramify.phasefield.engine import Control, Ledger, SolverFailure, StepReport
from ramify.phasefield.grid import Grid
from ramify.phasefield.mechanics.solver import MechanicsFailure
from ramify.phasefield.plating.timescheme import LARGEST_RATIO, fit_step
from ramify.phasefield.voids.books import Books, Crept, Unbalanced
from ramify.phasefield.voids.carriers import Carried, make_carrier
from ramify.phasefield.voids.cell import VoidProblem
from ramify.phasefield.voids.contact import EDGE, GONE, Contact, ContactState, Depleted, NoContact
from ramify.phasefield.voids.contact_area import share_of, shares_of
from ramify.phasefield.voids.metal import Advance, MetalState
from ramify.phasefield.voids.metals import make_metal
from ramify.phasefield.voids.reading import Reading
from ramify.physics.constants import FARADAY

MOST_REJECTIONS = 40
MOST_EMPTIED = 12
"""Tries of a step that empty an alloy's contact, however short, after which its voltage limit holds from now on."""
SHORTENED = 0.5
"""Factor on a rejected step that nothing shortens more."""
LEAST_WAY = 0.1
"""Least share of a rejected step, and of what is left of it."""
ON_THE_LIMIT = 1e-5
"""Of a voltage limit, within which it counts as met."""
SPENT = 1e-4
"""Share of the plane in contact at which nothing more can be stripped."""
REMEDY = "more cells across the voids, a lower current, or a 'limit VOLTAGE' in the protocol"
CREEP_REMEDY = "a lower stack pressure, a lower exponent, or 'resistance: saturated' in the mechanics"
"""What to try where a step fails, and where the creep does."""
FIRST_MOTION = 0.05
"""Cells that the first step after a switch may dissolve."""


@dataclass
class Attempt:
    """A step tried and not yet accepted."""

    step: float
    advance: Advance
    contact: ContactState
    """At the end."""
    meets: bool
    """Whether the end lies on the voltage limit, under a current held so far."""
    spent: bool
    """Whether diffusion in an alloy brings no more than the current that is held."""
    longest: float
    """Longest next step [s]."""
    carried: Carried | None
    """What creep did; None of a metal that does not."""


class VoidEngine:
    """The production engine of `model: voids`.

    Parameters
    ----------
    problem
        What to solve.
    comm
        Communicator; MPI.COMM_WORLD by default.
    """

    def __init__(self, problem: VoidProblem, comm: MPI.Comm | None = None) -> None:
        self.problem = problem
        self.grid = Grid(problem.metal.domain, comm)
        self.metal = make_metal(self.grid, problem.metal)
        self.contact = Contact(problem.metal.domain, problem.contact)
        self.state = self.metal.initial_state()
        stack = problem.creep
        self.carrier = None if stack is None else make_carrier(self.metal, stack)
        self.creep = None if self.carrier is None else self.carrier.creep
        self._crept_for, self._creep_is_set = 0.0, False
        """Time since the creep's velocity was set [s]."""
        self.time = 0.0
        self.control = Control("current", 0.0)
        self._now: ContactState | None = None
        """What flows through the contact now; None after a switch."""
        self._limited = False
        """Whether the voltage limit holds the cell."""
        self._next_step: float | None = None
        self.books = Books(self.grid, self.metal, self.state, self._omega)
        self.ledger: Ledger = self.books.ledger
        self.reading = Reading(problem, self.grid, self.metal, self.contact, self.books)

    @property
    def _omega(self) -> float:
        return self.problem.metal.transport.molar_volume

    # ------------------------------------------------------------------ control

    def set_control(self, control: Control) -> None:
        """Switch the cycler; the next step is a short one."""
        before, self.control = self._pressure, control
        self._now, self._next_step, self._limited = None, None, False
        if self._pressure != before:
            self._creep_is_set, self._crept_for = False, 0.0
        self.contact.forget()

    @property
    def _pressure(self) -> float:
        """On the collector now [Pa]; zero for a metal that does not creep."""
        if self.problem.creep is None:
            return 0.0
        own = self.control.pressure
        return self.problem.creep.pressure if own is None else own

    def _held(self) -> Control:
        """What holds the cell: the control, or its voltage limit."""
        control = self.control
        if not self._limited or control.voltage_limit is None:
            return control
        return Control("voltage", -math.copysign(control.voltage_limit, control.value))

    def _passes(self, state: ContactState) -> bool:
        """Whether a held current needs more than the voltage limit."""
        control = self.control
        if control.mode == "voltage" or control.value == 0.0 or control.voltage_limit is None:
            return False
        return abs(state.voltage) > control.voltage_limit * (1.0 + ON_THE_LIMIT)

    def _flow(self) -> ContactState:
        """The currents of the contact as it is."""
        if self._now is None:
            try:
                flow: ContactState | None = self._solve(self.state)
            except Depleted as empty:
                if self.control.voltage_limit is None:
                    raise self._failure(str(empty)) from None
                flow = None
            if flow is None or self._passes(flow):
                self._limited = True
                flow = self._solve(self.state)
            self._now = flow
        return self._now

    def _solve(self, state: MetalState) -> ContactState:
        """Currents of the contact that a metal has; SolverFailure or `Depleted` where there are none to be had."""
        shares = shares_of(self.grid, state.xi, self.problem.metal.interface.width)
        try:
            return self.contact.solve(shares, self._held(), self.metal.contact_composition(state))
        except Depleted:
            raise
        except NoContact as stopped:
            remedy = "a stop condition or a 'limit VOLTAGE' in the protocol"
            raise SolverFailure(f"{stopped} at t = {self.time:.6g} s", field="phi", place=None, time=self.time,
                                remedy=remedy) from None  # fmt: skip

    # ------------------------------------------------------------------ one step

    def step(self, until: float) -> StepReport:
        """Take one accepted step that ends at or before `until`."""
        flow, numerics = self._flow(), self.problem.numerics
        self._set_creep()
        wish, reason, emptied = self._wish(flow), "the error of a step stays too large", 0
        for rejected in range(MOST_REJECTIONS):
            step, exact = fit_step(wish, until - self.time)
            try:
                attempt, shorter = self._attempt(flow, step)
            except Depleted as empty:
                attempt, shorter, reason = None, step * self._way_to_edge(flow, empty.limit), str(empty)
                emptied += 1
                at_once = emptied > MOST_EMPTIED or shorter < numerics.smallest_step
                if at_once and self.control.voltage_limit is not None:
                    # the contact runs empty at once, where a face's composition changes at once: the limit holds now
                    self._limited, self._now, shorter = True, None, step
                    self.contact.forget()
                    flow = self._flow()
            except SolverFailure as failure:
                attempt, shorter, reason = None, SHORTENED * step, failure.reason
            if attempt is not None:
                # a step cut short by a requested time says nothing against a longer one
                grown = min(LARGEST_RATIO * step, attempt.longest)
                self._next_step = max(grown, min(wish, attempt.longest)) if step < wish else grown
                return self._accept(attempt, until if exact else self.time + step, rejected)
            wish = shorter
            if wish < numerics.smallest_step:
                break
        raise self._failure(f"{reason}; the step was cut to {wish:.2g} s")

    def _wish(self, flow: ContactState) -> float:
        numerics = self.problem.numerics
        if self._next_step is None:
            first = numerics.first_step
            if first is None:
                peak = float(np.nanmax(np.abs(flow.local), initial=0.0))
                finest = min(h for h, n in zip(self.grid.domain.spacing, self.grid.domain.cells, strict=True) if n > 1)
                first = FIRST_MOTION * finest * FARADAY / (self._omega * peak) if peak > 0.0 else math.inf
            self._next_step = first
        creeps = math.inf if self.carrier is None else self.carrier.longest_step()
        if creeps < numerics.smallest_step:
            raise self._failure(f"the metal creeps so fast that a step must not exceed {creeps:.2g} s", CREEP_REMEDY)
        return max(min(self._next_step, numerics.largest_step, creeps), numerics.smallest_step)

    def _set_creep(self) -> None:
        """Velocity of the metal as it is, and its stress."""
        if self.carrier is None or self._creep_is_set:
            return
        try:
            self.state = self.carrier.press(self.state, self._pressure, self._crept_for)
        except MechanicsFailure as stopped:
            raise self._failure(str(stopped), CREEP_REMEDY) from None
        self._creep_is_set = True

    def _move(self, flow: ContactState, step: float) -> tuple[Advance, Carried | None]:
        """The metal moved by its vacancies and by creep, and what the latter did."""
        current = share_of(self.grid, flow.current)
        if self.carrier is None:
            return self.metal.advance(self.state, step, current), None
        return self.carrier.advance(self.state, step, current)

    def _attempt(self, flow: ContactState, step: float) -> tuple[Attempt | None, float]:
        """A step that is good, or None and a shorter one to try in its place."""
        largest, limit = self.problem.numerics.contact_change, self.control.voltage_limit
        advance, carried = self._move(flow, step)
        if not advance.good(self.problem.metal.numerics):
            return None, min(SHORTENED * step, advance.limits.shortest)
        self.contact.resume(flow)
        after = self._solve(advance.result)
        shares = float(flow.shares.mean()), float(after.shares.mean())
        changed = abs(shares[1] - shares[0]) / max(*shares, GONE)
        born = advance.ledger.placed != 0.0  # the contact that a void takes at its birth, no shorter step saves
        if changed > 1.5 * largest and not born:
            return None, step * max(0.1, 0.9 * largest / changed)
        meets = False
        if limit is not None and self.control.mode == "current" and self.control.value != 0.0 and not self._limited:
            room, over = limit - abs(flow.voltage), abs(after.voltage) - limit
            if over > ON_THE_LIMIT * limit and room > ON_THE_LIMIT * limit:
                return None, step * room / (room + over)
            meets = over >= -ON_THE_LIMIT * limit
        held = self._held()
        spent = held.mode == "current" and (1.0 - EDGE) * after.limit <= -held.value
        meets = meets or (spent and limit is not None)
        by_contact = step * largest / changed if changed > 0.0 and not born else math.inf
        longest = min(advance.limits.shortest, by_contact)
        return Attempt(step, advance, after, meets, spent, longest, carried), 0.0

    def _way_to_edge(self, flow: ContactState, limit: float) -> float:
        """Share of a step that ends beyond what diffusion brings then [A/m^2], after which it just brings enough."""
        needed = -self.control.value
        if math.isinf(flow.limit):
            return SHORTENED
        within = (flow.limit - (1.0 + 0.5 * EDGE) * needed) / (flow.limit - limit)
        return min(max(within, LEAST_WAY), 1.0 - LEAST_WAY)

    def _accept(self, attempt: Attempt, time: float, rejected: int) -> StepReport:
        flow, contact = self._flow(), attempt.contact
        self.state, self.time, self._now = attempt.advance.result, time, contact
        self._crept_for, self._creep_is_set = attempt.step, False
        crept = Crept()
        if self.carrier is not None and attempt.carried is not None:
            self.carrier.keep(attempt.carried)
            crept = Crept(attempt.carried.entered, attempt.carried.gained)
        try:
            self.books.add(self.state, attempt.advance.ledger, flow, attempt.step, crept)
        except Unbalanced as stopped:
            raise self._failure(str(stopped)) from None
        voltage = self._held().value if self._held().mode == "voltage" else contact.voltage
        limited = self._limited or attempt.meets
        if attempt.meets:
            assert self.control.voltage_limit is not None
            voltage = -math.copysign(self.control.voltage_limit, self.control.value)
        # a limit that lets through more than is asked for holds the cell no longer
        enough = (1.0 + (2.0 * EDGE if contact.magnesium is not None else 0.0)) * abs(self.control.value)
        eased = self._limited and abs(contact.current_density) > enough > 0.0
        if attempt.meets or eased:
            self._limited, self._now = attempt.meets, None
            self.contact.forget()
        surface = float(contact.shares.mean()) / self._omega
        return StepReport(
            time=self.time,
            step=attempt.step,
            current_density=contact.current_density,
            voltage=voltage,
            limited=limited,
            newton_iterations=contact.newton_iterations,
            krylov_iterations=contact.krylov_iterations,
            rejected=rejected,
            minimum_concentration=surface,
            surface_concentration=surface,
            exhausted=attempt.spent or float(contact.shares.mean()) <= SPENT or self.ledger.metal <= 0.0,
            measures=self._measures(contact),
            profile=self.reading.profile(self.state),
        )

    def _failure(self, reason: str, remedy: str = REMEDY) -> SolverFailure:
        return SolverFailure(
            f"{reason} at t = {self.time:.6g} s", field="xi", place=None, time=self.time, remedy=remedy
        )

    # ------------------------------------------------------------------ reading and restart

    def measure(self) -> dict[str, float]:
        """The `measures` of the present state."""
        return self._measures(self._flow())

    def _measures(self, flow: ContactState) -> dict[str, float]:
        measures = self.reading.measures(self.state, flow) | {"stack_pressure": self._pressure}
        if self.creep is not None and self.creep.resistance is not None:
            measures["flow_resistance"] = self.creep.resistance.mean(self.state.xi)
        return measures

    def gather(self, name: str) -> np.ndarray | None:
        """One of `FIELDS` on rank 0 as (nz, ny, nx), metal and electrolyte."""
        return self.reading.field(name, self.state, self._flow)

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs (arrays on rank 0 alone)."""
        flow = self._now
        planes = {} if flow is None else {name: a for name, a in vars(flow).items() if a is not None}
        books = self.books.save()
        return {
            "metal": self.metal.save(self.state),
            "creep": {} if self.creep is None else self.creep.save(),
            "flow": planes,
            "numbers": {
                "time": self.time,
                "next_step": -1.0 if self._next_step is None else self._next_step,
                "limited": self._limited,
                "void_start": books["void_start"],
                "entered": books["entered"],
                "crept_for": self._crept_for,
                "creep_is_set": self._creep_is_set,
            },
            "control": asdict(self.control),
            "ledger": books["ledger"],
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned (rank 0's dictionary), on any number of ranks."""
        root = self.grid.comm.rank == 0
        plain = self.grid.comm.bcast(
            {k: v for k, v in saved.items() if k not in ("metal", "creep")} if root else None, root=0
        )
        numbers, control, flow = plain["numbers"], plain["control"], plain["flow"]
        self.state = self.metal.load(saved["metal"] if root else {})
        if self.creep is not None:
            self.creep.load(saved["creep"] if root else {})
        self.books.load({"ledger": plain["ledger"], **numbers})
        self.ledger = self.books.ledger
        self._crept_for, self._creep_is_set = float(numbers["crept_for"]), bool(numbers["creep_is_set"])
        self.time = float(numbers["time"])
        step = float(numbers["next_step"])
        self._next_step = None if step < 0.0 else step
        self._limited = bool(numbers["limited"])
        self.control = Control(**control)
        self._now = _contact_state(flow) if flow else None

    def destroy(self) -> None:
        """Free the PETSc objects."""
        if self.creep is not None:
            self.creep.free()
        self.metal.free()
        self.grid.destroy()


def _contact_state(saved: dict[str, Any]) -> ContactState:
    return ContactState(
        shares=np.array(saved["shares"]),
        potentials=np.array(saved["potentials"]),
        current=np.array(saved["current"]),
        local=np.array(saved["local"]),
        voltage=float(saved["voltage"]),
        current_density=float(saved["current_density"]),
        newton_iterations=int(saved["newton_iterations"]),
        krylov_iterations=int(saved["krylov_iterations"]),
        **{name: np.array(saved[name]) for name in ("magnesium", "activity") if name in saved},
        limit=float(saved["limit"]),
    )
