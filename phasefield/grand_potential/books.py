"""What the grand-potential model conserves, booked every step.

Both are identities of the discrete scheme, kept to rounding:

    charge    current in at the counter electrode - current out at the collector = n F C_m^s d(integral of xi)/dt
    lithium   flux in over both z faces = C_m^l d(integral of N)/dt,   N = c^l (1 - h) + dv c^s h

What the formulation cannot keep is that the two agree. The metal holds dv C_m^l h c^s of lithium by the second and
C_m^s xi by the first, and dv C_m^l is not C_m^s in the published sets; the current at the counter electrode is not the
lithium that enters there, for sigma is constant and the current of a single potential passes from the electrolyte to
the metal without reacting.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramify.phasefield.engine import Ledger


@dataclass
class PhaseLedger(Ledger):
    """Running totals; `salt` is all lithium (N), `metal` the phase's, and `charge` the charge that deposited."""

    electrons: int = 1
    """n: charge per atom of metal."""

    def balance(self, faraday: float) -> dict[str, float]:
        """The `balance` block of summary.json."""
        return super().balance(self.electrons * faraday)


IMBALANCE_LIMIT = 1e-8
"""Relative imbalance of one step at which the run stops: a hundred times what is promised."""
