"""What a mechanical solver is told: phases, supports, loads. SI units; pressures are positive in compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ramify.physics.elasticity import Elasticity
from ramify.physics.viscoplasticity import ViscoplasticLaw


@dataclass(frozen=True)
class Phases:
    """What the cells are made of."""

    metal: ViscoplasticLaw
    medium: Elasticity
    """What is not metal in the pores: electrolyte, separator, void."""
    host: Elasticity | None = None
    mixture: Literal["laminate", "voxels"] = "laminate"
    """Of metal and medium where their surface crosses a cell. A laminate (physics.laminate) is of second order in the
    surface's width, times the contrast of the moduli: good up to a thousand. Against a void take `voxels`: every cell
    is all metal or all medium, of first order whatever the contrast. (Tails of the profile hold a void open.)"""


@dataclass(frozen=True)
class Supports:
    """What holds the box. Lateral faces of a periodic mesh are periodic, and keep its size."""

    lateral: Literal["symmetric", "free"] = "symmetric"
    """`symmetric` faces do not move along their normal and slide; `free` ones carry nothing."""
    bottom: Literal["bonded", "sliding", "free"] = "bonded"
    """`sliding` fixes u_z alone."""
    top: Literal["loaded", "held"] = "loaded"
    """`loaded` by the pressure given to the solve; `held` at u_z = `top_displacement`."""
    top_displacement: float = 0.0
    """[m], of a `held` top."""


@dataclass(frozen=True)
class MechanicsNumerics:
    """Tolerances."""

    tolerance: float = 1e-6
    """Out-of-balance force over the forces in the body (root of the sums of squares)."""
    newton_iterations: int = 25
    krylov_iterations: int = 200
    strain_tolerance: float = 2e-4
    """Error of the flow in one step of time [-]."""


@dataclass(frozen=True)
class SurfaceFilm:
    """A thin film (SEI, coating) on the metal that follows its surface (physics.mechanics.film_stress)."""

    elasticity: Elasticity
    strength: float
    """Largest tensile stress it bears [Pa]."""
    misfit: float = 0.0
    """Linear strain it would take by itself."""


@dataclass(frozen=True)
class PlatingMechanics:
    """Stress in the plating model."""

    phases: Phases
    supports: Supports
    stack_pressure: float = 0.0
    """On the top face [Pa]."""
    growth_strain: float = 0.0
    """Linear strain of new metal above the place it takes."""
    every: int = 1
    """Time steps between two solutions of the stress."""
    film: SurfaceFilm | None = None
    numerics: MechanicsNumerics = MechanicsNumerics(tolerance=1e-4, strain_tolerance=2e-3)
