"""What can be told of a void scenario before it runs: its scales, and whether the grid can show its voids."""

from __future__ import annotations

import math

from ramify.check import Check, Scale
from ramify.models.voids.alloy_rules import has_voids
from ramify.models.voids.build import build_problem
from ramify.models.voids.check_alloy import alloy_notes, alloy_scales
from ramify.models.voids.check_published import published_notes, published_scales
from ramify.models.voids.schema import VoidScenario
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem
from ramify.phasefield.voids.alloy.problem import AlloyProblem
from ramify.phasefield.voids.cell import VoidProblem
from ramify.physics import contact_loss, lithium_creep, void_closure
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.physics.lithium_creep import PowerLaw
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE as SHOWN
from ramify.scenario.protocol import Step

BYTES_PER_CELL = 700.0
BYTES_BEFORE_GRID = 300e6
COMFORTABLE_RADIUS = 6.0
"""Cells to the radius of a void, below which its curvature is the grid's."""
FEWEST_AT_RIM = 1.0
"""Cells to the length over which capillarity rounds a void's rim, below which the grid sets how fast it runs."""
SHARE_OF_VOID = 0.5
"""Radius over the capillary length below which exp(Gamma K) is far from linear."""
VIRGIN_BEARS = 3e6
"""Stack pressure [Pa] beyond which lithium with its first resistance flows faster than steps can follow."""
MOST_STRIPPED = 0.5
"""Share of the metal taken out, beyond which a contact that stays where it is says little."""


def check(scenario: VoidScenario) -> Check:
    """Size, scales and warnings of a resolved scenario."""
    problem = build_problem(scenario)
    domain = problem.metal.domain
    count = math.prod(domain.cells)
    currents = [-(step.current_density or 0.0) for _, step in scenario.protocol.distinct()]
    strips = max([0.0, *currents])
    radius = smallest_radius(scenario)
    return Check(
        title=scenario.title,
        cells=domain.cells,
        spacing=domain.spacing,
        dimension=domain.dimension,
        unknowns=2 * count + domain.cells[0] * domain.cells[1],
        unknown_fields=("metal fraction", "vacancies", "potential of the contact"),
        memory_bytes=BYTES_BEFORE_GRID + BYTES_PER_CELL * count,
        steps=len(scenario.protocol),
        scales=(
            *_metal(problem, strips, radius),
            *_alloy(scenario, problem, strips),
            *_contact(problem, strips),
            *_creep(problem, strips, radius, _most_pressure(scenario, problem)),
        ),
        warnings=(
            *_grid(problem, radius),
            *_rim(problem, strips),
            *_published(problem, strips),
            *(
                alloy_notes(problem.metal, strips, has_voids(scenario))
                if isinstance(problem.metal, AlloyProblem)
                else ()
            ),
            *_driving(scenario, problem),
            *_virgin(problem, _most_pressure(scenario, problem)),
        ),
    )


def smallest_radius(scenario: VoidScenario) -> float | None:
    """Of the voids at the start [m]."""
    radii = [void.radius for void in scenario.voids]
    if scenario.random_voids is not None:
        radii.append(scenario.random_voids.radius)
    return min(radii, default=None)


def _capillary(problem: VoidProblem) -> float:
    """gamma Omega/RT [m]; `physics.vacancies.capillary_length` without a compiler."""
    metal = problem.metal.transport
    return metal.surface_energy * metal.molar_volume / (GAS_CONSTANT * metal.temperature)


def _rim_length(problem: VoidProblem, strips: float) -> float:
    """Length over which capillarity, through the bulk or along the surface, keeps up with the current at a rim [m]."""
    metal = problem.metal.transport
    recession = strips * metal.molar_volume / FARADAY
    capillary = _capillary(problem)
    bulk = math.sqrt(metal.diffusivity * capillary / recession)
    return max(bulk, (metal.surface_transport * capillary / recession) ** (1.0 / 3.0))


def _rim(problem: VoidProblem, strips: float) -> list[str]:
    domain = problem.metal.domain
    edge = max(h for h, n, axis in zip(domain.spacing, domain.cells, "xyz", strict=True) if n > 1 or axis == "z")
    if strips == 0.0 or domain.dimension == 1 or isinstance(problem.metal, AllenCahnProblem):
        return []
    if (length := _rim_length(problem, strips)) >= FEWEST_AT_RIM * edge:
        return []
    told = f"cells of {1e6 * edge:.3g} um beside a rim length of {1e6 * length:.3g} um"
    return [f"grid: {told}: how fast the rims of voids run over the contact is the grid's"]


