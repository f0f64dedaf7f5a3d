"""The metal of the published Allen-Cahn voids in SI numbers: what `AllenCahnMetal` is told. Nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ramify.phasefield.problem import Domain, Geometry, Interface, SpatialFunction
from ramify.phasefield.voids.problem import Around, Dense, MetalNumerics, VacancyTransport
from ramify.physics import double_well


@dataclass(frozen=True)
class PhaseField:
    """Parameters of the order parameter (physics.void_allen_cahn)."""

    well: float = 3.5e6
    """W [Pa]."""
    gradient: float = 4.5e-7
    """kappa [N]."""
    mobility: float = 1e-9
    """L [m^2/(N s)]."""
    vacancies: float = 2e-9
    """v0, the equilibrium fraction of vacancies."""
    interpolation: Literal["published", "quintic"] = "published"
    vacancy_volume: float = 6e-6
    """Omega_v [m^3/mol], under stress."""
    stress_drive: Literal["published", "complete"] = "published"
    """Whether mean stress acts on lithium alone, or on the order parameter too."""

    @property
    def width(self) -> float:
        """The length l of the profile [m]."""
        return double_well.width(self.gradient, self.well)

    @property
    def surface_energy(self) -> float:
        """Gamma [J/m^2]."""
        return double_well.surface_energy(self.gradient, self.well)


@dataclass(frozen=True)
class AllenCahnNumerics(MetalNumerics):
    """Tolerances and limits; those of the vacancies' equation are those of the linear systems."""

    linear_tolerance: float = 1e-6
    linear_iterations: int = 200
    newton_tolerance: float = 1e-9
    """Of xi, and of the lithium of a cell."""
    newton_iterations: int = 12


@dataclass(frozen=True)
class AllenCahnProblem:
    """Everything the metal needs."""

    domain: Domain
    transport: VacancyTransport
    """Of these the diffusivity, the molar volume, the temperature and the back face."""
    phase: PhaseField
    voids: SpatialFunction | None = None
    """Signed distance of the initial voids [m], negative inside them; None for dense metal."""
    stack_pressure: float = 0.0
    """On the reservoir behind the back face [Pa]."""
    numerics: AllenCahnNumerics = field(default_factory=AllenCahnNumerics)

    @property
    def site(self) -> tuple[float, float]:
        """Molar volume of the metal [m^3/mol] and temperature [K]."""
        return self.transport.molar_volume, self.transport.temperature

    @property
    def interface(self) -> Interface:
        """The diffuse surface."""
        return Interface(self.phase.width)

    @property
    def geometry(self) -> Geometry:
        """Metal everywhere but in the voids, and no host."""
        return Geometry(Dense() if self.voids is None else Around(self.voids))
