"""From a resolved scenario to the `PlatingProblem` that an engine solves.

A rough front of random modes is z = h + zeta(x, y), zeta = sum of a cos(k x + p) cos(q y + r) with zeta's root mean
square given; with symmetry planes k is a multiple of pi/width and the phases are zero, with periodic faces of
2 pi/width and the phases are random.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from ramify.build_host_fields import Bearing, build_activity, build_bearing, build_conductivity
from ramify.build_hosts import MISSING_LENGTH, build_domain, build_host, three_axes
from ramify.build_interphase import with_interphase
from ramify.build_mechanics import build_mechanics
from ramify.build_surface import build_surface_flow
from ramify.phasefield import problem as plating
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.host_rules import bears_metal
from ramify.scenario.hosts import NoHost
from ramify.scenario.resolve import largest_edge
from ramify.scenario.schema import (
    CrystallinitySection,
    ElectrolyteSection,
    MetalSection,
    PlatingScenario,
    RoughnessSection,
)
from ramify.scenario.wetting_rules import contact_angles

if TYPE_CHECKING:
    from ramify.hosts.base import Host
    from ramify.hosts.deposits import Caps
    from ramify.physics.electrolyte import Electrolyte
    from ramify.physics.metals import Metal


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


def build_problem(scenario: PlatingScenario) -> plating.PlatingProblem:
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
            anisotropy=kinetics.anisotropy.strength if kinetics.anisotropy is not None else 0.0,
            crystal_angle=(kinetics.anisotropy.angle or 0.0) if kinetics.anisotropy is not None else 0.0,
        ),
        interface=plating.Interface(
            width=resolved(interface.width),
            curvature=interface.curvature,
            mobility=interface.mobility,
            mobility_factor=mobility_factor(scenario),
            motion=interface.motion,
        ),
        geometry=build_geometry(scenario, domain),
        contact_angles=build_contact_angles(scenario),
        electrons=plating.Electrons(scenario.electrons.transport, scenario.electrons.islands),
        counter=plating.CounterElectrode(counter.kind, counter.kinetics or "uniform"),
        surface_flow=build_surface_flow(scenario.metal, scenario.electrolyte.temperature),
        numerics=plating.Numerics(**numerics),
        nucleation=build_nucleation(scenario, domain),
        crystallinity=build_crystallinity(scenario.crystallinity),
        mechanics=None
        if isinstance(scenario.mechanics, str)
        else build_mechanics(scenario.mechanics, scenario.electrolyte.temperature),
    )


def build_contact_angles(scenario: PlatingScenario) -> plating.ContactAngles:
    """Angles at which the growing metal meets the collector and the host."""
    given = contact_angles(scenario)
    return plating.ContactAngles(**{str(key[0]): angle for key, angle in given.items()})


def mobility_factor(scenario: PlatingScenario) -> float:
    """What the interface's mobility is of width and front velocity, where it follows them."""
    held = scenario.interface.curvature == "conservative" and contact_angles(scenario)
    return plating.WETTING_MOBILITY_FACTOR if held else plating.MOBILITY_FACTOR


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


def build_geometry(scenario: PlatingScenario, domain: plating.Domain) -> plating.Geometry:
    """Host and initial metal as signed distances."""
    host = build_host(scenario)
    try:
        metal = build_deposits(scenario, domain, host)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("nucleation",) if scenario.nucleation else ("film",)) from None
    if isinstance(scenario.host, NoHost) or host is None:
        return plating.Geometry(metal)
    return plating.Geometry(
        metal_distance=metal,
        host_distance=host.distance,
        host_conducting=bears_metal(scenario.host),
        host_conductivity=build_conductivity(scenario.host, host),
        activity=build_activity(scenario.host, host),
    )


def build_deposits(scenario: PlatingScenario, domain: plating.Domain, host: Host | None) -> plating.SpatialFunction:
    """The metal at the start: film or rough front, nuclei, random caps."""
    from ramify.hosts.deposits import Film, Nothing, union

    bearing = build_bearing(scenario.host, host)
    thickness, rough = resolved(scenario.film.thickness), scenario.film.roughness
    parts: list[plating.SpatialFunction] = []
    if rough is not None:
        parts.append(build_front(thickness, rough, domain))
    elif thickness > 0.0:
        surfaces = scenario.film.surfaces
        on_host = bearing if surfaces != "collector" else Bearing(None)
        parts.append(Film(thickness, on_host.distance, on_host.region, on_collector=surfaces != "host"))
    parts += [build_nucleus(scenario, index, host) for index in range(len(scenario.nuclei))]
    if scenario.nucleation is not None and scenario.nucleation.law == "instantaneous":
        parts.append(place_caps(scenario, domain, host, resolved(scenario.nucleation.radius)))
    return union(*parts) if parts else Nothing(domain.size)


