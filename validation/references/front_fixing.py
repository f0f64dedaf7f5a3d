"""A one-dimensional lithium cell with a moving plating front, solved on a mesh that follows the front.

The metal's sharp surface is at z = s(t), the electrolyte fills s < z < L, the counter electrode stands at L.

**Front condition.** The diffuse model reads eps dc/dt = div(eps D grad c) - (1-t+) S/F, with eps -> H(z - s) and
S -> i delta(z - s). As a distribution, eps dc/dt holds no delta function, whatever the front's speed: it is the storage
alone, not d(eps c)/dt = eps dc/dt + c d(eps)/dt, whose second term, -c v delta(z - s), is the salt that leaves with the
displaced electrolyte. The right side holds [D c_z(s+) - (1-t+) i/F] delta(z - s). Both must agree:

    D c_z = (1-t+) i/F   at z = s(t)+,      ds/dt = Omega i/F,

the condition of a surface at rest, without a term in v c. (The conservative form d(eps c)/dt would give
D c_z = (1-t+) i/F - v c, salt squeezed by the advancing metal.) In the electrolyte c_t = (D c_z)_z + (i/F) d(t+)/dz,
and the lithium counter electrode releases what the front takes: D c_z = (1-t+) i/F at L; a reservoir holds c = c0.
The salt in the cell falls at the rate c(s+) v, the displaced salt.

**Landau transform.** With x = (z - s)/w, w = L - s, and u(x, t) = c(z, t), the chain rule gives

    u_t = (D u_x)_x / w^2 + (i/F) d(t+)/dx / w + v (1-x) u_x / w.

**Voltage.** phi_s = 0 on the metal; i = i0(c_s)[exp(-alpha_c f eta) - exp(alpha_a f eta)], eta = -phi_l(s) + i R;
d(phi_l)/dz = i/kappa + (2RT/F)(1-t+)(1+dlnf/dlnc) d(ln c)/dz; V = -phi_l(L).

Finite volumes, graded towards the front; backward differentiation formulas of variable order (scipy).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.electrolyte import Electrolyte


@dataclass(frozen=True)
class FrontFixingCell:
    """What the reference needs to know of a cell, SI units."""

    electrolyte: Electrolyte
    concentration: float
    length: float
    """Initial distance from the metal to the counter electrode [m]."""
    molar_volume: float
    """Of the metal [m^3/mol]; zero holds the front still."""
    exchange_current_density: float
    """At `reference_concentration` [A/m^2]."""
    reference_concentration: float
    alpha_a: float = 0.5
    alpha_c: float = 0.5
    film_resistance: float = 0.0
    reservoir: bool = False


@dataclass(frozen=True)
class Transient:
    """Solution at the requested times."""

    time: np.ndarray
    surface_concentration: np.ndarray
    """At the plating front [mol/m^3]."""
    voltage: np.ndarray
    current_density: np.ndarray
    front: np.ndarray
    """Distance the front has moved [m]."""
    position: np.ndarray
    """Cell centres (times, cells), distance from the initial front [m]."""
    concentration: np.ndarray
    depletion_time: float
    """When the surface concentration reaches zero [s]; infinite if it did not within the times asked for."""


class _Mesh:
    """Cells on 0 < x < 1, graded so that the cell at the front is about a fifth of the mean one."""

    def __init__(self, cells: int) -> None:
        q = np.linspace(0.0, 1.0, cells + 1)
        self.faces = 0.2 * q + 0.8 * q**2
        self.centres = 0.5 * (self.faces[1:] + self.faces[:-1])
        self.widths = np.diff(self.faces)
        self.gaps = np.diff(self.centres)


class _Cell:
    """Right-hand side and voltage of one cell on one mesh."""

    def __init__(self, cell: FrontFixingCell, cells: int) -> None:
        self.cell, self.mesh = cell, _Mesh(cells)
        self.f = FARADAY / (GAS_CONSTANT * cell.electrolyte.temperature)

    def surface(self, u: np.ndarray, width: float, current: float) -> float:
        """Concentration at the front, from the first cell's and the flux condition, to second order."""
        e = self.cell.electrolyte
        c = float(u[0])
        slope = (1.0 - float(e.transference(c))) * current / (FARADAY * float(e.diffusivity(c)))
        return c - 0.5 * self.mesh.widths[0] * width * slope

    def counter(self, u: np.ndarray, width: float, current: float) -> float:
        """Concentration at the counter electrode."""
        if self.cell.reservoir:
            return self.cell.concentration
        e, c = self.cell.electrolyte, float(u[-1])
        slope = (1.0 - float(e.transference(c))) * current / (FARADAY * float(e.diffusivity(c)))
        return c + 0.5 * self.mesh.widths[-1] * width * slope

    def rate(self, u: np.ndarray, width: float, current: float) -> np.ndarray:
        """du/dt."""
        e, mesh, cell = self.cell.electrolyte, self.mesh, self.cell
        near, far = self.surface(u, width, current), self.counter(u, width, current)
        face = np.concatenate([[near], 0.5 * (u[1:] + u[:-1]), [far]])
        D, t_plus = e.diffusivity(face) * np.ones_like(face), e.transference(face) * np.ones_like(face)
        slope = np.empty_like(face)
        slope[1:-1] = np.diff(u) / (mesh.gaps * width)
        slope[0] = (1.0 - t_plus[0]) * current / (FARADAY * D[0])
        slope[-1] = (1.0 - t_plus[-1]) * current / (FARADAY * D[-1])
        if cell.reservoir:
            slope[-1] = (cell.concentration - u[-1]) / (0.5 * mesh.widths[-1] * width)
        flux = D * slope + t_plus * current / FARADAY
        speed = cell.molar_volume * current / FARADAY
        drift = speed * (1.0 - mesh.centres) * np.diff(face) / (mesh.widths * width)
        return np.asarray(np.diff(flux) / (mesh.widths * width) + drift)

    def voltage(self, u: np.ndarray, width: float, current: float) -> float:
        """V at a current density; nan where the front is depleted."""
        e, mesh, cell = self.cell.electrolyte, self.mesh, self.cell
        near, far = self.surface(u, width, current), self.counter(u, width, current)
        if min(near, float(u.min())) <= 0.0:
            return float("nan")
        i0 = cell.exchange_current_density * (near / cell.reference_concentration) ** cell.alpha_a
        eta = self._overpotential(current / i0) - current * cell.film_resistance
        # phi_l(s) = -eta (phi_s = 0, and the film's drop counts as overpotential)
        c = np.concatenate([[near], u, [far]])
        z = np.concatenate([[0.0], mesh.centres, [1.0]]) * width
        middle = 0.5 * (c[1:] + c[:-1])
        chi = 2.0 / self.f * (1.0 - e.transference(middle)) * e.thermodynamic_factor(middle)
        # 1/kappa is integrated exactly for kappa = Lambda c with c linear between points.
        ratio = np.log(c[1:] / c[:-1])
        step = np.diff(c)
        mean_reciprocal = np.where(np.abs(step) > 1e-9 * middle, ratio / np.where(step == 0.0, 1.0, step), 1.0 / middle)
        ohmic = current * np.diff(z) * mean_reciprocal / e.molar_conductivity(middle)
        return float(eta - np.sum(ohmic + chi * ratio))

    def current(self, u: np.ndarray, width: float, voltage: float) -> float:
        """Current density at a held voltage, between stripping and plating at fifty times the exchange current."""
        span = 50.0 * self.cell.exchange_current_density

        def miss(current: float) -> float:
            found = self.voltage(u, width, current)
            # A current that would deplete the front has no voltage: it counts as far too negative.
            return -10.0 if np.isnan(found) else found - voltage

        return float(brentq(miss, -span, span, xtol=1e-12, rtol=1e-13))

    def _overpotential(self, ratio: float) -> float:
        a, c = self.cell.alpha_a, self.cell.alpha_c
        if a == c:
            return -float(np.arcsinh(0.5 * ratio)) / (a * self.f)
        law = lambda eta: np.exp(-c * self.f * eta) - np.exp(a * self.f * eta) - ratio  # noqa: E731
        return float(brentq(law, -2.0, 2.0, xtol=1e-15))


