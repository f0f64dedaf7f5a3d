"""T10: contact angles of 30, 90 and 150 degrees on the collector and on hosts, in both curvature modes, with growth.

Where the angle is decided by the wall alone, the shapes are exact:

- a cap on a flat wall is an arc of a circle that meets the wall at theta. In the plane its area is
  R^2 (theta - sin theta cos theta), and the classical front loses b 2 theta per time whatever R: a current that plates
  as much holds the cap, more grows it. With the conservative front it is the surface energy in the kinetics that rounds
  the cap; without a net current the metal keeps its amount;
- one that grows is no arc, because the current grows it along its normal and the angle wants it to rise as well. To the
  first order in dR/dt, phi the angle from the top about a centre at -R cos(theta), v = v0 - b K, it is (derived, from
  b (r'' + r)/R^2 = const. + dR/dt [1 - cos(theta) cos(phi)], and r' sin(theta) = (r - R) cos(theta) at the wall)

      r = R + g [phi sin(phi) + sin(theta)^2 cos(phi)],     g = -R^2 dR/dt cos(theta)/(2b).

  A circle fitted to it has an angle that is off, by 1.4 degrees for 150 here;
- between a plane of symmetry and a wall `a` away metal at rest has the curvature cos(theta)/a;
- the classical front without a current climbs that slit as the grim reaper, z = V t - (b/V) ln cos(V x/b) with
  V = (b/a)(pi/2 - theta);
- a front that nothing rounds runs along the wall at v/sin(theta) as a wedge of that angle, for angles below 90 degrees
  when it grows. From a larger one the surface's own angle comes to the wall: none is measured.

Potential and concentration are uniform, cells 10 nm. Caps begin several degrees off their angle, or at it and grow by
15 % in about the time that rounds them. Angles are read from circles, bulged as growth asks for, that are fitted to the
whole contour xi = 1/2, of the wedge from a straight line through its lowest four cells.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.optimize import least_squares

from ramify.phasefield.engine import Control, Engine
from ramify.phasefield.problem import (
    ContactAngles,
    Domain,
    Geometry,
    Interface,
    Kinetics,
    Numerics,
    PlatingProblem,
)
from ramify.physics import electrolyte
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validate import Case, Check, check, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "t10-contact"
SOURCE = "Young's law: arcs of circles, grim reaper, wedge"
H = 1e-8
GAMMA, EXCHANGE = 0.5, 100.0
"""[J/m^2], [A/m^2]."""
TOLERANCE = 2.0
"""[degrees]."""
RELAXATION = (cells.PLAIN_LITHIUM.molar_volume / FARADAY) ** 2 * EXCHANGE * FARADAY / (GAS_CONSTANT * 298.15) * GAMMA
"""b of the law v = -b K that surface energy and linear kinetics make [m^2/s]."""
MOBILITY = 2.0 * RELAXATION
UNIT = H**2 / RELAXATION
"""[s]."""
ANGLES = [30.0, 90.0, 150.0]
CAPS = ((30.0, 36.0, 35.0, 1.0), (90.0, 14.0, 80.0, 1.0), (150.0, 14.0, 144.0, 3.0))
CAPS_ON_TILTED = ((30.0, 36.0, 35.0, 0.5), (90.0, 14.0, 80.0, 1.0), (150.0, 14.0, 144.0, 2.0))
"""Contact angle, radius [cells], angle at the start, duration (see `cap`)."""
Curvature = Literal["conservative", "allen_cahn"]
Points = np.ndarray


def problem(nx: int, nz: int, geometry: Geometry, angles: ContactAngles, curvature: Curvature) -> PlatingProblem:
    """A plane cell of `nx` by `nz` cells with uniform potential and salt; curvature acts in one of the two ways."""
    classical = curvature == "allen_cahn"
    return cells.planar_problem(
        nz * H,
        nz,
        0.0,
        domain=Domain((nx * H, 1.0, nz * H), (nx, 1, nz)),
        electrolyte=electrolyte.constant(1e3, cells.SALT, 1e-7, 0.38),
        metal=replace(cells.PLAIN_LITHIUM, surface_energy=0.0 if classical else GAMMA),
        kinetics=Kinetics(EXCHANGE, cells.SALT),
        interface=Interface(H, curvature=curvature, mobility=MOBILITY),
        geometry=geometry,
        contact_angles=angles,
        numerics=Numerics(
            time_tolerance=1e-2, front_motion=0.1, first_step=1e-3, largest_step=(1.0 if classical else 0.2) * UNIT
        ),
    )


def contour(xi: np.ndarray, solid: np.ndarray) -> Points:
    """Points (x, z) [cells] at which xi (nz, nx) is one half between open cells."""
    s = np.log(np.clip(xi, 1e-12, 1.0) / np.clip(1.0 - xi, 1e-12, 1.0))
    found = []
    for axis, (dx, dz) in ((1, (1.0, 0.0)), (0, (0.0, 1.0))):
        n = s.shape[axis] - 1
        low, high = s.take(range(n), axis), s.take(range(1, n + 1), axis)
        closed = np.maximum(solid.take(range(n), axis), solid.take(range(1, n + 1), axis))
        k, i = np.nonzero(((low > 0.0) != (high > 0.0)) & (closed < 0.95))
        share = low[k, i] / (low[k, i] - high[k, i])
        found.append(np.stack([i + 0.5 + dx * share, k + 0.5 + dz * share], axis=1))
    return np.concatenate(found)


def fit_circle(points: Points) -> tuple[np.ndarray, float]:
    """Centre (x, z) and radius of the circle through points, by least squares."""
    system = np.column_stack([2.0 * points, np.ones(len(points))])
    x, z, rest = np.linalg.lstsq(system, np.sum(points**2, axis=1), rcond=None)[0]
    return np.array([x, z]), float(np.sqrt(rest + x * x + z * z))


def grown_shape(phi: np.ndarray, theta: float, bulge: float) -> np.ndarray:
    """r/R of a cap that grows at an angle theta [rad], at the angles phi from its top, for g = `bulge` R."""
    return np.asarray(1.0 + bulge * (phi * np.sin(phi) + np.sin(theta) ** 2 * np.cos(phi)))


def fit_grown(points: Points, theta: float, bulge: float) -> tuple[np.ndarray, float]:
    """Centre and R [cells] of `grown_shape` about x = 0 through points."""
    middle, r = fit_circle(points)
    for _ in range(5):
        away = points - middle
        phi = np.arctan2(away[:, 0], away[:, 1])
        excess = r * (grown_shape(phi, theta, bulge) - 1.0) / np.linalg.norm(away, axis=1)
        middle, r = fit_circle(middle + away * (1.0 - excess)[:, None])
    return middle, r


def angle_of(distance: float, radius: float) -> float:
    """Contact angle [degrees] of a disc of metal with its centre at a signed distance from the wall, out of it."""
    return float(np.degrees(np.arccos(np.clip(-distance / radius, -1.0, 1.0))))


def settle(engine: Engine, duration: float, current: float) -> np.ndarray:
    """xi (nz, nx) after a time [s] at a current density [A/m^2]."""
    engine.set_control(Control("current", current))
    for _ in cells.run_through(engine, [duration]):
        pass
    return cells.field(engine, "xi")[:, 0, :]


def cap(degrees: float, radius: float, start: float, growth: float, duration: float, curvature: Curvature) -> float:
    """Angle [degrees] of a cap on the collector that begins at `start` degrees and grows by a share of its area.

    `radius` [cells] of the cap at its angle; `duration` in units of the square of its width.
    """
    theta, first = np.radians(degrees), np.radians(start)
    begins = radius * np.sqrt((theta - np.sin(theta) * np.cos(theta)) / (first - np.sin(first) * np.cos(first)))
    wide = max(r * (np.sin(a) if a < 0.5 * np.pi else 1.0) for r, a in ((radius, theta), (begins, first)))
    high = max(r * (1.0 - np.cos(a)) for r, a in ((radius, theta), (begins, first)))
    nx, nz = (int(length * np.sqrt(1.0 + growth)) + room for length, room in ((wide, 9), (high, 14)))
    centre = -begins * np.cos(first) * H
    geometry = Geometry(lambda x, y, z: np.sqrt(x**2 + (z - centre) ** 2) + 0.0 * y - begins * H)
    case = problem(nx, nz, geometry, ContactAngles(collector=float(theta)), curvature)
    engine = cells.make_engine(case)
    classical = curvature == "allen_cahn"
    time = duration * wide**2 * UNIT * (0.5 if classical else 1.0)
    area = float(np.sum(cells.field(engine, "xi"))) * H**2
    gain = growth * area / time + (MOBILITY * theta if classical else 0.0)
    xi = settle(engine, time, gain * case.metal.charge_density / (nx * H))
    points = contour(xi, np.zeros_like(xi))
    # 2 A dR/dt = R dA/dt of a cap that keeps its shape.
    size = radius * np.sqrt(1.0 + growth) * H
    speed = 0.5 * size * growth / (1.0 + growth) / time
    bulge = -0.5 * size * speed * np.cos(theta) / (MOBILITY if classical else RELAXATION)
    middle, r = fit_grown(np.concatenate([points, points * [-1.0, 1.0]]), float(theta), bulge)
    return angle_of(float(middle[1]), r)


def meniscus(degrees: float, half: int, duration: float) -> float:
    """Angle [degrees] at a host's wall along the grid, `half` cells from a plane of symmetry; conservative, at rest."""
    theta = float(np.radians(degrees))
    nz = 4 * half + 10
    level = 0.5 * nz * H
    geometry = Geometry(
        lambda x, y, z: z - level + 0.0 * (x + y), host_distance=lambda x, y, z: half * H - x + 0.0 * (y + z)
    )
    engine = cells.make_engine(problem(half + 3, nz, geometry, ContactAngles(host=theta), "conservative"))
    xi = settle(engine, duration * half**2 * UNIT, 0.0)[:, :half]
    x, z = contour(xi, np.zeros_like(xi)).T

    def miss(unknown: np.ndarray) -> np.ndarray:
        """Height above the arc of height and curvature `unknown` at x = 0, which may be a straight line."""
        bend = unknown[1]
        arc = bend * x**2 / (1.0 + np.sqrt(np.maximum(1.0 - (bend * x) ** 2, 1e-6)))
        return np.asarray(z - unknown[0] - arc)

    bend = float(least_squares(miss, [float(np.mean(z)), 0.0]).x[1])
    return 90.0 - float(np.degrees(np.arcsin(np.clip(bend * half, -1.0, 1.0))))


