"""Binary 1:1 electrolytes: transport properties against salt concentration, at one temperature.

The salt and the current obey

    dc/dt = div(D grad c) - div(t+ i_l)/F
    i_l   = -[ kappa grad phi + (kappa RT/F) (1 - 2 (1 - t+) (1 + dlnf/dlnc)) grad ln c ]

with the inner potential phi = phi_l - (RT/F) ln(c/c_ref) and phi_l against a reference electrode of the metal. The
molar conductivity kappa/c stays finite at c = 0, so that neither coefficient is singular there. A dilute electrolyte
(Nernst-Planck with ionic diffusivities D+ and D-) is the special case

    D = 2 D+ D- / (D+ + D-),   t+ = D+ / (D+ + D-),   kappa/c = F^2 (D+ + D-) / RT,   1 + dlnf/dlnc = 1

Every method takes numbers or arrays in mol/m^3 and never returns anything but finite numbers: negative
concentrations count as zero, and above the highest measured concentration D, t+, the thermodynamic factor and kappa
keep their value there. Between zero and the lowest measured concentration the published formulae are extrapolated.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from ramify.physics import electrolyte_fits as fits
from ramify.physics.constants import FARADAY, GAS_CONSTANT

Law = Callable[[Any], Any]
"""A property against molarity [mol/L]."""


@dataclass(frozen=True)
class TransportLaws:
    """The four properties as functions of molarity [mol/L] at a fixed temperature."""

    molar_conductivity: Law
    """kappa/c [S m^2/mol]."""
    diffusivity: Law
    """[m^2/s]."""
    transference: Law
    thermodynamic_factor: Law


@dataclass(frozen=True)
class Electrolyte:
    """A binary 1:1 electrolyte at one temperature."""

    name: str
    temperature: float
    """[K]."""
    source: str
    kind: Literal["dilute", "concentrated"]
    laws: TransportLaws
    concentration_range: tuple[float, float] = (0.0, float("inf"))
    """Lowest and highest concentration at which the data are trusted [mol/m^3]."""
    temperature_range: tuple[float, float] = (0.0, float("inf"))
    """Lowest and highest temperature at which the data are trusted [K]."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.temperature) and self.temperature > 0.0):
            raise ValueError(f"electrolyte temperature must be a positive number of kelvin, not {self.temperature}")

    def _molarity(self, c: Any) -> Any:
        return np.clip(c, 0.0, self.concentration_range[1]) * 1e-3

    def molar_conductivity(self, c: Any) -> Any:
        """kappa/c [S m^2/mol], finite at c = 0."""
        highest = self.concentration_range[1]
        beyond = 1.0 if np.isinf(highest) else highest / np.maximum(c, highest)
        return self.laws.molar_conductivity(self._molarity(c)) * beyond

    def conductivity(self, c: Any) -> Any:
        """Ionic conductivity kappa [S/m]."""
        return self.molar_conductivity(c) * np.maximum(c, 0.0)

    def diffusivity(self, c: Any) -> Any:
        """Salt (ambipolar) diffusivity D [m^2/s]."""
        return self.laws.diffusivity(self._molarity(c))

    def transference(self, c: Any) -> Any:
        """Cation transference number t+ [-] against the solvent; some measured ones are negative."""
        return self.laws.transference(self._molarity(c))

    def thermodynamic_factor(self, c: Any) -> Any:
        """1 + dlnf/dlnc [-]."""
        return self.laws.thermodynamic_factor(self._molarity(c))

    def diffusional_conductivity(self, c: Any) -> Any:
        """Factor of -grad c in the current, (kappa/c)(RT/F)(1 - 2(1-t+)(1+dlnf/dlnc)) [A m^2/mol], any sign."""
        salt_effect = 1.0 - 2.0 * (1.0 - self.transference(c)) * self.thermodynamic_factor(c)
        return self.molar_conductivity(c) * self.thermal_voltage * salt_effect

    @property
    def thermal_voltage(self) -> float:
        """RT/F [V]."""
        return GAS_CONSTANT * self.temperature / FARADAY

    def extrapolation(self, lowest: float, highest: float) -> list[str]:
        """Sentences on how concentrations from `lowest` to `highest` [mol/m^3] leave the data; empty if they do not."""
        notes = []
        low, high = self.concentration_range
        if lowest < low:
            notes.append(f"{self.name}: data begin at {low / 1e3:g} mol/L; below, the published fits are extrapolated")
        if highest > high:
            notes.append(f"{self.name}: data end at {high / 1e3:g} mol/L; above, properties keep their last value")
        cold, hot = self.temperature_range
        if not cold <= self.temperature <= hot:
            notes.append(f"{self.name}: {self.temperature:.2f} K is outside the data, {cold:g} to {hot:g} K")
        return notes


def _constant(value: float, molarity: Any) -> Any:
    return value + 0.0 * molarity


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0.0):
            raise ValueError(f"{name} must be a positive number, not {value}")


