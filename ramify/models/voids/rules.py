"""What a void scenario may not combine, and its defaults; `complete` is idempotent."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ramify.models.voids.alloy_rules import FIELDS, alloy_rule, filled_alloy, has_voids
from ramify.models.voids.alloy_rules import molar_volume as alloy_volume
from ramify.models.voids.formulation import DIFFUSIVITY, NARROWEST, formulation_rule, phase_field, surface_of
from ramify.models.voids.schema import LayeredElectrolyteSection, StackField, VoidScenario
from ramify.physics import alloy_data
from ramify.physics.metals import PRESETS as METALS
from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.fields import Section
from ramify.scenario.grid_rules import NARROWEST_INTERFACE, resolved, text
from ramify.scenario.resolve import largest_edge, spacing
from ramify.scenario.rules import EXCHANGE_CURRENTS, angle_rule, domain_rule, numerics_rule, output_rule, step_key

SectionType = TypeVar("SectionType", bound=Section)
Rule = Callable[[VoidScenario], None]

FIELDS_OF_LITHIUM = ("xi", "phi", "vacancies", "contact_current")
TRACER = "Li-Mg tracer"
"""Preset of `physics.alloy_data` whose first value is pure lithium's."""
FEWEST_WIDTHS = 2.0
"""Interface widths to a radius below which a void is nothing but its surface."""
MOST_VOIDS = 10_000
OWNERS = {"threshold": "threshold", "rate": "classical"}
"""Laws of nucleation by the key that belongs to them."""
WAYS = "'thickness' and 'conductivity', or 'layers'"


def complete(scenario: VoidScenario, folder: Path) -> VoidScenario:
    """The resolved scenario; refuses what cannot apply. Nothing in it names a file of `folder`."""
    for rule in RULES:
        rule(scenario)
    metal = METALS[scenario.metal.preset]
    kinetics, counter = scenario.kinetics, scenario.counter_electrode
    if counter.kind == "lithium":
        counter = _filled(counter, exchange_current_density=kinetics.exchange_current_density)
    angle = scenario.electrolyte.contact_angle or 0.5 * math.pi
    depth = min(scenario.domain.size[-1], sum(thickness for thickness, _ in layers(scenario.electrolyte)))
    phase = phase_field(scenario)
    width, energy = (largest_edge(scenario.domain), metal.surface_energy) if phase is None else surface_of(phase)
    alloy = filled_alloy(scenario.alloy)
    volume = metal.molar_volume if alloy is None else alloy_volume(alloy, metal.molar_volume)
    names = FIELDS_OF_LITHIUM if alloy is None else (*FIELDS_OF_LITHIUM, FIELDS[0])
    scenario = scenario.model_copy(update={
        "allen_cahn": phase,
        "metal": _filled(scenario.metal, surface_energy=energy, molar_volume=volume),
        "alloy": alloy,
        "vacancies": _filled(scenario.vacancies, diffusivity=_diffusivity(scenario)),
        "electrolyte": _filled(scenario.electrolyte, contact_angle=angle),
        "kinetics": _filled(kinetics, anodic_transfer_coefficient=1.0 - kinetics.transfer_coefficient),
        "counter_electrode": counter,
        "nucleation": scenario.nucleation and _filled(scenario.nucleation, contact_angle=math.pi - angle),
        "interface": _filled(scenario.interface, width=width),
        "mechanics": _mechanics(scenario),
        "output": _filled(scenario.output, fields=names, electrolyte_depth=depth),
        "numerics": _numerics(scenario),
    })  # fmt: skip
    for rule in GRID_RULES:
        rule(scenario)
    return scenario


def _filled(section: SectionType, **defaults: object) -> SectionType:
    """The section with its empty keys replaced."""
    return section.model_copy(update={n: v for n, v in defaults.items() if getattr(section, n) is None})


