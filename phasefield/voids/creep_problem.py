"""What creep into voids is told, in SI numbers; nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ramify.physics.lithium_creep import PowerLaw


@dataclass(frozen=True)
class CreepSupports:
    """What holds the metal at the faces of the box. The lower sides are planes of symmetry, or periodic."""

    collector: Literal["bonded", "sliding"] = "bonded"
    """Metal at z = 0."""
    contact: Literal["bonded", "sliding"] = "sliding"
    """Metal at z = H."""
    plate: Literal["rigid", "even"] = "rigid"
    """The collector: a plate that stays flat, or a film that yields to an even pressure."""
    sides: Literal["symmetric", "free"] = "symmetric"
    """Of a mesh that is not periodic."""


@dataclass(frozen=True)
class CreepNumerics:
    """Tolerances and limits."""

    tolerance: float = 1e-4
    """Out-of-balance force over the forces in the body (root of the sums of squares)."""
    newton_iterations: int = 60
    krylov_iterations: int = 200
    krylov_accuracy: float = 0.03
    softness: float = 1e-4
    """Viscosity of a void over that of metal."""
    newtonian: float = 1e-9
    """Linear creep that is added, over the creep at the reference stress: metal at rest is finitely viscous."""
    motion: float = 0.25
    """Largest way of the void's surface in a step, in cells."""
    loss: float = 0.2
    """Largest share of the voids' volume that is filled in a step."""
    hardening: float = 0.1
    """Largest change of a resistance that evolves in a step, as a share of it."""


@dataclass(frozen=True)
class StackCreep:
    """Metal under a stack pressure, in a cell with voids."""

    pressure: float
    """Mean on the collector [Pa]."""
    law: PowerLaw | Literal["anand"]
    """Of steady creep; `anand`: that of lithium in its sinh form."""
    temperature: float
    """[K], of `anand`."""
    supports: CreepSupports = CreepSupports()
    numerics: CreepNumerics = CreepNumerics()
    evolves: bool = False
    """Whether the resistance of `anand` is a field that hardens as the metal flows; saturated otherwise."""
