"""What every engine offers to the runner: one interface for the PETSc solver and the FiPy reference.

Signs: current densities are positive for plating; voltages are the working electrode against a lithium
reference at the counter electrode, so negative on plating and positive on stripping.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

REAL_AMOUNT = 1e-9
"""Share of all the metal below which an amount may be round-off."""


@dataclass(frozen=True)
class Control:
    """What the cycler imposes until the next switch; a rest is a current of zero."""

    mode: Literal["current", "voltage"]
    value: float
    """Mean current density over the cross-section [A/m^2], or voltage [V]; signed."""
    voltage_limit: float | None = None
    """Magnitude [V] at which a controlled current gives way to a held voltage; None for no limit."""
    pressure: float | None = None
    """Stack pressure [Pa]; None for that of the problem. Of the voids' engine alone."""

    @property
    def strips(self) -> bool:
        """Whether it drives stripping; a held voltage is against a lithium reference."""
        return self.value < 0.0 if self.mode == "current" else self.value > 0.0


@dataclass
class Ledger:
    """Running totals of one run; every entry is an identity of the discrete scheme."""

    charge: float = 0.0
    """Integral of the cell current [C], positive for plating."""
    absolute_charge: float = 0.0
    """Integral of |current| [C]."""
    reacted: float = 0.0
    """Integral of S over space and time [C]."""
    metal_start: float = 0.0
    metal: float = 0.0
    """Metal in the domain [mol]."""
    plated: float = 0.0
    """Metal gained while the cell current was positive [mol]."""
    stripped: float = 0.0
    """Metal lost while the cell current was negative [mol], positive."""
    salt_start: float = 0.0
    salt: float = 0.0
    """Salt in the electrolyte [mol]."""
    salt_entered: float = 0.0
    salt_displaced: float = 0.0
    """Salt that left with the electrolyte the metal pushed out [mol]."""
    magnesium_start: float = 0.0
    magnesium: float = 0.0
    """Of an alloy, in the domain [mol]."""
    magnesium_entered: float = 0.0
    """With metal from outside the domain [mol]."""
    curved_away: float = 0.0
    """Metal that `curvature: allen_cahn` removed without charge [mol]; zero for the conservative front."""
    frozen: float = 0.0
    """Metal that a frozen interface did not add [mol]."""
    worst_step: float = 0.0
    """Largest imbalance of a single step, relative."""
    largest_correction: float = 0.0
    """Largest relative correction that projected a converged solve onto the balances."""

    @property
    def coulombic_efficiency(self) -> float | None:
        """Metal stripped over metal plated; None where nothing, or no more than round-off, was plated or stripped."""
        least = REAL_AMOUNT * (self.metal_start + self.metal + abs(self.stripped))
        if self.plated <= least or self.stripped <= least:
            return None
        return self.stripped / self.plated

    @property
    def magnesium_gained(self) -> float:
        """Magnesium that is there and did not come from anywhere [mol]: round-off."""
        return self.magnesium - self.magnesium_start - self.magnesium_entered

    def balance(self, faraday: float) -> dict[str, float]:
        """The `balance` block of summary.json; that of magnesium where there is any."""
        moles = max(self.absolute_charge / faraday, 1e-300)
        idle = self.absolute_charge == 0.0
        alloyed = {"magnesium_relative": abs(self.magnesium_gained) / max(self.magnesium_start, 1e-300)}
        return {
            "lithium_relative": 0.0
            if idle
            else abs(self.metal - self.metal_start + self.curved_away + self.frozen - self.charge / faraday) / moles,
            "salt_relative": abs(self.salt - self.salt_start - self.salt_entered + self.salt_displaced)
            / max(self.salt_start, 1e-300),
            "charge_relative": 0.0 if idle else abs(self.charge - self.reacted) / self.absolute_charge,
            "worst_step_relative": self.worst_step,
            **(alloyed if self.magnesium_start > 0.0 else {}),
        }


@dataclass(frozen=True)
class StepReport:
    """One accepted step."""

    time: float
    step: float
    current_density: float
    """Mean over the step's end [A/m^2]."""
    voltage: float
    limited: bool
    """Whether the voltage limit held the cell."""
    newton_iterations: int
    krylov_iterations: int
    rejected: int
    """Attempts thrown away before this step was accepted."""
    minimum_concentration: float
    """Over the electrolyte [mol/m^3]."""
    surface_concentration: float
    """Smallest one at the sharp surface [mol/m^3] (physics.butler_volmer.surface_concentration)."""
    exhausted: bool = False
    """Whether the metal in contact is used up."""
    short_circuit: bool = False
    """Whether metal connected to the current collector touches the counter electrode."""
    measures: dict[str, float] = field(default_factory=dict)
    """tip_height [m], mean_height [m], roughness [m], filling_fraction [-], dead_metal [mol]; engine petsc also
    current_amplification [-] and, with a host, top_plating_index, over_plating_index, bottom_up_index [-]
    (phasefield.depth), blocked_fraction [-], blocked_height [m]; without one, in 2-D and 3-D, roughness_wavelength [m]
    (plating.measures); with a nucleation law nuclei, nuclei_waiting, particles [-], nucleus_radius [m]
    (plating.nuclei), in an interphase nuclei_inside [-], nucleus_depth [m]; with crystallinity crystalline_fraction,
    orderable_fraction [-], crystal_size [m] (plating.order)."""
    profile: np.ndarray = field(default_factory=lambda: np.zeros(0), compare=False)
    """Metal over the volume of each layer along z, host included."""
    sizes: np.ndarray | None = field(default=None, compare=False)
    """Nuclei in each class of radii (physics.classical_nucleation.SIZE_CLASSES); None without a nucleation law."""


class SolverFailure(RuntimeError):
    """The solver gave up: which field, where, when, and what to try."""

    def __init__(
        self, reason: str, *, field: str, place: tuple[float, float, float] | None, time: float, remedy: str
    ) -> None:
        super().__init__(reason)
        self.reason, self.field, self.place, self.time, self.remedy = reason, field, place, time, remedy


class Engine(Protocol):
    """A plating solver that the runner can drive; every method is collective over its communicator."""

    time: float

    @property
    def ledger(self) -> Ledger:
        """What the run has passed, gained and lost so far."""

    def set_control(self, control: Control) -> None:
        """Switch the cycler; the next step starts afresh (no memory across the switch)."""

    def step(self, until: float) -> StepReport:
        """Take one accepted step that ends at or before `until`; raises SolverFailure."""

    def gather(self, name: str) -> np.ndarray | None:
        """A field of `FIELDS` on rank 0 as (nz, ny, nx) float64; None on the other ranks."""

    def measure(self) -> dict[str, float]:
        """The `measures` of the state before the first step; a step's own report has them afterwards."""

    def save(self) -> dict[str, Any]:
        """Everything a bitwise restart needs: global arrays (rank 0; None elsewhere) and plain numbers."""

    def load(self, saved: dict[str, Any]) -> None:
        """Restore what `save` returned (rank 0's dictionary, on any number of ranks)."""


FIELDS = ("xi", "psi", "c", "phi_l", "phi_s", "s")
"""Fields every engine gathers: metal fraction, host fraction, salt, electrolyte and electron potential, source S.
Engine petsc with mechanics also has p, von_mises and traction (plating.stress), with crystallinity its share
(plating.order)."""
