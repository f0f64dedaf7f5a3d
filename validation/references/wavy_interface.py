"""A wave pressed into the bonded interface of two elastic half-planes: Monroe and Newman's stress at lithium's surface.

    u_z = A cos kx at z = 0, plane strain, stress-free far away; u_x and the shear traction are the same on both sides
    below: u_x = (B + C kz) e^(kz) sin kx, u_z = (A + D kz) e^(kz) cos kx,  C = -D = (A + B)/(3 - 4 nu)

Above, the same with z and u_z turned round. Monroe and Newman (J. Electrochem. Soc. 152 (2005) A396) have both sides in
the interface's potential: for anions without volume it is V [p_m + (sigma_m - sigma_e)/2], with the metal's pressure
p_m and the normal stresses, positive in tension, on either side. The metal lies below; V is its molar volume.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramify.physics.elasticity import Elasticity


@dataclass(frozen=True)
class Interface:
    """Amplitudes at the crest, per k A [Pa]."""

    metal_pressure: float
    metal_stress: float
    """Normal stress, positive in tension."""
    electrolyte_stress: float

    @property
    def two_sided(self) -> float:
        """p_m + (sigma_m - sigma_e)/2: negative where the crest is easier to plate than the trough."""
        return self.metal_pressure + 0.5 * (self.metal_stress - self.electrolyte_stress)


def interface(metal: Elasticity, electrolyte: Elasticity) -> Interface:
    """Stresses at the crest of the wave; the metal reaches up into the electrolyte there."""
    # The shear tractions, G (B - A - D) below and -G' (B + A - D') above, are linear in B.
    below, above = (_shear(solid, side) for solid, side in ((metal, 1.0), (electrolyte, -1.0)))
    along = (above[0] - below[0]) / (below[1] - above[1])
    dilatation, stress = _normal(metal, 1.0, along)
    _, other = _normal(electrolyte, -1.0, along)
    return Interface(-metal.bulk_modulus * dilatation, stress, other)


def _shear(solid: Elasticity, side: float) -> tuple[float, float]:
    """Shear traction on a half-plane below (side 1) or above (-1): constant part and share of B, for A = 1."""
    kappa = 3.0 - 4.0 * solid.poissons_ratio
    return side * solid.shear_modulus * side * (1.0 / kappa - 1.0), side * solid.shear_modulus * (1.0 + 1.0 / kappa)


def _normal(solid: Elasticity, side: float, along: float) -> tuple[float, float]:
    """Dilatation and normal stress at the crest for A = 1 and B = `along`."""
    kappa = 3.0 - 4.0 * solid.poissons_ratio
    decay = -(side + along) / kappa
    dilatation = side + along + decay
    lame = solid.bulk_modulus - 2.0 / 3.0 * solid.shear_modulus
    return dilatation, lame * dilatation + 2.0 * solid.shear_modulus * (side + decay)
