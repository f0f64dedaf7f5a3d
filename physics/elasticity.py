"""Elastic constants of isotropic phases: K = E/[3 (1 - 2 nu)], G = E/[2 (1 + nu)], and presets."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

LARGEST_POISSON = 0.495
"""Poisson's ratio above which an elastic phase counts as incompressible: its pressure is no function of its strain."""


@dataclass(frozen=True)
class Elasticity:
    """An isotropic elastic phase."""

    youngs_modulus: float
    """E [Pa]."""
    poissons_ratio: float
    source: str = ""

    def __post_init__(self) -> None:
        E, nu = self.youngs_modulus, self.poissons_ratio
        if not (math.isfinite(E) and E > 0.0):
            raise ValueError(f"youngs_modulus: {E:g} Pa; allowed: more than zero")
        if not -1.0 < nu <= LARGEST_POISSON:
            raise ValueError(
                f"poissons_ratio: {nu:g}; allowed: more than -1 and at most {LARGEST_POISSON} (the incompressible "
                "limit, 0.5, has no finite bulk modulus)"
            )

    @property
    def bulk_modulus(self) -> float:
        """K [Pa]."""
        return self.youngs_modulus / (3.0 * (1.0 - 2.0 * self.poissons_ratio))

    @property
    def shear_modulus(self) -> float:
        """G [Pa]."""
        return self.youngs_modulus / (2.0 * (1.0 + self.poissons_ratio))

    @property
    def uniaxial_modulus(self) -> float:
        """M = K + 4G/3 [Pa], stress over strain where the sides are held."""
        return self.bulk_modulus + 4.0 / 3.0 * self.shear_modulus


PRESETS: dict[str, Elasticity] = {
    "lithium": Elasticity(7.81e9, 0.38, "Masias et al., J. Mater. Sci. 54 (2019) 2585; Anand and Narayan 2019"),
    "copper": Elasticity(129.8e9, 0.343, "Kaye and Laby, Tables of Physical and Chemical Constants"),
    "LLZO": Elasticity(150e9, 0.26, "Yu et al., Chem. Mater. 28 (2016) 197: 146 to 155 GPa with the dopant"),
}


def preset(name: str) -> Elasticity:
    """The phase of that name; ValueError names the known ones and the nearest match."""
    if name in PRESETS:
        return PRESETS[name]
    near = difflib.get_close_matches(name, PRESETS, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"elastic preset {name!r} is not known; known are {', '.join(map(repr, PRESETS))}.{hint}")
