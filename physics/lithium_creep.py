"""Steady creep as a power law, and that of lithium: numbers alone, for those who do not need the flow laws' kernels.

r = r_0 (q/q_0)^N;    lithium: Anand's power form at saturation, r_0 = A exp(-Q/RT), q_0 = S0, N = 1/(m + n) = 5
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ramify.physics.constants import GAS_CONSTANT

PRE_FACTOR = 4.25e4
"""A [1/s] (Anand and Narayan, J. Electrochem. Soc. 166 (2019) A1092), as those below."""
ACTIVATION_ENERGY = 37e3
"""Q [J/mol]."""
SENSITIVITY = 0.15
"""m."""
RESISTANCE = 0.95e6
"""S(0) of lithium that has not flowed [Pa]."""
SATURATION = 2.0e6
"""S0 [Pa]."""
SATURATION_EXPONENT = 0.05
"""n."""


@dataclass(frozen=True)
class PowerLaw:
    """Creep at `rate` [1/s] under `stress` [Pa], with the power `exponent` of the stress elsewhere."""

    rate: float
    stress: float
    exponent: float

    def saturated_stress(self, rate: float) -> float:
        """Von Mises stress [Pa] at a strain rate [1/s]."""
        return self.stress * (rate / self.rate) ** (1.0 / self.exponent)


def anand_rate(temperature: float) -> float:
    """A exp(-Q/RT) [1/s] of lithium at a temperature [K]."""
    return PRE_FACTOR * math.exp(-ACTIVATION_ENERGY / (GAS_CONSTANT * temperature))


def virgin_stress(rate: float, temperature: float = 298.15) -> float:
    """Von Mises stress [Pa] at which lithium that has not flowed yet flows at a rate [1/s], in the sinh form."""
    return RESISTANCE * math.asinh((rate / anand_rate(temperature)) ** SENSITIVITY)


def lithium(temperature: float = 298.15) -> PowerLaw:
    """Lithium at a temperature [K]."""
    return PowerLaw(anand_rate(temperature), SATURATION, 1.0 / (SENSITIVITY + SATURATION_EXPONENT))
