"""Linear stability of a flat front in a binary electrolyte with an immobile background charge.

As in a charged separator: the problem of `stability` with a charge rho_b fixed in space and uniform, n anions and
n - rho_b cations (a negative background holds cations in excess). z is the distance from the front, fluxes g count
towards it, f = F/RT, the electrolyte is dilute:

    cations  g+ = D+ (p' + p f phi'),     p = n - rho_b
    anions   g- = D- (n' - n f phi'),     n_t = g-',     g- = 0 at both electrodes
    current  g+ - g- = i/F everywhere, which gives f phi' = (i/F - (D+ - D-) n')/(D+ p + D- n)

The counter electrode releases a uniform flux of cations. A bump a cos kx exp(wt) perturbs n and phi by a (c, q) cos kx
exp(wt), the cations by the same c:

    D- [(c' - f phi0' c - f n0 q')' - k^2 (c - f n0 q)] = w c
    [(D+ - D-) c' + f (D+ p0 + D- n0) q' + f (D+ + D-) phi0' c]' = k^2 [(D+ - D-) c + f (D+ p0 + D- n0) q]
    at the front:    g-0' + g-1 = 0,     F (g+1 - g-1) = i_1 = i_c (c + p0') + G (q + phi0' - Gamma k^2)
    at the counter electrode:    g-1 = g+1 = 0

i0 goes with the square root of the cations; i_c, G, Gamma and the frozen base state are those of `stability`, and
rho_b = 0 is its problem. With rho_b < 0 anions never run out and the cations stay above -rho_b, so that any current
can be carried. At rest n is uniform. In the steady state 2 (n - n(0)) - rho_b ln(n/n(0)) = i z/(F D+).

Media of this kind, steady and transient: M. D. Tikekar, L. A. Archer, D. L. Koch, J. Electrochem. Soc. 161 (2014) A847;
E. Khoo, H. Zhao, M. Z. Bazant, J. Electrochem. Soc. 166 (2019) A2280.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from ramify.physics.butler_volmer import surface_current
from ramify.physics.cell import overpotential
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validation.references.stability import POINTS, StabilityCell, chebyshev

TOLERANCE = 1e-9
"""Of the integration in time, of n over that at rest."""
STEADY = 5.0
"""Times L^2 over the smallest diffusivity after which the cell is steady."""


@dataclass(frozen=True)
class Base:
    """The flat state at the points of `BackgroundCell.points`."""

    anions: np.ndarray
    """n [mol/m^3]."""
    cations: np.ndarray
    field: np.ndarray
    """f phi' [1/m]."""
    flux: np.ndarray
    """g- [mol/(m^2 s)]."""


