"""The plating problem in SI numbers: what an engine is told, before any choice of discretisation.

Nothing here computes. `ramify` builds a `PlatingProblem` from a scenario; the PETSc engine and the
FiPy reference both read it. Arrays are indexed [z, y, x]; tuples of lengths and counts are (x, y, z).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from ramify.phasefield.mechanics.problem import PlatingMechanics
    from ramify.physics.electrolyte import Electrolyte
    from ramify.physics.metals import Metal

SpatialFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""A function of broadcastable coordinate arrays x, y, z [m]; z = 0 is the current collector."""


@dataclass(frozen=True)
class Domain:
    """Box of cells from the current collector (z = 0) to the counter electrode (z = size[2]).

    A missing lateral axis has one cell of one metre, so that areas and charges refer to 1 m of depth.
    """

    size: tuple[float, float, float]
    """Edge lengths (x, y, z) [m]."""
    cells: tuple[int, int, int]
    """Cell counts (x, y, z)."""
    periodic: bool = False
    """Lateral faces periodic; otherwise planes of symmetry."""

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Cell edge lengths (x, y, z) [m]."""
        return (self.size[0] / self.cells[0], self.size[1] / self.cells[1], self.size[2] / self.cells[2])

    @property
    def dimension(self) -> int:
        """1, 2 or 3: the number of axes that have more than one cell, z always counted."""
        return 1 + sum(n > 1 for n in self.cells[:2])

    @property
    def cross_section(self) -> float:
        """Area that areal currents and capacities refer to [m^2]."""
        return self.size[0] * self.size[1]

    @property
    def cell_volume(self) -> float:
        """Volume of one cell [m^3]."""
        hx, hy, hz = self.spacing
        return hx * hy * hz


@dataclass(frozen=True)
class Kinetics:
    """Butler-Volmer parameters of the metal surface (physics.butler_volmer)."""

    exchange_current_density: float
    """At the reference concentration [A/m^2]."""
    reference_concentration: float
    """[mol/m^3]."""
    alpha_a: float = 0.5
    alpha_c: float = 0.5
    film_resistance: float = 0.0
    """Areal resistance of a surface film, such as the SEI [ohm m^2]."""
    anisotropy: float = 0.0
    """e of a cubic crystal's exchange current density (physics.crystal)."""
    crystal_angle: float = 0.0
    """Of the crystal's axes to the grid's, about y [rad]."""


MOBILITY_FACTOR = 1.5
"""b over width and largest front velocity."""
WETTING_MOBILITY_FACTOR = 20.0
"""The same where a contact angle has to hold at the walls of a growing deposit (conservative fronts)."""


@dataclass(frozen=True)
class Interface:
    """Diffuse metal surface: equilibrium profile xi = (1 + tanh(x / 2 width)) / 2."""

    width: float
    """The length l of the design's equations [m]."""
    curvature: Literal["conservative", "allen_cahn"] = "conservative"
    """`conservative` carries no capillarity; `allen_cahn` adds the front velocity -b K."""
    mobility: float | None = None
    """b [m^2/s]; None follows the front, b = mobility_factor * width * largest front velocity."""
    mobility_factor: float = MOBILITY_FACTOR
    motion: Literal["moving", "frozen"] = "moving"


@dataclass(frozen=True)
class ContactAngles:
    """Angles through the metal at which its surface meets solid walls [rad], between 0 and pi."""

    collector: float = 0.5 * math.pi
    """On the current collector, z = 0."""
    host: float = 0.5 * math.pi


@dataclass(frozen=True)
class Electrons:
    """How the metal and a conducting host carry electrons."""

    transport: Literal["equipotential", "ohmic"] = "equipotential"
    islands: Literal["floating", "inactive"] = "floating"
    """Metal not connected to the current collector: zero net current, or no reaction at all."""


@dataclass(frozen=True)
class CounterElectrode:
    """The face at z = size[2]."""

    kind: Literal["lithium", "reservoir"] = "lithium"
    """`lithium` releases the plated ions; `reservoir` holds the initial concentration."""
    kinetics: Literal["uniform", "butler_volmer"] = "uniform"
    """Of `lithium`: uniform flux, or the plating kinetics at a uniform counter-electrode potential."""


@dataclass(frozen=True)
class AnisotropicConductivity:
    """An electronic conductivity that differs along z [S/m]; both parts are zero in the same places."""

    lateral: float | SpatialFunction
    """Along x and y."""
    through: float | SpatialFunction
    """Along z."""