def dilute(D_plus: float, D_minus: float, temperature: float = 298.15, name: str = "dilute") -> Electrolyte:
    """Ideal dilute 1:1 electrolyte from its ionic diffusivities [m^2/s]."""
    _require_positive(D_plus=D_plus, D_minus=D_minus, temperature=temperature)
    both = D_plus + D_minus
    return Electrolyte(
        name=name,
        temperature=temperature,
        source="Nernst-Planck, Nernst-Einstein",
        kind="dilute",
        laws=TransportLaws(
            molar_conductivity=partial(_constant, FARADAY**2 * both / (GAS_CONSTANT * temperature)),
            diffusivity=partial(_constant, 2.0 * D_plus * D_minus / both),
            transference=partial(_constant, D_plus / both),
            thermodynamic_factor=partial(_constant, 1.0),
        ),
    )


def dilute_from_salt(D: float, t_plus: float, temperature: float = 298.15, name: str = "dilute") -> Electrolyte:
    """Ideal dilute 1:1 electrolyte from salt diffusivity D [m^2/s] and transference number 0 < t+ < 1."""
    if not 0.0 < t_plus < 1.0:
        raise ValueError(f"t_plus of a dilute electrolyte must lie between 0 and 1, not {t_plus}")
    return dilute(D / (2.0 * (1.0 - t_plus)), D / (2.0 * t_plus), temperature, name)


def constant(
    conductivity: float,
    concentration: float,
    D: float,
    t_plus: float,
    thermodynamic_factor: float = 1.0,
    temperature: float = 298.15,
    name: str = "constant",
    source: str = "given",
) -> Electrolyte:
    """Electrolyte with constant D [m^2/s], t+ < 1 and thermodynamic factor.

    The conductivity is proportional to the salt concentration through the given value [S/m] at the given
    concentration [mol/m^3]: without salt nothing conducts.
    """
    _require_positive(
        conductivity=conductivity,
        concentration=concentration,
        D=D,
        thermodynamic_factor=thermodynamic_factor,
        temperature=temperature,
    )
    if not t_plus < 1.0:
        raise ValueError(f"t_plus must be below 1 (a salt that does not move has no diffusion), not {t_plus}")
    return Electrolyte(
        name=name,
        temperature=temperature,
        source=source,
        kind="concentrated",
        laws=TransportLaws(
            molar_conductivity=partial(_constant, conductivity / concentration),
            diffusivity=partial(_constant, D),
            transference=partial(_constant, t_plus),
            thermodynamic_factor=partial(_constant, thermodynamic_factor),
        ),
    )


@dataclass(frozen=True)
class Preset:
    """A measured electrolyte: its laws at a temperature, and where they hold."""

    laws: Callable[[float], TransportLaws]
    source: str
    concentrations: tuple[float, float]
    """[mol/m^3]."""
    temperatures: tuple[float, float]
    """[K]."""


def _ec_dmc(temperature: float) -> TransportLaws:
    return TransportLaws(
        partial(fits.landesfeind_molar_conductivity, fits.EC_DMC_CONDUCTIVITY, temperature),
        partial(fits.landesfeind_diffusivity, fits.EC_DMC_DIFFUSIVITY, temperature),
        partial(fits.landesfeind_polynomial, fits.EC_DMC_TRANSFERENCE, temperature),
        partial(fits.landesfeind_polynomial, fits.EC_DMC_THERMODYNAMIC_FACTOR, temperature),
    )


def _pc_ec_dmc(temperature: float) -> TransportLaws:
    return TransportLaws(
        partial(fits.valoen_molar_conductivity, temperature),
        partial(fits.valoen_diffusivity, temperature),
        partial(_constant, fits.VALOEN_TRANSFERENCE),
        partial(fits.valoen_thermodynamic_factor, temperature),
    )


PRESETS: dict[str, Preset] = {
    "LiPF6 in EC:DMC": Preset(
        laws=_ec_dmc,
        source="J. Landesfeind and H. A. Gasteiger, J. Electrochem. Soc. 166 (2019) A3079, EC:DMC 1:1 by weight",
        concentrations=(100.0, 3000.0),
        temperatures=(263.15, 323.15),
    ),
    "LiPF6 in PC:EC:DMC": Preset(
        laws=_pc_ec_dmc,
        source="L. O. Valoen and J. N. Reimers, J. Electrochem. Soc. 152 (2005) A882, PC:EC:DMC 10:27:63 by volume",
        concentrations=(0.0, 3000.0),
        temperatures=(263.15, 333.15),
    ),
}
DEFAULT_PRESET = "LiPF6 in EC:DMC"
EXTRAPOLATION_LIMIT = 20.0
"""Kelvin outside the measured temperatures beyond which a preset is refused."""


def preset(name: str = DEFAULT_PRESET, temperature: float = 298.15) -> Electrolyte:
    """Measured electrolyte of that name at `temperature` [K].

    Raises ValueError for an unknown name (naming the nearest), and for a temperature more than 20 K outside the data.
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1, cutoff=0.3)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"electrolyte preset {name!r} is not known; known are {', '.join(map(repr, PRESETS))}.{hint}")
    data = PRESETS[name]
    cold, hot = data.temperatures
    if not cold - EXTRAPOLATION_LIMIT <= temperature <= hot + EXTRAPOLATION_LIMIT:
        raise ValueError(
            f"electrolyte preset {name!r} was measured from {cold:g} to {hot:g} K; {temperature:g} K is too far outside"
        )
    return Electrolyte(
        name=name,
        temperature=temperature,
        source=data.source,
        kind="concentrated",
        laws=data.laws(temperature),
        concentration_range=data.concentrations,
        temperature_range=data.temperatures,
    )
