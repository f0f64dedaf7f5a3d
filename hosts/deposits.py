"""Initial metal: films, caps, a rippled front, and their union.

Each deposit is a function of coordinate arrays x, y, z [m], negative inside the metal: what a plating problem takes
as `metal_distance`. Metal reaching into the host is no metal: only its part in the pore space counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ramify.hosts.base import SpatialFunction, micrometres, require_below_counter, require_positive
from ramify.hosts.nearest import NearestPoint

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Film:
    """Metal within `thickness` of the current collector, of a conducting host's surface, or of both."""

    thickness: float
    """[m]."""
    host_distance: SpatialFunction | None = None
    """Signed distance of a conducting host; None for a film on the collector alone."""
    region: SpatialFunction | None = None
    """Negative where the host bears a film; everywhere where None."""
    on_collector: bool = True

    def __post_init__(self) -> None:
        require_positive("film", thickness=self.thickness)
        if self.host_distance is None and not self.on_collector:
            raise ValueError("film: neither the collector nor a conducting host bears it")

    @property
    def feature_size(self) -> float:
        """The thickness [m]."""
        return self.thickness

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], negative in the metal."""
        layer = z + 0.0 * (x + y) - self.thickness if self.on_collector else np.array(np.inf)
        if self.host_distance is not None:
            on_host = self.host_distance(x, y, z) - self.thickness
            if self.region is not None:
                on_host = np.maximum(on_host, self.region(x, y, z))
            layer = np.minimum(layer, on_host)
        return np.asarray(layer)

    def check(self, size: Vector) -> None:
        """ValueError if the film reaches the counter electrode."""
        require_below_counter("film", "thickness", self.thickness, size)


@dataclass(frozen=True)
class Ripple:
    """Metal below z = height + amplitude cos(k (x cos angle + y sin angle)): a front with a small bump."""

    height: float
    amplitude: float
    wavelength: float
    """[m]."""
    angle: float = 0.0
    """Of the wave vector to the x axis [rad]."""

    def __post_init__(self) -> None:
        require_positive("ripple", height=self.height, wavelength=self.wavelength)

    @property
    def feature_size(self) -> float:
        """Half the wavelength [m]."""
        return 0.5 * self.wavelength

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], to second order in the amplitude."""
        k = 2.0 * math.pi / self.wavelength
        phase = k * (x * math.cos(self.angle) + y * math.sin(self.angle))
        slope = self.amplitude * k * np.sin(phase)
        return (z - self.height - self.amplitude * np.cos(phase)) / np.sqrt(1.0 + slope**2)

    def check(self, size: Vector) -> None:
        """ValueError if the front reaches the collector or the counter electrode."""
        require_below_counter("ripple", "crest", self.height + abs(self.amplitude), size)
        if abs(self.amplitude) >= self.height:
            raise ValueError(f"ripple: its troughs reach the collector (height {micrometres(self.height)})")


@dataclass(frozen=True)
class Cap:
    """Sphere cut by the surface it sits on; a hemisphere by default."""

    position: Vector
    """Of the footprint's centre, on the surface [m]."""
    radius: float
    """Of curvature [m]."""
    contact_angle: float = 0.5 * math.pi
    """Through the metal [rad]."""
    normal: Vector = (0.0, 0.0, 1.0)
    """Of the surface, into the pore space."""
    planar: bool = False
    """For 2-D domains: a cylinder along y."""
    period: tuple[float, float] | None = None
    """Lateral lengths of a periodic domain [m]: what leaves through one face comes in through the other."""

    def __post_init__(self) -> None:
        require_positive("cap", radius=self.radius)
        if not 0.0 < self.contact_angle < math.pi:
            raise ValueError(
                f"cap: the contact angle must lie between 0 and 180 degrees, not {self.contact_angle:g} rad"
            )

    @property
    def centre(self) -> Vector:
        """Of the sphere [m]."""
        x, y, z = sphere_centres(np.array([self.position]), np.array([self.normal]), self.radius, self.contact_angle)[0]
        return (float(x), float(y), float(z))

    @property
    def feature_size(self) -> float:
        """The cap's height [m]."""
        return self.radius * (1.0 - math.cos(self.contact_angle))

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], negative in the metal."""
        cx, cy, cz = self.centre
        along, across = x - cx, 0.0 * y if self.planar else y - cy
        if self.period is not None:
            along, across = (
                d - length * np.round(d / length) for d, length in zip((along, across), self.period, strict=True)
            )
        return np.sqrt(along**2 + across**2 + (z - cz) ** 2) - self.radius

    def check(self, size: Vector) -> None:
        """ValueError if the cap is outside the domain or reaches the counter electrode."""
        for axis, value, length in zip("xyz", self.position, size, strict=True):
            if not (0.0 <= value <= length or (self.planar and axis == "y")):
                raise ValueError(
                    f"cap: {axis} = {micrometres(value)} is outside the domain, 0 to {micrometres(length)}"
                )
        require_below_counter("cap", "top", self.centre[2] + self.radius, size)


@dataclass(frozen=True, eq=False)
class Caps:
    """Many caps of one radius and contact angle."""

    positions: np.ndarray
    """(n, 3), on the surface [m]."""
    normals: np.ndarray
    """(n, 3), unit vectors into the pore space."""
    radius: float
    contact_angle: float = 0.5 * math.pi
    """Through the metal [rad]."""
    period: tuple[float, float] | None = None
    """Lateral lengths of a periodic domain [m]."""
    planar: bool = False
    _nearest: NearestPoint = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_positive("caps", radius=self.radius)
        if len(self.positions) == 0:
            raise ValueError("caps: at least one position is needed")
        centres = sphere_centres(self.positions, self.normals, self.radius, self.contact_angle)
        object.__setattr__(self, "_nearest", NearestPoint(centres, self.period, self.planar))

    @property
    def feature_size(self) -> float:
        """Height of one cap [m]."""
        return self.radius * (1.0 - math.cos(self.contact_angle))

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], negative in the metal."""
        return self._nearest.distance(x, y, z) - self.radius

    def check(self, size: Vector) -> None:
        """ValueError if a cap reaches the counter electrode."""
        highest = float(self.positions[:, 2].max()) + self.radius * (1.0 - math.cos(self.contact_angle))
        require_below_counter("caps", "top", highest, size)


def sphere_centres(positions: np.ndarray, normals: np.ndarray, radius: float, contact_angle: float) -> np.ndarray:
    """Centres (n, 3) of spheres that meet the surfaces at the contact angle: -R cos(angle) along the normals."""
    unit = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return positions - radius * math.cos(contact_angle) * unit


@dataclass(frozen=True)
class Union:
    """All the metal of several deposits."""

    parts: tuple[SpatialFunction, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("union: at least one deposit is needed")

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], the least of the parts'."""
        distance = self.parts[0](x, y, z)
        for part in self.parts[1:]:
            distance = np.minimum(distance, part(x, y, z))
        return distance


@dataclass(frozen=True)
class Nothing:
    """No metal at all in a domain of these lengths [m]."""

    size: Vector

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """A distance [m] beyond which no profile reaches."""
        return np.full(np.broadcast_shapes(np.shape(x), np.shape(y), np.shape(z)), 100.0 * max(self.size))


def union(*deposits: SpatialFunction) -> SpatialFunction:
    """All the metal of the given deposits, as one `metal_distance`."""
    return deposits[0] if len(deposits) == 1 else Union(deposits)