def galvanostatic(cell: FrontFixingCell, current: float, times: np.ndarray, cells: int = 300) -> Transient:
    """The transient at a constant current density [A/m^2], positive for plating, until depletion or the last time."""
    model = _Cell(cell, cells)
    speed = cell.molar_volume * current / FARADAY

    def width(t: float) -> float:
        return cell.length - speed * t

    def depletion(t: float, u: np.ndarray) -> float:
        return model.surface(u, width(t), current)

    depletion.terminal, depletion.direction = True, -1  # type: ignore[attr-defined]
    solution = solve_ivp(
        lambda t, u: model.rate(u, width(t), current),
        (0.0, float(times[-1])),
        np.full(cells, cell.concentration),
        method="BDF",
        t_eval=times,
        events=depletion,
        rtol=1e-7,
        atol=1e-7 * cell.concentration,
        first_step=1e-6 * float(times[-1]),
        jac_sparsity=_tridiagonal(cells),
    )
    # Depletion before the first time asked for leaves empty lists.
    reached = np.asarray(solution.t, dtype=np.float64)
    states = np.asarray(solution.y, dtype=np.float64).reshape(cells, reached.size).T
    hits = solution.t_events[0]
    surface = np.array([model.surface(u, width(t), current) for t, u in zip(reached, states, strict=True)])
    voltage = np.array([model.voltage(u, width(t), current) for t, u in zip(reached, states, strict=True)])
    front = speed * reached
    return Transient(
        time=reached,
        surface_concentration=surface,
        voltage=voltage,
        current_density=np.full_like(reached, current),
        front=front,
        position=front[:, None] + (cell.length - front)[:, None] * model.mesh.centres,
        concentration=states,
        depletion_time=float(hits[0]) if len(hits) else float("inf"),
    )