def _reach(problem: VoidProblem) -> float:
    """Length over which vacancies diffuse from a full contact [m]."""
    metal = problem.metal
    back = metal.transport.back == "sink"
    return contact_loss.effective_length(metal.domain.size[2], metal.transport.sink_length, back)


def _lithium(problem: VoidProblem) -> float:
    """Charge of the lithium in the domain, were it dense [C/m^2]."""
    metal = problem.metal
    share = 1.0 - metal.alloy.magnesium if isinstance(metal, AlloyProblem) else 1.0
    return FARADAY * share * metal.domain.size[2] / metal.transport.molar_volume


def _metal(problem: VoidProblem, strips: float, radius: float | None) -> list[Scale]:
    metal = problem.metal.transport
    reach = _reach(problem)
    scales = [
        Scale("metal", SHOWN * _lithium(problem), "mAh/cm2", "of lithium in the domain, were it dense"),
        *([] if isinstance(problem.metal, AlloyProblem) else [Scale("tracer diffusivity", metal.diffusivity, "m2/s")]),
        Scale("capillary length", _capillary(problem), "m", "gamma Omega/RT"),
        Scale("reach of vacancies", reach, "m", "from a full contact"),
    ]
    if radius is not None and math.isfinite(reach):
        held = contact_loss.void_supersaturation(metal.surface_energy, metal.molar_volume, radius, metal.temperature)
        closing = contact_loss.critical_current(held, metal.diffusivity, reach, metal.molar_volume)
        scales.append(Scale("current density that a void withstands", 0.1 * closing, "mA/cm2", "above it voids grow"))
    if isinstance(problem.metal, AllenCahnProblem):
        scales += published_scales(problem.metal)
    elif strips > 0.0:
        scales.append(Scale("rim length", _rim_length(problem, strips), "m", "capillarity rounds the rims of voids"))
    if strips > 0.0 and math.isfinite(reach):
        s = contact_loss.supersaturation(strips, metal.diffusivity, reach, metal.molar_volume)
        scales.append(Scale("supersaturation", s, "-", f"at a full contact and {0.1 * strips:.4g} mA/cm2"))
    return scales


def _alloy(scenario: VoidScenario, problem: VoidProblem, strips: float) -> list[Scale]:
    if scenario.alloy is None or not isinstance(problem.metal, AlloyProblem):
        return []
    return alloy_scales(scenario.alloy, problem.metal, strips, has_voids(scenario))


def _contact(problem: VoidProblem, strips: float) -> list[Scale]:
    contact = problem.contact
    resistance = sum(thickness / kappa for thickness, kappa in contact.electrolyte.layers)
    thermal = GAS_CONSTANT * contact.electrolyte.temperature / FARADAY
    transfer = thermal / contact.kinetics.exchange_current_density + contact.kinetics.film_resistance
    near = contact.electrolyte.layers[0][1]
    scales = [
        Scale("ohmic resistance", 1e4 * resistance, "ohm cm2", "of the electrolyte"),
        Scale("contact resistance", 1e4 * transfer, "ohm cm2", "RT/(F i0) and film, full contact"),
        Scale("Wagner length", near * transfer, "m", "current spreads evenly over contacts that are smaller"),
    ]
    if strips > 0.0:
        scales.append(Scale("ohmic drop", strips * resistance, "V", f"at {0.1 * strips:.4g} mA/cm2"))
    return scales


def _most_pressure(scenario: VoidScenario, problem: VoidProblem) -> float:
    """Largest stack pressure of any step [Pa]."""
    usual = 0.0 if problem.creep is None else problem.creep.pressure
    return max(usual if step.pressure is None else step.pressure for _, step in scenario.protocol.distinct())