def place_caps(
    scenario: PlatingScenario,
    domain: plating.Domain,
    host: Host | None,
    radius: float,
    density: float | None = None,
    seed: int | None = None,
) -> Caps:
    """Caps of a radius of curvature at random places, of the scenario's nucleation unless told otherwise."""
    from ramify.hosts.surface import random_caps

    section, bearing = scenario.nucleation, build_bearing(scenario.host, host)
    assert section is not None
    return random_caps(
        domain.size,
        radius,
        density=section.density if density is None else density,
        seed=section.seed if seed is None else seed,
        host=host,
        on=bearing_sites(bearing),
        region=bearing.region,
        contact_angle=resolved(section.contact_angle),
        periodic=domain.periodic,
        planar=len(scenario.domain.size) == 2,
    )


def build_nucleation(scenario: PlatingScenario, domain: plating.Domain) -> plating.Nucleation | None:
    """Sites of a law of births; None where there is none."""
    section = scenario.nucleation
    if section is None or section.law == "instantaneous":
        return None
    host, width = build_host(scenario), resolved(scenario.interface.width)
    try:
        sites = place_caps(scenario, domain, host, width)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("nucleation",)) from None
    activity = None
    if host is not None and not isinstance(scenario.host, NoHost):
        activity = build_activity(scenario.host, host)
    law = plating.Nucleation(
        positions=sites.positions,
        normals=sites.normals,
        law=section.law,
        rate=resolved(section.rate),
        contact_angle=resolved(section.contact_angle),
        seed=section.seed,
        activity=activity,
    )
    if section.interphase is None:
        return law
    return with_interphase(law, section.interphase, partial(place_caps, scenario, domain, host, width))


def build_crystallinity(section: CrystallinitySection | None) -> plating.Crystallinity | None:
    """How the metal orders; None where that is left out."""
    if section is None:
        return None
    return plating.Crystallinity(section.critical_size, section.ordering_rate, section.crystal_size, section.initial)


def bearing_sites(bearing: Bearing) -> tuple[Literal["collector", "host"], ...]:
    """Surfaces that bear random caps."""
    return ("collector", "host") if bearing.distance is not None else ("collector",)


def count_nuclei(scenario: PlatingScenario, host: Host | None) -> int:
    """How many random caps a scenario places; ScenarioError where it asks for none, or too many."""
    if scenario.nucleation is None:
        return 0
    from ramify.hosts.surface import count_caps

    bearing, density = build_bearing(scenario.host, host), scenario.nucleation.density
    planar = len(scenario.domain.size) == 2
    try:
        return count_caps(
            build_domain(scenario.domain).size,
            density,
            host=host,
            on=bearing_sites(bearing),
            region=bearing.region,
            planar=planar,
        )
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("nucleation", "density")) from None


def build_nucleus(scenario: PlatingScenario, index: int, host: Host | None) -> plating.SpatialFunction:
    """A ball about its position, or the cap of a contact angle on the surface where the position lies."""
    from ramify.hosts.deposits import Cap
    from ramify.hosts.surface import gradient

    nucleus, planar = scenario.nuclei[index], len(scenario.domain.size) == 2
    place = three_axes(nucleus.position, 0.5 * MISSING_LENGTH)
    size = build_domain(scenario.domain).size
    period = (size[0], size[1]) if scenario.domain.lateral == "periodic" else None
    if nucleus.contact_angle is None:
        return Cap(place, nucleus.radius, planar=planar, period=period)
    normal, edge = (0.0, 0.0, 1.0), largest_edge(scenario.domain)
    if place[2] > 0.0:
        point = np.array([place])
        away = math.inf if host is None else float(host.distance(*point.T)[0])
        if host is None or not abs(away) <= edge:
            where = "no surface" if not math.isfinite(away) else f"{abs(away) * 1e6:.3g} um from the host's surface"
            problem = f"a contact angle needs a surface, and the position lies on {where}"
            allowed = "z = 0, a position on the host's surface, or no contact angle"
            raise ScenarioError(problem, ("nuclei", index, "contact_angle"), allowed=allowed)
        slope = gradient(host.distance, point, 0.1 * edge, planar)[0]
        normal = (float(slope[0]), float(slope[1]), float(slope[2]))
        place = (place[0] - away * normal[0], place[1] - away * normal[1], place[2] - away * normal[2])
    return Cap(place, nucleus.radius, nucleus.contact_angle, normal, planar, period)


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