def _diffusivity(scenario: VoidScenario) -> float | None:
    """Of lithium's tracers [m^2/s], or the published one; None in an alloy, which has its own."""
    if scenario.alloy is not None:
        return None
    if scenario.formulation == "allen_cahn":
        return DIFFUSIVITY
    data, temperature = alloy_data.DIFFUSION[TRACER], scenario.electrolyte.temperature
    return data.values[0] * alloy_data.arrhenius(data.activation_energy, temperature, data.temperature)


def _mechanics(scenario: VoidScenario) -> StackField:
    section = scenario.mechanics
    if section == "off" or section.law != "anand":
        return section
    return _filled(section, resistance="evolving" if scenario.formulation == "vacancy" else "saturated")


def _numerics(scenario: VoidScenario) -> Section:
    from ramify.phasefield.voids.alloy.problem import AlloyNumerics
    from ramify.phasefield.voids.cell import CellNumerics

    metal, cell = AlloyNumerics(), CellNumerics()
    return _filled(
        scenario.numerics,
        front_motion=metal.front_motion,
        time_tolerance=metal.time_tolerance,
        contact_change=cell.contact_change,
        smallest_step=cell.smallest_step,
        composition_tolerance=None if scenario.alloy is None else metal.composition_tolerance,
    )


def layers(section: LayeredElectrolyteSection) -> tuple[tuple[float, float], ...]:
    """(thickness [m], conductivity [S/m]) from the contact on; `electrolyte_rule` has passed."""
    if section.layers is not None:
        return tuple((layer.thickness, layer.conductivity) for layer in section.layers)
    return ((resolved(section.thickness), resolved(section.conductivity)),)


# ---------------------------------------------------------------------- rules


def axes_rule(scenario: VoidScenario) -> None:
    """The domain, stored fields and steps as in other models."""
    domain_rule(scenario)
    output_rule(scenario)
    numerics_rule(scenario)


def metal_rule(scenario: VoidScenario) -> None:
    """A metal of one electron per atom."""
    names = [name for name, metal in METALS.items() if metal.valence == 1]
    preset = scenario.metal.preset
    if preset not in names:
        problem = "unknown preset"
        if preset in METALS:
            problem = "transfers more than one electron per atom, which this model does not describe"
        raise ScenarioError(problem, ("metal", "preset"), shown(preset), ", ".join(names), nearest(preset, names))


def surface_rule(scenario: VoidScenario) -> None:
    """Atoms run along a surface in a layer that has a diffusivity and a thickness, under a surface energy."""
    metal = scenario.metal
    pair = ("surface_diffusivity", "surface_thickness")
    given = [name for name in pair if getattr(metal, name) is not None]
    if len(given) == 1:
        missing = pair[1 - pair.index(given[0])]
        raise ScenarioError(f"is required beside '{given[0]}' and missing", ("metal", missing))
    if given and metal.surface_energy == 0.0:
        raise ScenarioError("without surface energy nothing drives it", ("metal", given[0]), allowed="no such key")


def electrolyte_rule(scenario: VoidScenario) -> None:
    """Layers in one way, complete."""
    section, key = scenario.electrolyte, ("electrolyte",)
    given = [name for name in ("thickness", "conductivity") if getattr(section, name) is not None]
    if section.layers is not None and given:
        raise ScenarioError("cannot be combined with 'layers'", (*key, given[0]), allowed=WAYS)
    if section.layers is None and len(given) < 2:
        missing = "conductivity" if given == ["thickness"] else "thickness"
        problem = f"is required beside '{given[0]}' and missing" if given else "is required and missing"
        raise ScenarioError(problem, (*key, missing), allowed=WAYS)
    angle_rule(section.contact_angle, (*key, "contact_angle"))


def kinetics_rule(scenario: VoidScenario) -> None:
    """Exchange current densities that some electrode could have, of electrodes that have kinetics."""
    counter, (least, most) = scenario.counter_electrode, EXCHANGE_CURRENTS
    if counter.kind == "reversible" and counter.exchange_current_density is not None:
        key: Key = ("counter_electrode", "exchange_current_density")
        raise ScenarioError("a reversible electrode has no kinetics", key, allowed="kind: lithium, or no such key")
    for section in ("kinetics", "counter_electrode"):
        value = getattr(scenario, section).exchange_current_density
        if value is not None and not least <= value <= most:
            problem = "no electrode is so slow or so fast, and the equations cannot be solved for it"
            allowed = f"from {least:g} to {most:g} A/m^2; lithium has 1 to 1000"
            raise ScenarioError(problem, (section, "exchange_current_density"), f"{value:g} A/m^2", allowed)


