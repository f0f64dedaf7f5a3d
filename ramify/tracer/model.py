"""The profile that a tracer experiment leaves: the closed form where there is one, else finite volumes.

| | constant D, one temperature | film and substrate of different D | with deposition |
|---|---|---|---|
| `gaussian` | thin_film, of unit height at the origin | - | - |
| `film` | film | film_behind_barrier | deposited_film; finite volumes with two D or a temperature history |
| `barrier` | film_behind_barrier | film_behind_barrier | finite volumes |

A finite substrate, and a barrier under a temperature history (h does not follow D), need finite volumes too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from ramify.physics import diffusion
from ramify.tracer.solver import Couple, FloatArray, solve

Kind = Literal["film", "gaussian", "barrier"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class History:
    """Temperature over time, linear between its points, and the activation energy of D."""

    times: FloatArray
    """From 0, the start of deposition [s]."""
    temperatures: FloatArray
    """[K]."""
    activation_energy: float
    """[J/mol]."""
    reference: float
    """Temperature that D belongs to [K]."""

    def factor(self, time: float) -> float:
        """D over D at the reference temperature, at a time [s]."""
        T = float(np.interp(time, self.times, self.temperatures))
        return float(diffusion.arrhenius_factor(T, self.activation_energy, self.reference))

    def equivalent_time(self, time: float) -> float:
        """Time at the reference temperature that is worth the history up to `time` [s]."""
        inside = self.times < time
        times = np.append(self.times[inside], time)
        temperatures = np.interp(times, self.times, self.temperatures)
        return diffusion.equivalent_time(times, temperatures, self.activation_energy, self.reference)


@dataclass(frozen=True)
class Experiment:
    """What is known of how a profile came about; SI units."""

    kind: Kind
    time: float
    """From the start of deposition to the profile [s]."""
    deposition_time: float = 0.0
    film_diffusivity: float | None = None
    """D in the film; that of the substrate by default."""
    substrate: float = math.inf
    """Thickness [m]."""
    history: History | None = None
    temperature: float | None = None
    """That D belongs to [K], for the record; None where it was not told."""

    @property
    def numerical(self) -> bool:
        """Whether the profile has no closed form here."""
        resisted = self.kind == "barrier" or self.film_diffusivity is not None
        if math.isfinite(self.substrate):
            return True
        if self.history is not None and (self.kind == "barrier" or self.deposition_time > 0.0):
            return True
        return self.deposition_time > 0.0 and resisted

    @property
    def equivalent_time(self) -> float:
        """Time at the reference temperature [s]."""
        return self.time if self.history is None else self.history.equivalent_time(self.time)

    def profile(
        self, depth: Any, D: float, thickness: float, transfer: float = math.inf, roughness: float = 0.0
    ) -> FloatArray:
        """Concentration over C0 at depths; `gaussian`: over that at the origin.

        Parameters
        ----------
        depth : float or ndarray
            From the outer surface [m]; `gaussian`: from the source.
        D : float
            Diffusivity of the substrate at the reference temperature [m^2/s].
        thickness : float
            Of the film [m]; `gaussian` makes no use of it.
        transfer : float
            h of the interface [m/s], `barrier` alone.
        roughness : float
            Standard deviation of the depths [m].
        """
        if roughness > 0.0:
            return np.asarray(
                diffusion.smoothed(lambda y: self.profile(y, D, thickness, transfer), depth, roughness, thickness)
            )
        time = self.equivalent_time
        if self.kind == "gaussian":
            return np.asarray(diffusion.thin_film(depth, D, time, math.sqrt(math.pi * D * time)))
        if self.numerical:
            return solve(self._couple(D, thickness, transfer)).at(depth)
        if self.kind == "barrier" or self.film_diffusivity is not None:
            h, in_film = transfer if self.kind == "barrier" else math.inf, self.film_diffusivity
            return np.asarray(diffusion.film_behind_barrier(depth, D, time, thickness, h, in_film))
        return np.asarray(diffusion.deposited_film(depth, D, time, thickness, self.deposition_time))

    def _couple(self, D: float, thickness: float, transfer: float) -> Couple:
        history = self.history
        return Couple(
            thickness=thickness,
            diffusivity=D,
            time=self.time,
            deposition_time=self.deposition_time,
            film_diffusivity=self.film_diffusivity,
            transfer=transfer if self.kind == "barrier" else math.inf,
            substrate=self.substrate,
            factor=None if history is None else history.factor,
            kinks=() if history is None else tuple(float(t) for t in history.times),
        )
