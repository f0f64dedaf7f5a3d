"""From a resolved scenario to the `PlatingProblem` that an engine solves.

A rough front of random modes is z = h + zeta(x, y), zeta = sum of a cos(k x + p) cos(q y + r) with zeta's root mean
square given; with symmetry planes k is a multiple of pi/width and the phases are zero, with periodic faces of
2 pi/width and the phases are random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ramify.phasefield import problem as plating
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.hosts import ActivitySection, ChannelHost, FlatHost, NoHost, PillarHost, SolidHost, SpherePackHost
from ramify.scenario.schema import DomainSection, ElectrolyteSection, MetalSection, RoughnessSection, Scenario

if TYPE_CHECKING:
    from ramify.hosts.base import Host
    from ramify.physics.electrolyte import Electrolyte
    from ramify.physics.metals import Metal

Number = TypeVar("Number", int, float)
MISSING_LENGTH = 1.0
"""Edge of a lateral axis that the scenario does not have [m]: charges are per metre of depth."""


@dataclass(frozen=True)
class Slab:
    """A flat host: solid below its height."""

    height: float
    """[m]."""

    @property
    def feature_size(self) -> float:
        """The height [m]."""
        return self.height

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m], positive in the pore space."""
        return np.asarray(z - self.height + 0.0 * (x + y))

    def check(self, size: tuple[float, float, float], periodic: bool = False) -> list[str]:
        """No warnings; ValueError where the slab reaches the counter electrode."""
        if self.height >= size[2]:
            raise ValueError("the slab reaches the counter electrode")
        return []


@dataclass(frozen=True)
class DepthActivity:
    """Factor on the exchange current density: linear in z up to the host's height, constant above."""

    bottom: float
    top: float
    height: float
    """[m]."""

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The factor at coordinates [m]."""
        factor = self.bottom + (self.top - self.bottom) * np.clip(z / self.height, 0.0, 1.0)
        return np.asarray(factor + 0.0 * (x + y))


@dataclass(frozen=True)
class RoughFront:
    """Metal below a front of random modes; see the module's equation."""

    height: float
    """Mean height h [m]."""
    waves: tuple[tuple[float, float, float, float, float], ...]
    """(a [m], k [1/m], p, q [1/m], r) of every mode."""

    def __call__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance [m] to second order in the slope, negative in the metal."""
        zeta, slope_x, slope_y = (np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y))) for _ in range(3))
        for a, k, p, q, r in self.waves:
            along_x, along_y = np.cos(k * x + p), np.cos(q * y + r)
            zeta = zeta + a * along_x * along_y
            slope_x = slope_x - a * k * np.sin(k * x + p) * along_y
            slope_y = slope_y - a * q * along_x * np.sin(q * y + r)
        return np.asarray((z - self.height - zeta) / np.sqrt(1.0 + slope_x**2 + slope_y**2))


def build_problem(scenario: Scenario) -> plating.PlatingProblem:
    """The problem in SI numbers.

    Raises
    ------
    ScenarioError
        Where a host or deposit cannot be made with the lengths given.
    """
    domain = build_domain(scenario.domain)
    kinetics, interface, counter = scenario.kinetics, scenario.interface, scenario.counter_electrode
    numerics = {name: value for name, value in scenario.numerics if value is not None}
    return plating.PlatingProblem(
        domain=domain,
        electrolyte=build_electrolyte(scenario.electrolyte),
        initial_concentration=scenario.electrolyte.concentration,
        metal=build_metal(scenario.metal),
        kinetics=plating.Kinetics(
            exchange_current_density=kinetics.exchange_current_density,
            reference_concentration=resolved(kinetics.reference_concentration),
            alpha_a=resolved(kinetics.anodic_transfer_coefficient),
            alpha_c=kinetics.transfer_coefficient,
            film_resistance=kinetics.film_resistance,
        ),
        interface=plating.Interface(
            width=resolved(interface.width),
            curvature=interface.curvature,
            mobility=interface.mobility,
            motion=interface.motion,
        ),
        geometry=build_geometry(scenario, domain),
        electrons=plating.Electrons(scenario.electrons.transport, scenario.electrons.islands),
        counter=plating.CounterElectrode(counter.kind, counter.kinetics or "uniform"),
        numerics=plating.Numerics(**numerics),
    )


def build_domain(section: DomainSection) -> plating.Domain:
    """The box with all three axes."""
    nx, ny, nz = _three_axes(section.cells, 1)
    return plating.Domain(_three_axes(section.size, MISSING_LENGTH), (nx, ny, nz), section.lateral == "periodic")


def _three_axes(values: tuple[Number, ...], missing: Number) -> tuple[Number, Number, Number]:
    if len(values) == 3:
        return (values[0], values[1], values[2])
    return (values[0] if len(values) == 2 else missing, missing, values[-1])


def build_electrolyte(section: ElectrolyteSection) -> Electrolyte:
    """The electrolyte: a preset, constant properties, or a dilute one."""
    from ramify.physics import electrolyte

    if section.preset is not None:
        return electrolyte.preset(section.preset, section.temperature)
    if section.cation_diffusivity is not None:
        return electrolyte.dilute(
            section.cation_diffusivity, resolved(section.anion_diffusivity), temperature=section.temperature
        )
    diffusivity, transference = resolved(section.diffusivity), resolved(section.transference)
    if section.conductivity is None:
        return electrolyte.dilute_from_salt(diffusivity, transference, temperature=section.temperature)
    return electrolyte.constant(
        conductivity=section.conductivity,
        concentration=section.concentration,
        D=diffusivity,
        t_plus=transference,
        thermodynamic_factor=section.thermodynamic_factor or 1.0,
        temperature=section.temperature,
    )


def build_metal(section: MetalSection) -> Metal:
    """The preset metal with the scenario's numbers."""
    from dataclasses import replace

    from ramify.physics.metals import PRESETS

    return replace(
        PRESETS[section.preset],
        surface_energy=resolved(section.surface_energy),
        molar_volume=resolved(section.molar_volume),
        conductivity=resolved(section.conductivity),
    )