@dataclass(frozen=True)
class BackgroundCell(StabilityCell):
    """A closed cell at a constant current density, all SI; `concentration` is that of the anions at rest.

    Above the limiting current a steady state with little background has a kink within the cell, which the points blur:
    at 1.5 times that current rates are right to 1e-4 with -5 % of the salt, to 7 % with -2 %; up to depletion to 1e-7.
    """

    background: float = 0.0
    """rho_b [mol/m^3 of elementary charges], below `concentration`."""

    def __post_init__(self) -> None:
        if not self.background < self.concentration:
            raise ValueError(
                f"background must be below concentration ({self.concentration:g} mol/m3), or no cations are left: "
                f"{self.background:g} mol/m3"
            )

    @property
    def diffusivities(self) -> tuple[float, float]:
        """D+, D- [m^2/s], by Nernst-Einstein from those of the salt: D = 2 D+ D-/(D+ + D-), t+ = D+/(D+ + D-)."""
        return self.diffusivity / (2.0 * (1.0 - self.transference)), self.diffusivity / (2.0 * self.transference)

    @property
    def points(self) -> np.ndarray:
        """z [m] of the Chebyshev points."""
        return 0.5 * self.length * (chebyshev(POINTS)[0] + 1.0)

    def base(self, time: float) -> Base:
        """The flat state after `time` [s] of plating."""
        return self._base_of(_anions(self, time), chebyshev(POINTS)[1] * 2.0 / self.length)

    def depletion_time(self, share: float) -> float:
        """When the cations at the front have fallen to a share of those at rest [s]; infinite if they never do."""
        slowest = min(self.diffusivity, *self.diffusivities)
        return self._follow(STEADY * self.length**2 / slowest, share)[1]

    def cut_off(self, time: float) -> float:
        """Wavenumber [1/m] above which surface energy flattens a bump after `time` [s]."""
        if self.surface_energy <= 0.0 or self.current <= 0.0:
            raise ValueError(
                "a cut-off needs surface energy and a plating current, both positive, not "
                f"surface_energy = {self.surface_energy:g} J/m2 and current = {self.current:g} A/m2"
            )
        # Where the salt is steady a bump of this wavenumber changes neither salt nor potential: it is the cut-off.
        field, _, capillary = self._front(self.base(time))
        low = high = math.sqrt(field / capillary)
        while self._rate(low, time, 0.0) < 0.0:
            low *= 0.8
        while self._rate(high, time, 0.0) > 0.0:
            high *= 1.25
        return low if low == high else float(brentq(self._rate, low, high, args=(time, 0.0), rtol=1e-10))

    def fastest(self, time: float) -> tuple[float, float]:
        """Wavenumber [1/m] and growth rate [1/s] of the bump that grows fastest after `time` [s]."""
        waves = self.cut_off(time) * np.geomspace(0.02, 1.0, 14)
        best = min(max(int(np.argmax([self.growth_rate(k, time) for k in waves])), 1), waves.size - 2)
        bounds = tuple(np.log(waves[[best - 1, best + 1]]))
        top = minimize_scalar(
            lambda x: -self.growth_rate(math.exp(x), time), bounds=bounds, method="bounded", options={"xatol": 1e-4}
        )
        return math.exp(top.x), -float(top.fun)

    def _base_of(self, n: np.ndarray, slope: np.ndarray) -> Base:
        plus, minus = self.diffusivities
        n_slope, p = slope @ n, n - self.background
        field = (self.current / FARADAY - (plus - minus) * n_slope) / (plus * p + minus * n)
        flux = minus * (n_slope - n * field)
        flux[0] = flux[-1] = 0.0
        return Base(n, p, field, flux)

    def _follow(self, until: float, share: float) -> tuple[np.ndarray, float]:
        """n at the end, which is `until` [s] or the time at which the front falls to the share, and that time."""
        slope, (plus, minus) = chebyshev(POINTS)[1] * 2.0 / self.length, self.diffusivities

        def rate(_: float, n: np.ndarray) -> np.ndarray:
            return np.asarray(slope @ self._base_of(n, slope).flux)

        def jacobian(_: float, n: np.ndarray) -> np.ndarray:
            base = self._base_of(n, slope)
            conduction = plus * base.cations + minus * n
            by_field = -((plus - minus) * slope + np.diag((plus + minus) * base.field)) / conduction[:, None]
            by_flux = minus * (slope - np.diag(base.field) - n[:, None] * by_field)
            by_flux[0] = by_flux[-1] = 0.0
            return np.asarray(slope @ by_flux)

        def above(_: float, n: np.ndarray) -> float:
            return float(n[0] - self.background - share * (self.concentration - self.background))

        above.terminal = True  # type: ignore[attr-defined]
        rest, atol = np.full(POINTS + 1, self.concentration), TOLERANCE * self.concentration
        answer = solve_ivp(
            rate, (0.0, until), rest, method="Radau", jac=jacobian, rtol=TOLERANCE, atol=atol, events=above
        )
        if not answer.success:
            raise RuntimeError(f"the flat state could not be followed to {until:.6g} s: {answer.message}")
        return answer.y[:, -1], float(answer.t[-1]) if answer.status == 1 else math.inf

    def _front(self, base: Base) -> tuple[float, tuple[float, float], float]:
        """(phi' + i_c p'/G [V/m], (i_c, G), Gamma [V m])."""
        f, c_ref, p = FARADAY / (GAS_CONSTANT * self.temperature), self.concentration, float(base.cations[0])
        eta = overpotential(self.current, self.exchange_current * math.sqrt(p / c_ref), 0.5, 0.5, f)
        phi = -eta - math.log(p / c_ref) / f
        _, G, i_c = surface_current(0.0, phi, p, 0.0, self.exchange_current, c_ref, 0.5, 0.5, f, 0.0)
        p_slope = float((chebyshev(POINTS)[1] @ base.cations)[0]) * 2.0 / self.length
        field = float(base.field[0]) / f + i_c * p_slope / G
        return field, (i_c, G), self.surface_energy * self.molar_volume / FARADAY

    def _rate(self, k: float, time: float, w: float) -> float:
        slope, (plus, minus) = chebyshev(POINTS)[1] * 2.0 / self.length, self.diffusivities
        base, n, k2 = self.base(time), POINTS + 1, k * k
        eye, f = np.eye(n), FARADAY / (GAS_CONSTANT * self.temperature)
        conduction = f * (plus * base.cations + minus * base.anions)
        # Fluxes along z by c and by q: of anions, of charge.
        anion_c, anion_q = minus * (slope - np.diag(base.field)), -minus * f * base.anions[:, None] * slope
        charge_c = (plus - minus) * slope + np.diag((plus + minus) * base.field)
        charge_q = conduction[:, None] * slope
        field, (i_c, G), capillary = self._front(base)
        # Unknowns: c, q at the points, then i_1/F.
        matrix, right = np.zeros((2 * n + 1, 2 * n + 1)), np.zeros(2 * n + 1)
        matrix[:n, :n] = slope @ anion_c - (minus * k2 + w) * eye
        matrix[:n, n : 2 * n] = slope @ anion_q + np.diag(minus * k2 * f * base.anions)
        matrix[n : 2 * n, :n] = slope @ charge_c - (plus - minus) * k2 * eye
        matrix[n : 2 * n, n : 2 * n] = slope @ charge_q - k2 * np.diag(conduction)
        for end in (0, n - 1):
            matrix[end, :n], matrix[end, n : 2 * n] = anion_c[end], anion_q[end]
            matrix[n + end, :n], matrix[n + end, n : 2 * n] = charge_c[end], charge_q[end]
        right[0] = -(slope @ base.flux)[0]
        matrix[n, -1] = -1.0
        matrix[-1, 0], matrix[-1, n], matrix[-1, -1] = -i_c, -G, FARADAY
        right[-1] = G * (field - capillary * k2)
        scale = 1.0 / np.maximum(np.abs(matrix).max(axis=1), 1e-300)
        solved = np.linalg.solve(matrix * scale[:, None], right * scale)
        return float(self.molar_volume * solved[-1])


@lru_cache(maxsize=64)
def _anions(cell: BackgroundCell, time: float) -> np.ndarray:
    """n [mol/m^3] of a cell after `time` [s], kept as many wavenumbers ask for it."""
    n, depleted = cell._follow(time, 0.0)
    if depleted <= time:
        raise ValueError(f"time must be before the front depletes, at {depleted:.6g} s: {time:.6g} s")
    n.flags.writeable = False
    return n
