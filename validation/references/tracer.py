"""References of the tracer case: published diffusivities, Gaussian fits by their normal equation, exact D(c) profiles.

A profile that depends on x/sqrt(t) alone fixes its own diffusivity (L. Boltzmann, 1894; C. Matano, 1933): with
x = phi(c) sqrt(t) and no net flow through x = 0,

    D(c) = -(1/2) (d phi/dc) integral of phi from 0 to c

so that phi = a (1 - 2c), a straight line between c = 1 and c = 0, belongs to D = a^2 c (1 - c).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from scipy.optimize import minimize_scalar


@dataclass(frozen=True)
class Published:
    """A published diffusivity."""

    material: str
    magnesium: float | None
    """Mole fraction; None where it is not told."""
    diffusivity: float
    """[m^2/s]."""
    uncertainty: float | None
    """[m^2/s]."""
    kind: str
    """value, upper limit, lowest, highest."""
    method: str
    source: str

    @property
    def name(self) -> str:
        """Material with its magnesium."""
        return self.material if not self.magnesium else f"{self.material} {100 * self.magnesium:.0f} at.%"


UNIT = 1e-14
"""Of the table: 1e-10 cm^2/s, in m^2/s."""


def published() -> list[Published]:
    """The table, row by row."""
    text = files("ramify.validation.references").joinpath("tracer_diffusivities.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return [
        Published(
            material=row["material"],
            magnesium=float(row["magnesium_at_percent"]) / 100.0 if row["magnesium_at_percent"] else None,
            diffusivity=float(row["diffusivity"]) * UNIT,
            uncertainty=float(row["uncertainty"]) * UNIT if row["uncertainty"] else None,
            kind=row["kind"],
            method=row["method"],
            source=row["source"],
        )
        for row in rows
    ]


def measured() -> list[Published]:
    """The four values of the isotope tracer experiment."""
    return [row for row in published() if row.method.startswith("isotope tracer")]


def gaussian_spread(x: np.ndarray, y: np.ndarray, low: float, high: float) -> float:
    """The w of the least-squares A exp(-x^2/w), between `low` and `high`, in the unit of x squared.

    With the best A the sum of squares is y.y - (y.g)^2/(g.g): the w of the largest (y.g)^2/(g.g).
    """

    def gain(log_w: float) -> float:
        g = np.exp(-(x**2) / np.exp(log_w))
        return -float((y @ g) ** 2 / (g @ g))

    found = minimize_scalar(gain, bounds=(np.log(low), np.log(high)), method="bounded", options={"xatol": 1e-10})
    return float(np.exp(found.x))


def boltzmann_matano(x: np.ndarray, c: np.ndarray, time: float, at: np.ndarray) -> np.ndarray:
    """D [m^2/s] at concentrations `at` from a profile c(x) that falls from 1 to 0 at `time` [s].

    D = -(1/2t) (dx/dc) integral of (x - x_M) from 0 to c, x_M the Matano plane; by splines of x(c).
    """
    from scipy.interpolate import CubicSpline

    order = np.argsort(c)
    rising, places = c[order], x[order]
    kept = np.append(True, np.diff(rising) > 1e-12) & (rising > 1e-9) & (rising < 1.0 - 1e-9)
    position = CubicSpline(rising[kept], places[kept])
    first, last = float(rising[kept][0]), float(rising[kept][-1])
    plane = float(position.integrate(first, last)) / (last - first)
    areas = np.array([float(position.integrate(first, value)) - plane * (value - first) for value in at])
    return np.asarray(-0.5 / time * position(at, 1) * areas)