@dataclass(frozen=True)
class Geometry:
    """Signed distances [m] that fix the host and the initial metal; sampled by each rank for its own cells."""

    metal_distance: SpatialFunction
    """Negative inside the initial metal, positive outside."""
    host_distance: SpatialFunction | None = None
    """Positive in the pore space, negative inside the solid host; None for an empty cell."""
    host_conducting: bool = True
    """Whether host cells join the metal to the current collector."""
    host_conductivity: float | SpatialFunction | AnisotropicConductivity = 5.8e7
    """[S/m], for ohmic electrons. Where a function is zero the host is a dielectric and joins no metal."""
    activity: SpatialFunction | None = None
    """Factor on the exchange current density, one where None."""

    @property
    def lateral_conductivity(self) -> float | SpatialFunction:
        """The host's along x and y [S/m]."""
        given = self.host_conductivity
        return given.lateral if isinstance(given, AnisotropicConductivity) else given

    @property
    def through_conductivity(self) -> float | SpatialFunction:
        """The host's along z [S/m]; where it is zero, so is the lateral one."""
        given = self.host_conductivity
        return given.through if isinstance(given, AnisotropicConductivity) else given


@dataclass(frozen=True)
class Nucleation:
    """Sites at which metal appears on bare conducting surfaces during a run (plating.nuclei)."""

    positions: np.ndarray
    """Of the sites, (n, 3) [m], on the surfaces."""
    normals: np.ndarray
    """Unit normals (n, 3) of the surfaces, into the electrolyte."""
    law: Literal["constant_rate", "classical"]
    rate: float
    """Of a site [1/s]: constant while it is driven to plate, or the attempt rate A0 of the classical law."""
    contact_angle: float
    """Of the caps, through the metal [rad]."""
    seed: int
    """Of the thresholds."""
    activity: SpatialFunction | None = None
    """Factor on the rate, one where None."""
    depths: np.ndarray | None = None
    """Of the sites inside an interphase [m], zero on the surface; None without an interphase."""
    leaked: np.ndarray | float = 1.0
    """Share of the overpotential that reaches each site (physics.interphase)."""


@dataclass(frozen=True)
class Crystallinity:
    """How disordered deposited metal orders (physics.crystallinity)."""

    critical_size: float
    """Diameter of the smallest domain of metal that can hold a crystal [m]."""
    rate: float
    """At which a large deposit orders [1/s]."""
    crystal_size: float
    """Diameter of the crystals in a large deposit [m]."""
    initial: float = 0.0
    """Ordered share of the metal at the start."""


@dataclass(frozen=True)
class SurfaceFlow:
    """Surface diffusion of the metal (physics.surface_diffusion)."""

    coefficient: float
    """B of a large particle [m^4/s]."""
    size_length: float = 0.0
    """a of the size law [m]; zero for one diffusivity at all sizes."""
    smallest_size: float = 0.0
    """Diameter below which the size law goes on as a constant [m]."""


@dataclass(frozen=True)
class Numerics:
    """Tolerances and limits of the time integration."""

    newton_tolerance: float = 1e-8
    """Largest last update, relative to RT/F and to the initial concentration."""
    newton_iterations: int = 15
    krylov_iterations: int = 60
    time_tolerance: float = 2e-3
    """Local error per step of the concentration, relative to the initial one."""
    front_motion: float = 0.3
    """Largest front displacement per step, in cells."""
    first_step: float | None = None
    """[s]; None chooses from the diffusion time of a cell."""
    largest_step: float = float("inf")
    smallest_step: float = 1e-9
    order: Literal[1, 2] = 2


class MovingSurface(Protocol):
    """What a diffuse metal surface has to know of a problem (plating.front)."""

    @property
    def domain(self) -> Domain: ...  # noqa: D102
    @property
    def interface(self) -> Interface: ...  # noqa: D102
    @property
    def geometry(self) -> Geometry: ...  # noqa: D102
    @property
    def contact_angles(self) -> ContactAngles: ...  # noqa: D102


@dataclass(frozen=True)
class PlatingProblem:
    """Everything the plating model needs (design equations (1)-(6))."""

    domain: Domain
    electrolyte: Electrolyte
    initial_concentration: float
    """[mol/m^3]."""
    metal: Metal
    kinetics: Kinetics
    interface: Interface
    geometry: Geometry
    contact_angles: ContactAngles = field(default_factory=ContactAngles)
    electrons: Electrons = field(default_factory=Electrons)
    counter: CounterElectrode = field(default_factory=CounterElectrode)
    nucleation: Nucleation | None = None
    surface_flow: SurfaceFlow | None = None
    """None leaves surface diffusion out."""
    numerics: Numerics = field(default_factory=Numerics)
    mechanics: PlatingMechanics | None = None
    """None leaves stress out."""
    crystallinity: Crystallinity | None = None
    """None leaves the order of the metal out."""