def voids_rule(scenario: VoidScenario) -> None:
    """Voids inside the metal, with a lateral axis to lie on."""
    size = scenario.domain.size
    given = [name for name in ("voids", "random_voids", "nucleation") if getattr(scenario, name)]
    if len(size) == 1 and given:
        key: Key = (given[0],)
        raise ScenarioError("a void needs a lateral axis: the domain has z alone", key, allowed="two or three lengths")
    for index, void in enumerate(scenario.voids):
        place: Key = ("voids", index, "position")
        if len(void.position) != len(size):
            problem = f"has {len(void.position)} coordinates in a domain of {len(size)} axes"
            raise ScenarioError(problem, place, allowed="one coordinate for each length in domain.size")
        for axis, (coordinate, length) in enumerate(zip(void.position, size, strict=True)):
            if coordinate > length:
                raise ScenarioError("outside the metal", (*place, axis), f"{coordinate:g} m", f"0 to {length:g} m")
        if void.position[-1] - void.radius <= 0.0:
            raise ScenarioError("reaches the current collector", ("voids", index, "radius"), text(void.radius))
    section = scenario.random_voids
    if section is None:
        return
    if section.radius >= size[-1]:
        raise ScenarioError("reaches the current collector", ("random_voids", "radius"), text(section.radius))
    _count_rule(scenario, "random_voids", section.density)


def _count_rule(scenario: VoidScenario, section: str, density: float) -> None:
    if not 1 <= (count := site_count(scenario, density)) <= MOST_VOIDS:
        problem = f"makes {count} places in this domain"
        raise ScenarioError(problem, (section, "density"), f"{density:g} 1/m^2", f"1 to {MOST_VOIDS} places")


def site_count(scenario: VoidScenario, density: float) -> int:
    """How many random places a density makes on the contact [1/m^2]."""
    lateral = scenario.domain.size[:-1]
    return round(math.prod(lateral) * density ** (0.5 * len(lateral)))


def nucleation_rule(scenario: VoidScenario) -> None:
    """A law with what it needs, and with nothing that belongs to the other."""
    section, key = scenario.nucleation, ("nucleation",)
    if section is None:
        return
    needs, other = ("threshold", "rate") if section.law == "threshold" else ("rate", "threshold")
    if getattr(section, needs) is None:
        raise ScenarioError(f"is required beside 'law: {section.law}' and missing", (*key, needs))
    if getattr(section, other) is not None:
        raise ScenarioError("belongs to the other law", (*key, other), allowed=f"no such key, or law: {OWNERS[other]}")
    if section.law == "classical" and scenario.metal.surface_energy == 0.0:
        raise ScenarioError("the classical law needs one", ("metal", "surface_energy"), "0 J/m^2", "more than zero")
    angle_rule(section.contact_angle, (*key, "contact_angle"))
    _count_rule(scenario, "nucleation", section.density)


def vacancies_rule(scenario: VoidScenario) -> None:
    """Vacancies have somewhere to go."""
    section = scenario.vacancies
    anywhere = section.back == "sink" or section.sink_length is not None
    if not anywhere and not scenario.voids and scenario.random_voids is None:
        problem = "a closed back, no sinks and no voids: vacancies have nowhere to go"
        raise ScenarioError(problem, ("vacancies", "back"), "closed", "sink, a 'sink_length', or voids")


