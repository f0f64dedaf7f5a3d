"""Manufactured solution of elasticity with eigenstrain: displacements, forces and tractions of a wave."""

from __future__ import annotations

from functools import partial

import numpy as np

from ramify.fem.boxes import ENDS
from ramify.fem.solid_boundaries import Displacement, SolidCondition, Traction
from ramify.physics.elasticity import Elasticity

SOLID = Elasticity(2.0, 0.3)
K, G = SOLID.bulk_modulus, SOLID.shear_modulus


class Wave:
    """u_i = A_i sin(s.x + 0.3) in a solid with eigenstrain e cos(s.x + 0.3)."""

    eigenstrain = 0.2
    """Its amplitude e."""

    def __init__(self, dimension: int) -> None:
        self.s = np.array([1.0, 0.5, 1.0 / 3.0])[:dimension]
        self.amplitude = np.array([0.7, -1.1, 0.9])[:dimension]

    def phase(self, x: np.ndarray) -> np.ndarray:
        """s.x + 0.3."""
        return x @ self.s + 0.3

    def u(self, x: np.ndarray, component: int) -> np.ndarray:
        """Displacement (...) at places (..., dimension)."""
        return self.amplitude[component] * np.sin(self.phase(x))

    def gradient(self, x: np.ndarray, component: int) -> np.ndarray:
        """Its gradient (..., dimension)."""
        return self.amplitude[component] * np.cos(self.phase(x))[..., None] * self.s

    def own_strain(self, x: np.ndarray) -> np.ndarray:
        """Eigenstrain, the same along all axes."""
        return self.eigenstrain * np.cos(self.phase(x))

    def force(self, x: np.ndarray) -> np.ndarray:
        """b = -div sigma."""
        lame = K - 2.0 / 3.0 * G
        along = (lame + G) * (self.amplitude @ self.s) * self.s + G * (self.s @ self.s) * self.amplitude
        return np.sin(self.phase(x))[..., None] * (along - 3.0 * K * self.eigenstrain * self.s)

    def traction(self, x: np.ndarray, axis: int, sign: float) -> np.ndarray:
        """sigma.n on a face across an axis."""
        lame = K - 2.0 / 3.0 * G
        amount = G * (self.amplitude * self.s[axis] + self.s * self.amplitude[axis])
        amount[axis] += lame * (self.amplitude @ self.s) - 3.0 * K * self.eigenstrain
        return sign * np.cos(self.phase(x))[..., None] * amount

    def conditions(self) -> list[SolidCondition]:
        """Displacements, tractions, and on some faces both kinds side by side."""
        found: list[SolidCondition] = []
        dimension = len(self.s)
        for number, name in enumerate(ENDS[dimension]):
            axis, end = divmod(number, 2)
            if number % 3 != 1:
                given = range(dimension) if number % 3 == 0 else (0,)
                found += [Displacement(name, partial(self.u, component=i), i) for i in given]
            if number % 3 != 0:
                found.append(Traction(name, partial(self.traction, axis=axis, sign=1.0 if end else -1.0)))
        return found
