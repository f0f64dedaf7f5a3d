"""Wire: crossed layers, woven meshes, and arrays of helical springs.

Crossed layers are straight wires along x and y in turn, fused where they cross. A plain weave has wires along x and
y that pass over and under each other, z = z0 +- A cos(pi x/p). Both are stacked from the collector, into which the
lowest wires are sunk by a tenth of their diameter, up to the height given. Lattices are square. Crossed wires lie in
the middle of each pitch, so that whole pitches tile periodic domains and half pitches domains with symmetry planes;
woven ones begin at the faces and repeat after two pitches.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ramify.hosts.base import micrometres, require_positive
from ramify.hosts.porosity import Box
from ramify.hosts.rods import RodNetwork, rod_network, segments

Weave = Literal["crossed", "woven"]
FUSED = 0.9
"""Distance of crossing wires' axes, in diameters: they are pressed into each other."""
SUNK = 0.4
"""Height of the lowest axis, in diameters."""
PIECES = 16
"""Straight pieces per pitch of a woven wire and per half turn of a coil."""


def wire_mesh(
    size: Box, diameter: float, pitch: float, height: float, *, weave: Weave = "crossed", periodic: bool = False
) -> RodNetwork:
    """Layers of wire on the current collector, as many as the height [m] holds.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    diameter, pitch : float
        Of the wire, and between parallel wires [m].
    height : float
        That no wire exceeds [m].
    weave : {'crossed', 'woven'}
        See the module.
    periodic : bool
        Lateral faces.

    Raises
    ------
    ValueError
        If the wires do not leave openings, or no layer fits.
    """
    require_positive("mesh", diameter=diameter, pitch=pitch, height=height)
    if diameter >= pitch:
        raise ValueError(f"mesh: diameter {micrometres(diameter)} must be less than the pitch {micrometres(pitch)}")
    box, radius = (size[0], size[1], height), 0.5 * diameter
    rise = (0.5 * FUSED if weave == "woven" else 0.0) * diameter
    lowest = SUNK * diameter + rise
    spacing = (2.0 * FUSED if weave == "woven" else FUSED) * diameter
    layers = math.floor((height - radius - rise - lowest) / spacing + 1.0 + 1e-9)
    if layers < (1 if weave == "woven" else 2):
        raise ValueError(f"mesh: a height of {micrometres(height)} holds no mesh of wire {micrometres(diameter)} thick")
    rods = []
    for layer in range(layers):
        z = lowest + layer * spacing
        for axis in (0, 1) if weave == "woven" else (layer % 2,):
            rods += _wires(box, axis, pitch, z, rise, radius)
    lattice = 2.0 * pitch if weave == "woven" else pitch
    return rod_network(np.concatenate(rods), box, periodic, "mesh", min(diameter, pitch - diameter), lattice)


def _wires(box: Box, axis: int, pitch: float, z: float, rise: float, radius: float) -> list[np.ndarray]:
    """Wires along x (axis 0) or y (1), over and under in turn where they rise."""
    count = max(2, math.ceil((PIECES if rise else 1) * box[axis] / pitch))
    along = np.linspace(0.0, box[axis], count + 1)
    first, wires = 0.0 if rise else 0.5, []
    for n in range(math.floor(box[1 - axis] / pitch - first + 1e-9) + 1):
        sign = (1.0 if axis == 0 else -1.0) * (-1.0) ** n
        points = np.empty((count + 1, 3))
        points[:, axis] = along
        points[:, 1 - axis] = (n + first) * pitch
        points[:, 2] = z + sign * rise * np.cos(math.pi * along / pitch)
        wires.append(segments(points, radius))
    return wires


def coils(
    size: Box, wire: float, diameter: float, pitch: float, rise: float, height: float, *, periodic: bool = False
) -> RodNetwork:
    """Square array of upright helical springs.

    Parameters
    ----------
    size : tuple of float
        Domain lengths [m].
    wire : float
        Its diameter [m].
    diameter : float
        Of the coil, over all [m].
    pitch : float
        Between the axes of neighbouring coils [m].
    rise : float
        Per turn [m].
    height : float
        Of the coils [m].
    periodic : bool
        Lateral faces.

    Raises
    ------
    ValueError
        If turns or neighbours touch.
    """
    require_positive("coils", wire=wire, diameter=diameter, pitch=pitch, rise=rise, height=height)
    for name, length, other, bound in (
        ("diameter", diameter, "two wires", 2.0 * wire),
        ("pitch", pitch, "the coil's diameter", diameter),
        ("rise", rise, "the wire", wire),
        ("height", height, "the wire", wire),
    ):
        if length <= bound:
            raise ValueError(f"coils: {name} {micrometres(length)} must be more than {other}, {micrometres(bound)}")
    box, radius = (size[0], size[1], height), 0.5 * wire
    turns = height / rise
    angle = np.linspace(0.0, 2.0 * math.pi * turns, max(2, math.ceil(2 * PIECES * turns)) + 1)
    arm = 0.5 * (diameter - wire)
    helix = np.stack([arm * np.cos(angle), arm * np.sin(angle), rise * angle / (2.0 * math.pi)], axis=1)
    places = [((np.arange(math.floor(length / pitch - 0.5 + 1e-9) + 1) + 0.5) * pitch) for length in size[:2]]
    rods = [segments(helix + np.array([x, y, 0.0]), radius) for x in places[0] for y in places[1]]
    narrowest = min(wire, rise - wire, pitch - diameter, diameter - 2.0 * wire)
    return rod_network(np.concatenate(rods), box, periodic, "coils", narrowest, pitch)