def protocol_rule(scenario: VoidScenario) -> None:
    """Steps that can end: no salt to be depleted, no counter electrode to touch."""
    for indices, step in scenario.protocol.distinct():
        key = step_key(indices)
        if step.pressure is not None and scenario.mechanics == "off":
            raise ScenarioError("nothing presses on the metal", key, step.text, "'mechanics: {stack_pressure: ...}'")
        for condition in step.until:
            if condition.kind in ("short_circuit", "depletion"):
                reason = "there is no short circuit" if condition.kind == "short_circuit" else "no salt is depleted"
                raise ScenarioError(f"the electrolyte is solid: {reason}", key, step.text, "a voltage or a capacity")


def interface_rule(scenario: VoidScenario) -> None:
    """The surface spans enough cells and fits into the metal and the voids."""
    width, edge = resolved(scenario.interface.width), largest_edge(scenario.domain)
    published = scenario.formulation == "allen_cahn"
    narrowest = NARROWEST if published else NARROWEST_INTERFACE
    if width < narrowest * edge:
        problem = f"the grid does not resolve the surface: {width / edge:.2f} of the largest cell edge, {text(edge)}"
        allowed = f"at least {text(narrowest * edge)}, or more cells"
        key: Key = ("allen_cahn", "gradient_energy") if published else ("interface", "width")
        raise ScenarioError(problem, key, text(width), allowed)
    radii: list[tuple[Key, float]] = [(("voids", n, "radius"), void.radius) for n, void in enumerate(scenario.voids)]
    if scenario.random_voids is not None:
        radii.append((("random_voids", "radius"), scenario.random_voids.radius))
    for place, radius in radii:
        if radius < FEWEST_WIDTHS * width:
            allowed = f"at least {text(FEWEST_WIDTHS * width)}, or more cells"
            raise ScenarioError("the diffuse surface fills the void", place, text(radius), allowed)


def depth_rule(scenario: VoidScenario) -> None:
    """As much electrolyte stored as there is."""
    depth, key = resolved(scenario.output.electrolyte_depth), ("output", "electrolyte_depth")
    there = sum(thickness for thickness, _ in layers(scenario.electrolyte))
    if depth > there * (1.0 + 1e-9):
        raise ScenarioError("deeper than the electrolyte", key, text(depth), f"up to {text(there)}")


def shown_cells(scenario: VoidScenario) -> int:
    """Layers of electrolyte in the stored fields, one at least."""
    height = spacing(scenario.domain)[-1]
    return max(1, math.floor(resolved(scenario.output.electrolyte_depth) / height * (1.0 + 1e-9)))


def mechanics_rule(scenario: VoidScenario) -> None:
    """One law, and voids to creep into."""
    section = scenario.mechanics
    if section == "off":
        return
    if section.law == "anand" and section.creep is not None:
        raise ScenarioError(
            "belongs to 'law: creep'", ("mechanics", "creep"), allowed="no such key beside 'law: anand'"
        )
    if section.law == "creep" and section.resistance is not None:
        raise ScenarioError(
            "belongs to 'law: anand'", ("mechanics", "resistance"), allowed="no such key beside 'law: creep'"
        )
    if scenario.formulation == "allen_cahn" and section.resistance == "evolving":
        raise ScenarioError("belongs to 'formulation: vacancy'", ("mechanics", "resistance"), "evolving", "saturated")
    if section.stack_pressure == 0.0 and not any(step.pressure for _, step in scenario.protocol.distinct()):
        allowed = "more than zero, 'under PRESSURE' in a step of the protocol, or mechanics: off"
        raise ScenarioError("nothing ever presses on the metal", ("mechanics", "stack_pressure"), "0 Pa", allowed)
    if not has_voids(scenario):
        allowed = "off, or 'voids'"
        raise ScenarioError("dense metal has nothing to creep into", ("mechanics",), allowed=allowed)


RULES: tuple[Rule, ...] = (
    axes_rule,
    metal_rule,
    alloy_rule,
    surface_rule,
    formulation_rule,
    electrolyte_rule,
    kinetics_rule,
    voids_rule,
    nucleation_rule,
    vacancies_rule,
    protocol_rule,
    mechanics_rule,
)
GRID_RULES: tuple[Rule, ...] = (interface_rule, depth_rule)
"""Of the resolved scenario."""
