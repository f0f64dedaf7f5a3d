"""Books of lithium, voids and lattice sites (the identity is that of voids.metal)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ramify.phasefield.voids.vacancies import Fluxes


@dataclass(frozen=True)
class MetalLedger:
    """Totals of a run, or of a step [mol]."""

    stripped: float = 0.0
    """Lithium that left through the contact; negative on plating."""
    condensed: float = 0.0
    """Void volume gained by what flows into voids, over Omega."""
    annihilated: float = 0.0
    """At sinks in the bulk."""
    left: float = 0.0
    """At the back face."""
    placed: float = 0.0
    """Void volume of births less that of remainders filled, over Omega."""
    turnover: float = 0.0
    """Sum of the sizes of all that flowed, that imbalances are measured by."""
    worst_step: float = 0.0
    """Largest imbalance of a step, relative to its turnover."""
    magnesium_entered: float = 0.0
    """Of an alloy: with the metal that moved in through z = 0 or was displaced by voids born and filled."""
    magnesium_worst: float = 0.0
    """Largest imbalance of magnesium in a step, relative to all there is."""

    @classmethod
    def of_step(cls, dt: float, fluxes: Fluxes, gained: float, moved: float, placed: float) -> MetalLedger:
        """One step of `dt` seconds from its mean fluxes.

        `gained`, `moved`, `placed`: void volume over Omega that the cells really gained, its size, and that of births.
        """
        stripped, annihilated, left = dt * fluxes.injected, dt * fluxes.annihilated, dt * fluxes.left
        turnover = abs(stripped) + abs(annihilated) + abs(left) + dt * fluxes.exchanged + moved
        missing = abs(stripped - gained - annihilated - left)
        worst = missing / turnover if turnover > 0.0 else 0.0
        return cls(stripped, gained, annihilated, left, placed, turnover, worst)

    def plus(self, step: MetalLedger) -> MetalLedger:
        """The totals after a step."""
        sums = {f.name: getattr(self, f.name) + getattr(step, f.name) for f in fields(MetalLedger)}
        worst = {name: max(getattr(self, name), getattr(step, name)) for name in ("worst_step", "magnesium_worst")}
        return MetalLedger(**{**sums, **worst})

    def receded(self, molar_volume: float, area: float) -> float:
        """Thickness of the electrode consumed apart from its voids [m]."""
        return molar_volume * (self.annihilated + self.left - self.placed) / area
