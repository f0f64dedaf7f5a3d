"""Data of plated metals.

The plating model transfers one electron per atom (valence one). Zinc and copper carry the data that Faraday's law
and the metal's own conduction need; as plated metals they are refused by the model, as hosts they are welcome.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from ramify.physics.constants import FARADAY


@dataclass(frozen=True)
class Metal:
    """A pure metal near room temperature."""

    name: str
    molar_volume: float
    """Omega [m^3/mol]."""
    surface_energy: float
    """gamma of the solid surface [J/m^2]."""
    conductivity: float
    """Electronic [S/m]."""
    valence: int
    """Electrons per plated atom."""
    source: str

    @property
    def concentration(self) -> float:
        """Atoms per volume of metal [mol/m^3]."""
        return 1.0 / self.molar_volume

    @property
    def charge_density(self) -> float:
        """Charge that plates one cubic metre [C/m^3]."""
        return self.valence * FARADAY / self.molar_volume

    def thickness(self, areal_charge: float) -> float:
        """Faraday's law: height of dense metal [m] from an areal charge [C/m^2]."""
        return areal_charge / self.charge_density


PRESETS: dict[str, Metal] = {
    "lithium": Metal(
        name="lithium",
        molar_volume=1.0 / 76_900.0,
        surface_energy=0.52,
        conductivity=1.08e7,
        valence=1,
        source="density 534 kg/m3 and resistivity 9.28e-8 ohm m, CRC Handbook; surface energy: Vitos et al., "
        "Surf. Sci. 411 (1998) 186",
    ),
    "copper": Metal(
        name="copper",
        molar_volume=7.11e-6,
        surface_energy=1.79,
        conductivity=5.96e7,
        valence=2,
        source="density 8960 kg/m3 and resistivity 1.68e-8 ohm m, CRC Handbook; surface energy: Tyson and Miller, "
        "Surf. Sci. 62 (1977) 267",
    ),
    "zinc": Metal(
        name="zinc",
        molar_volume=9.16e-6,
        surface_energy=0.99,
        conductivity=1.69e7,
        valence=2,
        source="density 7140 kg/m3 and resistivity 5.9e-8 ohm m, CRC Handbook; surface energy: Tyson and Miller, "
        "Surf. Sci. 62 (1977) 267",
    ),
}


def preset(name: str) -> Metal:
    """The metal of that name; ValueError names the known ones and the nearest match."""
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name.lower(), PRESETS, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"metal {name!r} is not known; known metals are {', '.join(map(repr, PRESETS))}.{hint}")
