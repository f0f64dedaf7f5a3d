"""The books of a run: converged solves projected onto the balances, and every step added to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.kernels import stepping
from ramify.physics.constants import FARADAY

if TYPE_CHECKING:
    from ramify.phasefield.plating.attempt import Attempt
    from ramify.phasefield.plating.solver import PlatingSolver

IMBALANCE_LIMIT = 1e-8
"""Relative imbalance of one step at which the run stops: a hundred times what is promised."""


def project(solver: PlatingSolver, attempt: Attempt) -> tuple[float, float, float]:
    """Make sums exact that the solver met to its tolerance; returns inflow, salt rate (rows), relative correction.

    The reaction is shifted along its own derivative until it takes what the counter electrode gives, and the
    concentration by a constant until the salt balances.
    """
    system = solver.system
    top = system.counter.evaluate(system.top_layer(attempt.state.C), system.top_layer(attempt.state.P), attempt.state.X)
    geometry = system.geometry
    sums = solver.grid.sums(
        np.array([top.current.sum(), top.salt.sum(), *stepping.sum_reaction(system.source, system.by_p)])
    )
    inflow, salt_in, reacted, slope, size = (float(v) for v in sums)
    if attempt.target.mode == "current":
        wanted = system.counter.scaled_current(attempt.target.value)
        salt_in += (1.0 - solver.table.transference) * solver.table.salt_per_charge * (wanted - inflow)
        inflow = wanted
    scale = max(abs(inflow), size, 1e-300)
    if slope > 0.0:
        shift = (inflow - reacted) / slope
        stepping.add_times(system.source, system.by_p, shift)
    else:
        inflow = reacted  # nothing can react yet: what the solve leaves is round-off
    salt_rate = salt_in - system.reaction_to_salt * inflow
    history = attempt.history
    stored = solver.grid.sums(
        np.array(stepping.sum_stored(geometry.eps, attempt.state.C, history.now, history.old, history.gamma))
    )
    shift_c = (salt_rate - attempt.mu * stored[0]) / (attempt.mu * stored[1])
    stepping.add_times(attempt.state.C, geometry.active, float(shift_c))
    solver.grid.halo.exchange(attempt.state.C)
    return inflow, salt_rate, max(abs(inflow - reacted) / scale if inflow else 0.0, abs(shift_c))


def book(
    solver: PlatingSolver,
    attempt: Attempt,
    xi: np.ndarray,
    inflow: float,
    salt_rate: float,
    removed: float,
    correction: float,
) -> None:
    """Add one step to the ledger; raises SolverFailure if its balances do not close.

    Parameters
    ----------
    xi
        The metal after the step.
    inflow, salt_rate, correction
        Of `project`.
    removed
        Metal that curvature took [mol].
    """
    scheme, ledger = attempt.scheme, solver.ledger
    volume, c0 = solver.measures.volume, solver.table.concentration
    system = solver.system
    amperes = volume / system.source_scale
    moles = solver.table.diffusivity / system.finest**2 * c0 * volume
    before = dict(solver.increments)
    rates = {
        "charge": inflow * amperes,
        "reacted": solver.grid.sum(stepping.sum_reaction(system.source, system.by_p)[0]) * amperes,
        "entered": salt_rate * moles,
    }
    done = {key: scheme.advance(rate, before[key]) for key, rate in rates.items()}
    now = solver.state.C
    old = solver.old.C if solver.old is not None else now
    sums = solver.grid.sums(
        np.array(stepping.sum_books(solver.pore, system.geometry.eps, xi, solver.xi, attempt.state.C, now, old))
    )
    gained = float(sums[3]) * volume / solver.problem.metal.molar_volume
    displaced = -float(sums[0]) * c0 * volume - scheme.gamma * (float(sums[1]) * c0 * volume - before["entered"])
    worst = _imbalance(solver, done, gained + removed, displaced, float(sums[2]) * c0 * volume)
    if not worst <= IMBALANCE_LIMIT:
        raise SolverFailure(
            f"the balances of one step differ by {worst:.1e}",
            field="balance",
            place=None,
            time=solver.time,
            remedy="tighten numerics.newton_tolerance",
        )
    solver.increments = done
    moving = solver.problem.interface.motion == "moving"
    ledger.charge += done["charge"]
    ledger.absolute_charge += abs(done["charge"])
    ledger.reacted += done["reacted"]
    ledger.salt_entered += done["entered"]
    ledger.salt_displaced += displaced
    ledger.curved_away += removed
    ledger.frozen += 0.0 if moving else done["charge"] / FARADAY
    ledger.metal += gained
    ledger.salt += float(sums[2]) * c0 * volume
    # without a current the metal gains nothing but round-off
    if done["charge"] > 0.0:
        ledger.plated += gained if moving else done["charge"] / FARADAY
    elif done["charge"] < 0.0:
        ledger.stripped -= gained if moving else done["charge"] / FARADAY
    ledger.largest_correction = max(ledger.largest_correction, correction)
    ledger.worst_step = max(ledger.worst_step, worst)


def _imbalance(solver: PlatingSolver, done: dict[str, float], gained: float, displaced: float, salt: float) -> float:
    """Largest relative imbalance of one step; not a number if anything in it is not."""
    ledger = solver.ledger
    imbalances = [abs(salt - done["entered"] + displaced) / ledger.salt_start]
    charge = abs(done["charge"])
    if charge > 0.0:
        # The cells' fractions are rounded to 1e-16 of the metal: a step of less than two millionths of it is measured
        # against that much, or its ratio would be of roundings.
        smallest = 1e-6 * ledger.absolute_charge + 1e10 * np.finfo(float).eps * ledger.metal_start * FARADAY
        imbalances.append(abs(done["charge"] - done["reacted"]) / max(charge, smallest))
        if solver.problem.interface.motion == "moving":
            imbalances.append(abs(gained * FARADAY - done["charge"]) / max(charge, smallest))
    return float(np.max(imbalances))
