"""The alloy of `model: voids` in SI numbers: what `AlloyMetal` is told. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ramify.phasefield.voids.problem import MetalNumerics, MetalProblem


@dataclass(frozen=True)
class AlloyLaws:
    """Composition, diffusion and thermodynamics (physics.alloy, physics.alloy_vacancies)."""

    magnesium: float
    """y0, the atomic fraction of magnesium at the start and in the reservoir behind z = 0."""
    fractions: tuple[float, ...]
    """Atomic fractions of magnesium, rising, of `diffusivities`."""
    diffusivities: tuple[float, ...]
    """D of lithium [m^2/s] at the temperature of the run, exponential between the fractions."""
    interaction: tuple[float, ...] = (0.0,)
    """Redlich-Kister L_k/RT; zero for an ideal solution."""
    mobility: float = 0.0
    """rho, the tracer diffusivity of magnesium over that of lithium; zero leaves it at rest in its lattice."""
    meaning: Literal["intrinsic", "tracer"] = "intrinsic"
    """What `diffusivities` are: theta times the tracer's, or the tracer's."""


@dataclass(frozen=True)
class AlloyNumerics(MetalNumerics):
    """Tolerances and limits."""

    composition_tolerance: float = 1e-3
    """Largest difference between the first- and the second-order atomic fractions of a step."""


@dataclass(frozen=True, kw_only=True)
class AlloyProblem(MetalProblem):
    """Everything the metal needs; the diffusivity of `transport` is a reference, that of lithium in the alloy at y0."""

    alloy: AlloyLaws
    numerics: AlloyNumerics = field(default_factory=AlloyNumerics)
