"""How a run ends: status and reason of its summary, and the exit code of the contract."""

from __future__ import annotations

from dataclasses import dataclass

from ramify.phasefield.engine import SolverFailure
from ramify.phasefield.problem import Domain

DONE, REFUSED, GAVE_UP, INTERRUPTED = 0, 2, 3, 75
"""Exit codes: done; input refused; the solver gave up, the last good state kept; interrupted, the state saved."""
TOUCH, NO_METAL = "touch", "no metal"
STOPS = {
    TOUCH: "short circuit: the metal touches the counter electrode",
    NO_METAL: "no metal in contact is left to strip",
}
"""What ends a run before its protocol does, in words."""


@dataclass(frozen=True)
class Ending:
    """Why a run is over."""

    status: str
    """finished, stopped, interrupted or failed."""
    reason: str
    code: int = DONE
    """Exit code."""

    @classmethod
    def complete(cls, ended: str = "") -> Ending:
        """The protocol is complete; what `ended` its last step is told where something did."""
        return cls("finished", "the protocol is complete" + (f"; its last step ended by {ended}" if ended else ""))

    @classmethod
    def stopped(cls, ended: str) -> Ending:
        """Before the protocol's end, by one of `STOPS` or by the short circuit that the protocol asked for."""
        return cls("stopped", STOPS.get(ended, STOPS[TOUCH]))

    @classmethod
    def asked(cls) -> Ending:
        """A signal asked for it; the state is saved."""
        return cls("interrupted", "asked to stop; go on with ramify resume", INTERRUPTED)

    @classmethod
    def given_up(cls, failure: SolverFailure, domain: Domain) -> Ending:
        """The solver gave up: why, where [um] along the domain's axes, in which field, and what to try."""
        where = ""
        if failure.place is not None:
            axes = [n for n in range(3) if domain.cells[n] > 1]
            places = ", ".join(f"{'xyz'[n]} = {1e6 * failure.place[n]:.3g}" for n in axes)
            where = f" at {places} um"
        return cls("failed", f"{failure.reason}{where}, field {failure.field}; try: {failure.remedy}", GAVE_UP)

    def with_results(self, unwritten: str, saved: bool) -> Ending:
        """The ending in the light of results that could not be written, empty if all were; a failure stays one.

        Parameters
        ----------
        unwritten
            What the disk said.
        saved
            Whether there is a state to go on from.
        """
        if not unwritten or self.status == "failed":
            return self
        remedy = "then go on with ramify resume" if saved else "then run again with --force; no state was saved"
        return Ending("failed", f"results could not be written: {unwritten}; make room, {remedy}", GAVE_UP)