def build_host(scenario: Scenario) -> Host | None:
    """The host's shape; None for a plain cell. ScenarioError where it cannot be made."""
    section, domain = scenario.host, build_domain(scenario.domain)
    if isinstance(section, NoHost):
        return None
    try:
        host = _shape(section, domain, planar=len(scenario.domain.size) == 2)
        host.check(domain.size, domain.periodic)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("host",)) from None
    return host


def _shape(section: SolidHost, domain: plating.Domain, planar: bool) -> Host:
    if isinstance(section, PillarHost):
        from ramify.hosts.shapes import Pillars

        return Pillars(section.diameter, section.pitch, section.height, section.rounded, planar=planar)
    if isinstance(section, ChannelHost):
        from ramify.hosts.shapes import Channels

        return Channels(section.diameter, section.pitch, section.height, planar=planar)
    if isinstance(section, SpherePackHost):
        from ramify.hosts.spheres import sphere_pack

        return sphere_pack(
            domain.size,
            0.5 * section.diameter,
            porosity=section.porosity,
            arrangement=section.arrangement,
            seed=section.seed or 0,
            height=section.height,
            periodic=domain.periodic,
            planar=planar,
        )
    assert isinstance(section, FlatHost)
    return Slab(section.height)


def build_geometry(scenario: Scenario, domain: plating.Domain) -> plating.Geometry:
    """Host and initial metal as signed distances."""
    section, host = scenario.host, build_host(scenario)
    try:
        metal = build_deposits(scenario, domain, host)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("nucleation",) if scenario.nucleation else ("film",)) from None
    if isinstance(section, NoHost) or host is None:
        return plating.Geometry(metal)
    return plating.Geometry(
        metal_distance=metal,
        host_distance=host.distance,
        host_conducting=section.surface == "conducting",
        host_conductivity=section.conductivity or 0.0,
        activity=build_activity(section.activity, section.height),
    )


def build_activity(section: ActivitySection | None, height: float) -> plating.SpatialFunction | None:
    """The activity field of a host; None where it is one everywhere."""
    return None if section is None else DepthActivity(section.bottom, section.top, height)


def build_deposits(scenario: Scenario, domain: plating.Domain, host: Host | None) -> plating.SpatialFunction:
    """The metal at the start: film or rough front, nuclei, random caps."""
    from ramify.hosts.deposits import Cap, Film, union

    planar = len(scenario.domain.size) == 2
    conducting = host is not None and not isinstance(scenario.host, NoHost) and scenario.host.surface == "conducting"
    thickness, rough = resolved(scenario.film.thickness), scenario.film.roughness
    parts: list[plating.SpatialFunction] = []
    if rough is not None:
        parts.append(build_front(thickness, rough, domain))
    elif thickness > 0.0:
        parts.append(Film(thickness, host.distance if host is not None and conducting else None))
    places = [_three_axes(nucleus.position, 0.5 * MISSING_LENGTH) for nucleus in scenario.nuclei]
    parts += [Cap(p, nucleus.radius, planar=planar) for p, nucleus in zip(places, scenario.nuclei, strict=True)]
    if scenario.nucleation is not None:
        from ramify.hosts.surface import random_caps

        parts.append(
            random_caps(
                domain.size,
                resolved(scenario.nucleation.radius),
                density=scenario.nucleation.density,
                seed=scenario.nucleation.seed,
                host=host,
                on=("collector", "host") if conducting else ("collector",),
                periodic=domain.periodic,
                planar=planar,
            )
        )
    return union(*parts)


def build_front(thickness: float, rough: RoughnessSection, domain: plating.Domain) -> plating.SpatialFunction:
    """A rough front: one cosine along x, or random modes along the lateral axes."""
    from ramify.hosts.deposits import Ripple

    if rough.wavelength is not None:
        return Ripple(thickness, rough.amplitude, rough.wavelength)
    generator, waves = np.random.default_rng(rough.seed), []
    unit = 2.0 * math.pi if domain.periodic else math.pi
    modes = [range((rough.modes or 0) + 1) if n > 1 else range(1) for n in domain.cells[:2]]
    for m, n in [(m, n) for m in modes[0] for n in modes[1] if m + n > 0]:
        if domain.periodic:
            size, phases = 1.0, 2.0 * math.pi * generator.random(2) * np.array([m > 0, n > 0])
        else:
            size, phases = generator.standard_normal(), np.zeros(2)
        k, q = unit * m / domain.size[0], unit * n / domain.size[1]
        waves.append((float(size), k, float(phases[0]), q, float(phases[1])))
    mean_square = sum(a**2 * (0.5 if k else 1.0) * (0.5 if q else 1.0) for a, k, _, q, _ in waves)
    scale = rough.amplitude / math.sqrt(mean_square)
    return RoughFront(thickness, tuple((scale * a, k, p, q, r) for a, k, p, q, r in waves))
