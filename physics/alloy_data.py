"""Data of lithium alloys, with their sources. Plain Python: a check of a scenario needs no compiler."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ramify.physics.constants import GAS_CONSTANT
from ramify.physics.metals import PRESETS as METALS

LITHIUM_VOLUME = METALS["lithium"].molar_volume
"""[m^3/mol]; with magnesium's an alloy of 10 at.% holds 68 700 mol/m^3 of lithium."""
MAGNESIUM_VOLUME = 24.305e-3 / 1738.0
"""[m^3/mol]; density 1738 kg/m^3, CRC Handbook."""


@dataclass(frozen=True)
class DiffusionData:
    """Diffusivity of lithium over composition at one temperature, and its activation energy."""

    fractions: tuple[float, ...]
    """Atomic fractions of magnesium, rising."""
    values: tuple[float, ...]
    """[m^2/s]."""
    temperature: float
    """Of the values [K]."""
    activation_energy: float
    """[J/mol]."""
    source: str


@dataclass(frozen=True)
class ActivityData:
    """Redlich-Kister parameters L_k = a_k + b_k T of a phase [J/mol]."""

    parameters: tuple[tuple[float, float], ...]
    """(a_k [J/mol], b_k [J/(mol K)])."""
    limit: float
    """Atomic fraction of magnesium up to which the phase is stable."""
    source: str

    def interaction(self, temperature: float) -> tuple[float, ...]:
        """L_k at a temperature [J/mol]."""
        return tuple(a + b * temperature for a, b in self.parameters)


DIFFUSION = {
    "Li-Mg tracer": DiffusionData(
        fractions=(0.0, 0.1, 0.2, 0.3),
        values=(1.6e-14, 2.4e-15, 2.6e-15, 1.4e-15),
        temperature=298.15,
        activation_energy=53e3,
        source="isotope profiles at room temperature, taken as 25 degC: Siniscalchi et al., ACS Energy Lett. 7 (2022) "
        "3593; activation energy of self-diffusion in lithium, about 0.55 eV: Lodding, Mundy and Ott, Phys. Status "
        "Solidi B 38 (1970) 559, taken for the alloys too",
    ),
}
"""Intrinsic diffusivities of lithium, as the source calls them; constant beyond 30 at.%."""

ACTIVITY = {
    "Li-Mg beta": ActivityData(
        parameters=((-18335.0, 8.49), (3481.0, 0.0), (2658.0, -0.114)),
        limit=0.7,
        source="bcc phase in the assessment of Saunders, Calphad 14 (1990) 61, d = x_Li - x_Mg (so they give the tie "
        "line of 17 and 24 at.% Li at the eutectic); stable up to 70 at.% Mg: Nayeb-Hashemi, "
        "Clark and Pelton, Bull. Alloy Phase Diagrams 5 (1984) 365",
    ),
    "ideal": ActivityData(parameters=((0.0, 0.0),), limit=1.0, source="ideal solution"),
}
"""Activity of lithium in the alloy."""


def arrhenius(energy: float, temperature: float, reference: float) -> float:
    """D(T)/D(T_ref) = exp[-(E/R)(1/T - 1/T_ref)]; E in [J/mol], temperatures in [K]."""
    return math.exp(-energy / GAS_CONSTANT * (1.0 / temperature - 1.0 / reference))
