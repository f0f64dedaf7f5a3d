"""Classical nucleation of metal on a conducting surface, and the caps that nuclei are.

    r* = 2 gamma Omega / (F |eta|)                            critical radius of curvature, eta < 0 for plating
    DG* = 16 pi gamma^3 Omega^2 f(theta) / (3 F^2 eta^2)      barrier [J],  f = (2 + cos theta)(1 - cos theta)^2 / 4
    A = A0 exp(-DG* / (k T))                                  rate at which a site turns into a nucleus [1/s]
    N(t) = N0 [1 - exp(-integral of A dt)]                    number density of N0 sites

A cap of radius r and contact angle theta (through the metal) covers the area 2 pi r^2 (1 - cos theta) and holds
(4/3) pi r^3 f. In two dimensions it is a ridge: area 2 theta r and volume (theta - sin theta cos theta) r^2 per metre;
the barrier stays that of the cap, since nuclei are no ridges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ramify.physics.constants import BOLTZMANN, FARADAY

SIZE_CLASSES = np.logspace(-9.0, -4.0, 26)
"""Edges of the classes in which radii of nuclei are counted [m], five in a decade."""


def shape_factor(contact_angle: Any) -> Any:
    """f(theta) [-]: barrier and volume of a cap relative to the sphere; 1/2 for a hemisphere."""
    cosine = np.cos(contact_angle)
    return 0.25 * (2.0 + cosine) * (1.0 - cosine) ** 2


def critical_radius(overpotential: Any, surface_energy: float, molar_volume: float) -> Any:
    """r* [m] at an overpotential eta [V]; infinite where eta does not drive plating."""
    driven = np.asarray(overpotential, float) < 0.0
    strength = np.where(driven, -np.asarray(overpotential, float), 1.0)
    return np.where(driven, 2.0 * surface_energy * molar_volume / (FARADAY * strength), np.inf)


def barrier(overpotential: Any, surface_energy: float, molar_volume: float, contact_angle: float) -> Any:
    """DG* [J] of a cap at an overpotential eta [V]; infinite where eta does not drive plating."""
    radius = critical_radius(overpotential, surface_energy, molar_volume)
    return 4.0 / 3.0 * np.pi * surface_energy * shape_factor(contact_angle) * radius**2


def site_rate(
    overpotential: Any,
    *,
    attempt_rate: float,
    surface_energy: float,
    molar_volume: float,
    contact_angle: float,
    temperature: float,
) -> Any:
    """A [1/s] of a site at an overpotential eta [V]; zero where eta does not drive plating.

    Parameters
    ----------
    attempt_rate
        A0 [1/s].
    surface_energy, molar_volume
        gamma [J/m^2] and Omega [m^3/mol] of the metal.
    contact_angle
        Through the metal [rad].
    temperature
        [K].
    """
    height = barrier(overpotential, surface_energy, molar_volume, contact_angle)
    return attempt_rate * np.exp(-height / (BOLTZMANN * temperature))


def cap_area(radius: Any, contact_angle: float, *, planar: bool = False) -> Any:
    """Metal surface of a cap [m^2]; of a ridge per metre [m] where planar."""
    if planar:
        return 2.0 * contact_angle * radius
    return 2.0 * np.pi * (1.0 - np.cos(contact_angle)) * np.square(radius)


def cap_radius(volume: Any, contact_angle: float, *, planar: bool = False) -> Any:
    """Radius of curvature [m] of a cap of a volume [m^3]; of a ridge of a volume per metre [m^2] where planar."""
    if planar:
        return np.sqrt(volume / (contact_angle - np.sin(contact_angle) * np.cos(contact_angle)))
    return np.cbrt(volume / (4.0 / 3.0 * np.pi * shape_factor(contact_angle)))


def cap_volume(radius: Any, contact_angle: float, *, planar: bool = False) -> Any:
    """Volume [m^3] of a cap of a radius of curvature; of a ridge per metre [m^2] where planar."""
    if planar:
        return (contact_angle - np.sin(contact_angle) * np.cos(contact_angle)) * np.square(radius)
    return 4.0 / 3.0 * np.pi * shape_factor(contact_angle) * radius**3


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def cap_share_beyond(distance: Any, radius: Any, contact_angle: float, *, planar: bool = False) -> Any:
    """Share of a cap's metal surface beyond a plane upright on the wall, at a distance from the cap's middle [-].

    What lies at the polar angle phi < theta from the cap's axis is beyond where r sin(phi) cos(psi) exceeds the
    distance, psi the azimuth: on a share arccos(d/(r sin phi))/pi of its circle. A ridge has two sides instead, one
    of which is beyond where r sin(phi) exceeds d.

    Parameters
    ----------
    distance, radius
        d and r [m]; d may be negative, for a plane behind the middle, or infinite.
    contact_angle
        theta through the metal [rad].
    """
    ratio = np.asarray(distance, float) / np.maximum(np.asarray(radius, float), 1e-300)
    if planar:
        rise = np.arcsin(np.clip(np.abs(ratio), 0.0, 1.0))
        share = np.maximum(np.minimum(contact_angle, np.pi - rise) - rise, 0.0) / (2.0 * contact_angle)
        return np.where(ratio < 0.0, 1.0 - share, share)
    phi = 0.5 * contact_angle * (_NODES + 1.0)
    circle = np.arccos(np.clip(ratio[..., None] / np.sin(phi), -1.0, 1.0)) / np.pi
    return np.sum(_WEIGHTS * np.sin(phi) * circle, axis=-1) * 0.5 * contact_angle / (1.0 - np.cos(contact_angle))
