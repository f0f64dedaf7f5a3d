"""What several ranks have to agree on: a refusal passes if all come to it, and one that fails alone ends them all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ramify.launcher import RANKS, environment_number
from ramify.scenario.errors import ScenarioError

if TYPE_CHECKING:
    from mpi4py import MPI

Result = TypeVar("Result")


@dataclass(frozen=True)
class Ranks:
    """Who takes part in a run: one process where the engine is a serial one, whatever the launcher."""

    rank: int
    size: int

    @property
    def root(self) -> bool:
        """Whether this is the rank that reads, writes and speaks."""
        return self.rank == 0

    def share(self, value: Result) -> Result:
        """Rank 0's value, on every rank. Collective."""
        if self.size == 1:
            return value
        from mpi4py import MPI

        shared: Result = MPI.COMM_WORLD.bcast(value, root=0)
        return shared

    def sum(self, value: float) -> float:
        """Sum over the ranks. Collective."""
        if self.size == 1:
            return value
        from mpi4py import MPI

        return float(MPI.COMM_WORLD.allreduce(value, MPI.SUM))

    def any(self, *wishes: bool) -> tuple[bool, ...]:
        """Of each wish, whether any rank has it. Collective."""
        if self.size == 1:
            return wishes
        from mpi4py import MPI

        heard = MPI.COMM_WORLD.allreduce(sum(1 << bit for bit, wish in enumerate(wishes) if wish), MPI.BOR)
        return tuple(bool(heard >> bit & 1) for bit in range(len(wishes)))


class AgreedRefusal(Exception):
    """A refusal to which every rank has come."""

    def __init__(self, refusal: ScenarioError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def world() -> MPI.Comm | None:
    """All ranks; None for a process on its own that has no use for MPI."""
    if environment_number(RANKS, 1) == 1 and "mpi4py.MPI" not in sys.modules:
        return None
    from mpi4py import MPI

    return MPI.COMM_WORLD


def together(work: Callable[[], Result]) -> Result:
    """The result of work that every rank does without the others; to be called by all of them.

    Raises
    ------
    AgreedRefusal
        If every rank meets a ScenarioError.
    RuntimeError
        If only some do: they read different things, and none can know what the others will do.
    """
    result: list[Result] = []
    refusal: ScenarioError | None = None
    try:
        result.append(work())
    except ScenarioError as error:
        refusal = error
    comm = world()
    size = 1 if comm is None else comm.size
    refused = int(refusal is not None) if comm is None else comm.allreduce(int(refusal is not None))
    if refusal is not None and refused == size:
        raise AgreedRefusal(refusal) from refusal
    if refused:
        raise RuntimeError(f"{refused} of {size} ranks refuse the input, the others do not") from refusal
    return result[0]


def guarded(work: Callable[[], int]) -> int:
    """Run; whatever nobody expected ends every rank, not one of them. Raises ScenarioError where all refuse."""
    try:
        return work()
    except AgreedRefusal as agreed:
        raise agreed.refusal from None
    except BaseException:  # an interrupt on one rank would leave the others waiting as well
        comm = world()
        if comm is None or comm.size == 1:
            raise
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        comm.Abort(1)
        raise