def potentiostatic(cell: FrontFixingCell, voltage: float, times: np.ndarray, cells: int = 120) -> Transient:
    """The transient at a held voltage [V], negative for plating; the front's travel is an unknown of its own."""
    model = _Cell(cell, cells)

    def rate(t: float, y: np.ndarray) -> np.ndarray:
        w = cell.length - y[-1]
        i = model.current(y[:-1], w, voltage)
        return np.append(model.rate(y[:-1], w, i), cell.molar_volume * i / FARADAY)

    scale = np.append(np.full(cells, 1e-6 * cell.concentration), 1e-7 * cell.length)
    start = np.append(np.full(cells, cell.concentration), 0.0)
    last = float(times[-1])
    solution = solve_ivp(
        rate, (0.0, last), start, method="BDF", t_eval=times, rtol=1e-6, atol=scale, first_step=1e-6 * last
    )
    states, front = solution.y[:-1].T, solution.y[-1]
    currents = np.array([model.current(u, cell.length - s, voltage) for u, s in zip(states, front, strict=True)])
    surface = np.array([model.surface(u, cell.length - s, i) for u, s, i in zip(states, front, currents, strict=True)])
    return Transient(
        time=solution.t,
        surface_concentration=surface,
        voltage=np.full_like(solution.t, voltage),
        current_density=currents,
        front=front,
        position=front[:, None] + (cell.length - front)[:, None] * model.mesh.centres,
        concentration=states,
        depletion_time=float("inf"),
    )


def _tridiagonal(n: int) -> np.ndarray:
    near = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= 1
    return near.astype(float)