def _creep(problem: VoidProblem, strips: float, radius: float | None, most: float) -> list[Scale]:
    stack = problem.creep
    if stack is None or radius is None:
        return []
    # lithium's power law stands for Anand's sinh form: the same up to a few megapascals
    law = lithium_creep.lithium(stack.temperature) if isinstance(stack.law, str) else stack.law
    scales = _closing(problem, stack.pressure, law, strips, radius) if stack.pressure > 0.0 else []
    if most > stack.pressure:
        told = f"likewise, under {1e-6 * most:.3g} MPa, the most of any step"
        time = 1.0 / void_closure.closing_rate(law.saturated_stress, most)
        scales.append(Scale("time of creep, pressed", time, "s", told))
    if stack.evolves:
        time = 1.0 / void_closure.closing_rate(lambda rate: lithium_creep.virgin_stress(rate, stack.temperature), most)
        told = f"likewise, under {1e-6 * most:.3g} MPa, while the metal has not flowed yet; saturated above"
        scales.append(Scale("time of creep, virgin", time, "s", told))
    return scales


def _closing(problem: VoidProblem, pressure: float, law: PowerLaw, strips: float, radius: float) -> list[Scale]:
    metal = problem.metal.transport
    rate = void_closure.closing_rate(law.saturated_stress, pressure)
    diffusion = void_closure.vacancy_closing_rate(
        pressure, radius, metal.diffusivity, metal.molar_volume, metal.surface_energy, metal.temperature
    )
    scales = [
        Scale("time of creep", 1.0 / rate, "s", "of a lonely spherical void under the stack pressure, to 1/e"),
        Scale("creep over vacancies", rate / diffusion, "-", "closing rates of the smallest void"),
    ]
    if strips > 0.0:
        removal = strips * metal.molar_volume / FARADAY
        scales.append(Scale("creep over stripping", rate * radius / removal, "-", "velocities at the smallest void"))
    return scales


def _virgin(problem: VoidProblem, most: float) -> list[str]:
    stack = problem.creep
    if stack is None or not stack.evolves or most <= VIRGIN_BEARS:
        return []
    told = f"lithium that has not flowed yet flows all but at once under {1e-6 * most:.3g} MPa, in tiny steps or none"
    return [f"mechanics: {told}; 'resistance: saturated' bears more"]


def _grid(problem: VoidProblem, radius: float | None) -> list[str]:
    domain = problem.metal.domain
    edge = max(h for h, n, axis in zip(domain.spacing, domain.cells, "xyz", strict=True) if n > 1 or axis == "z")
    notes = []
    if radius is not None and radius < COMFORTABLE_RADIUS * edge * (1.0 - 1e-9):
        told = f"{radius / edge:.2g} cells to the radius of the smallest void"
        notes.append(f"grid: {told}; below {COMFORTABLE_RADIUS:g} its curvature and its contact are the grid's")
    capillary = _capillary(problem)
    if radius is not None and capillary > SHARE_OF_VOID * radius:
        notes.append(f"voids: smaller than the capillary length, {1e9 * capillary:.3g} nm: they close at once")
    return notes


def _published(problem: VoidProblem, strips: float) -> list[str]:
    metal = problem.metal
    return published_notes(metal, strips, _reach(problem)) if isinstance(metal, AllenCahnProblem) else []


def _driving(scenario: VoidScenario, problem: VoidProblem) -> list[str]:
    notes = []
    if not has_voids(scenario):
        told = "stays whole, whatever is stripped" if scenario.alloy is None else "is lost by running empty alone"
        notes.append(f"voids: there are none, and no nucleation: the contact {told}")
    for _, step in scenario.protocol.distinct():
        unlimited = step.limit is None and step.stop("voltage") is None
        if step.kind in ("strip", "pulse") and (step.current_density or 0.0) < 0.0 and unlimited:
            notes.append(f"protocol: '{step.text}' has no voltage limit: the run ends where the contact is gone")
            break
    there = _lithium(problem)
    most = scenario.protocol.total(_stripped)[1]
    if MOST_STRIPPED * there < most < math.inf:
        told = f"up to {most / there:.0%} of the metal, and the contact stays where it is meanwhile"
        notes.append(f"protocol: steps strip {told}: a thicker domain")
    return notes


def _stripped(step: Step) -> float:
    """Charge that a step takes out [C/m^2], as far as its duration and capacity bound it; negative on plating."""
    current = step.current_density
    if not current:
        return 0.0
    by_time = None if step.duration is None else abs(current) * step.duration
    bounds = [bound for bound in (step.stop("capacity"), by_time) if bound is not None]
    return -math.copysign(min(bounds), current) if bounds else (math.inf if current < 0.0 else 0.0)