def reaper(degrees: float, half: int) -> tuple[float, float]:
    """Rise in the slit over the exact one, and the angle [degrees] at the wall that goes with it; classical front."""
    theta = np.radians(degrees)
    speed = MOBILITY / (half * H) * (0.5 * np.pi - theta)
    k = speed / MOBILITY
    depth = abs(float(np.log(np.cos(k * half * H)) / k)) / H
    nz = int(depth) + 40
    level = (14.0 if speed > 0.0 else 24.0 + depth) * H

    def start(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        inside = np.minimum(x, half * H)
        return np.asarray((z - level + np.log(np.cos(k * inside)) / k + 0.0 * y) * np.cos(k * inside))

    geometry = Geometry(start, host_distance=lambda x, y, z: half * H - x + 0.0 * (y + z))
    engine = cells.make_engine(problem(half + 3, nz, geometry, ContactAngles(host=float(theta)), "allen_cahn"))
    engine.set_control(Control("current", 0.0))
    duration, heights, times = 8.0 * H / abs(speed), [], []
    for report in cells.run_through(engine, [0.3 * duration, duration]):
        heights.append(float(np.sum(cells.field(engine, "xi")[:, 0, :half])) * H / half)
        times.append(report.time)
    found = (heights[1] - heights[0]) / (times[1] - times[0])
    return found / speed, 90.0 - float(np.degrees(found * half * H / MOBILITY))


def tilted(degrees: float, radius: float, start: float, turn: float, duration: float, curvature: Curvature) -> float:
    """Angle [degrees] of a cap at rest on a plane host that is turned by `turn` degrees against the grid."""
    theta, first, slope = (np.radians(value) for value in (degrees, start, turn))
    begins = radius * np.sqrt((theta - np.sin(theta) * np.cos(theta)) / (first - np.sin(first) * np.cos(first)))
    wide = max(r * (np.sin(a) if a < 0.5 * np.pi else 1.0) for r, a in ((radius, theta), (begins, first)))
    high = max(r * (1.0 - np.cos(a)) for r, a in ((radius, theta), (begins, first)))
    into, reach = np.array([np.sin(slope), -np.cos(slope)]), wide + 8.0
    nx = int(2.0 * reach * np.cos(slope) + high * np.sin(slope)) + 6
    nz = int(2.0 * reach * np.sin(slope) + high * np.cos(slope)) + 16
    foot = np.array([reach * np.cos(slope) + 0.9 * high * np.sin(slope) + 3.0, 4.0 + reach * np.sin(slope)])
    centre = foot + into * begins * np.cos(first)
    geometry = Geometry(
        lambda x, y, z: np.sqrt((x - centre[0] * H) ** 2 + (z - centre[1] * H) ** 2) + 0.0 * y - begins * H,
        host_distance=lambda x, y, z: -((x - foot[0] * H) * into[0] + (z - foot[1] * H) * into[1]) + 0.0 * y,
    )
    case = problem(nx, nz, geometry, ContactAngles(host=float(theta)), curvature)
    engine = cells.make_engine(case)
    solid = cells.field(engine, "psi")[:, 0, :]
    classical = curvature == "allen_cahn"
    gain = 2.0 * MOBILITY * theta if classical else 0.0
    time = duration * wide**2 * UNIT * (0.5 if classical else 1.0)
    xi = settle(engine, time, gain * case.metal.charge_density / (nx * H))
    points = contour(xi, solid)
    points = points[-(points - foot) @ into > 1.0]
    middle, r = fit_circle(points)
    return angle_of(float(-(middle - foot) @ into), r)


def wedge(degrees: float, factor: float) -> float:
    """Angle [degrees] beside the collector of a half disc that has grown threefold without anything to round it."""
    begins, nx, nz = 12.0, 48, 34
    geometry = Geometry(lambda x, y, z: np.sqrt(x**2 + z**2) + 0.0 * y - begins * H)
    case = problem(nx, nz, geometry, ContactAngles(collector=float(np.radians(degrees))), "conservative")
    case = replace(
        case,
        metal=cells.PLAIN_LITHIUM,
        interface=Interface(H, mobility_factor=factor),
        numerics=Numerics(time_tolerance=1e-2, first_step=1e-3),
    )
    engine = cells.make_engine(case)
    area = float(np.sum(cells.field(engine, "xi"))) * H**2
    current = 1.0
    xi = settle(engine, 2.0 * area * case.metal.charge_density / (nx * H * current), current)
    points = contour(xi, np.zeros_like(xi))
    low = points[points[:, 1] < 4.0]
    slope = np.polyfit(low[:, 1], low[:, 0], 1)[0]
    return float(np.degrees(np.arctan2(1.0, -slope)))


def run(folder: Path | None) -> list[Check]:
    """Caps at rest and growing, menisci at a host's wall, tilted hosts, the wedge."""
    checks: list[Check] = []

    def add(words: str, found: float, exact: float, tolerance: float = TOLERANCE) -> None:
        checks.append(check(NAME, f"contact angle [deg], {words}", found, exact, tolerance, SOURCE))

    modes: tuple[Curvature, Curvature] = ("conservative", "allen_cahn")
    curves = []
    for curvature in modes:
        rest, growing = [], []
        for degrees, radius, start, share in CAPS:
            rest.append(cap(degrees, radius, start, 0.0, share, curvature))
            add(f"{degrees:g} on the collector, {curvature}", rest[-1], degrees)
            growing.append(cap(degrees, radius, degrees, 0.15, 1.5 * share, curvature))
            add(f"{degrees:g} on the collector, {curvature}, grown by 15 %", growing[-1], degrees)
        curves += [(f"{curvature}, at rest", ANGLES, rest, "o"), (f"{curvature}, growing", ANGLES, growing, "x")]
    for degrees in ANGLES:
        add(f"{degrees:g} on a host's wall, conservative", meniscus(degrees, 12, 1.0), degrees)
        if degrees != 90.0:
            ratio, angle = reaper(degrees, 12)
            add(f"{degrees:g} on a host's wall, allen_cahn, moving", angle, degrees)
            checks.append(check_relative(NAME, f"rise in a slit over exact, {degrees:g} deg", ratio, 1.0, 0.03, SOURCE))
    for curvature in modes:
        for degrees, radius, start, share in CAPS_ON_TILTED:
            found = tilted(degrees, radius, start, 25.0, share, curvature)
            add(f"{degrees:g} on a host turned by 25 degrees, {curvature}", found, degrees)
    for degrees in (30.0, 60.0):
        add(f"{degrees:g}, wedge that grows, nothing to round it, b = 60 l v", wedge(degrees, 60.0), degrees)
    curves.append(("exact", ANGLES, ANGLES, "-"))
    save_curves(folder, NAME, curves, ("contact angle asked for [deg]", "contact angle found [deg]"))
    return checks


CASE = Case(NAME, "Contact angles", "60 s", False, SOURCE, run)
