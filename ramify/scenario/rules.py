"""What a scenario may not combine: options that cannot apply together, data that do not exist.

Every rule reads the scenario as it was written or as it was resolved, and raises the error of the key to change.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol

from ramify.scenario.base import StoredFields, TimedScenario
from ramify.scenario.crystallinity_rules import crystallinity_rule
from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.host_rules import bears_metal, host_rule
from ramify.scenario.hosts import NoHost
from ramify.scenario.interphase_rules import interphase_rule
from ramify.scenario.mechanics import check_mechanics
from ramify.scenario.schema import DomainSection, ElectrolyteSection, PlatingScenario
from ramify.scenario.surface_rules import anisotropy_rule, surface_diffusion_rule
from ramify.scenario.wetting_rules import wetting_rule

Rule = Callable[[PlatingScenario], None]


class Gridded(Protocol):
    """A scenario of any model on a structured grid, as far as the rules that all of them share look."""

    @property
    def domain(self) -> DomainSection:
        """Box and cells."""

    @property
    def output(self) -> StoredFields:
        """What is kept."""

    @property
    def numerics(self) -> Any:
        """A section that may have steps."""


EXCHANGE_CURRENTS = (1e-12, 1e7)
"""Least and largest exchange current density [A/m^2]: nine orders around what is measured on metals."""


def refuse_misfits(scenario: PlatingScenario) -> None:
    """Raise the ScenarioError of the first rule that the scenario breaks."""
    for rule in RULES:
        rule(scenario)


def domain_rule(scenario: Gridded) -> None:
    """Axes and counts agree; z is resolved at all."""
    domain = scenario.domain
    if len(domain.size) != len(domain.cells):
        problem = f"gives {len(domain.cells)} counts for {len(domain.size)} lengths in size"
        raise ScenarioError(problem, ("domain", "cells"), allowed="one count for each length")
    if domain.cells[-1] < 4:
        last = len(domain.cells) - 1
        raise ScenarioError("too few cells along z", ("domain", "cells", last), str(domain.cells[-1]), "at least 4")
    if domain.lateral == "periodic" and all(n == 1 for n in domain.cells[:-1]):
        raise ScenarioError("there is no lateral axis to be periodic", ("domain", "lateral"), "periodic", "symmetric")
    if (total := math.prod(domain.cells)) > 2_000_000_000:
        raise ScenarioError(f"{total} cells are more than can be addressed", ("domain", "cells"), allowed="up to 2e9")


ELECTROLYTES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "preset": (("preset",), ()),
    "salt": (("diffusivity", "transference"), ("conductivity", "thermodynamic_factor")),
    "ions": (("cation_diffusivity", "anion_diffusivity"), ()),
}
"""The three ways to give transport properties: keys required, keys that may be added."""
WAYS = "'preset', or 'diffusivity' and 'transference', or 'cation_diffusivity' and 'anion_diffusivity'"


def electrolyte_rule(scenario: PlatingScenario) -> None:
    """Transport properties in one of the three ways, complete."""
    refuse_electrolyte(scenario.electrolyte)


def refuse_electrolyte(section: ElectrolyteSection) -> None:
    """Refuse an electrolyte whose transport properties are not complete, or given in two ways."""
    names = [name for required, extra in ELECTROLYTES.values() for name in (*required, *extra)]
    given = [name for name in names if getattr(section, name) is not None]
    if not given:
        raise ScenarioError("gives no transport properties", ("electrolyte",), allowed=WAYS)
    required, extra = next(way for way in ELECTROLYTES.values() if given[0] in (*way[0], *way[1]))
    for name in given:
        if name not in (*required, *extra):
            problem = f"cannot be combined with '{given[0]}'"
            raise ScenarioError(problem, ("electrolyte", name), allowed=WAYS)
    for name in required:
        if name not in given:
            raise ScenarioError(f"is required beside '{given[0]}' and missing", ("electrolyte", name), allowed=WAYS)
    if section.thermodynamic_factor is not None and section.conductivity is None:
        problem = "applies to an electrolyte with a conductivity of its own; without one it is dilute and ideal"
        raise ScenarioError(problem, ("electrolyte", "thermodynamic_factor"), allowed="'conductivity' beside it")
    if section.conductivity is None and section.transference is not None and section.transference <= 0.0:
        problem = "a dilute electrolyte has a transference number above zero"
        raise ScenarioError(problem, ("electrolyte", "transference"), str(section.transference), "between 0 and 1")


def preset_rule(scenario: PlatingScenario) -> None:
    """Presets that exist and whose data reach the temperature."""
    from ramify.physics import metals

    refuse_electrolyte_preset(scenario.electrolyte)
    plated = [name for name, metal in metals.PRESETS.items() if metal.valence == 1]
    if scenario.metal.preset in metals.PRESETS and scenario.metal.preset not in plated:
        problem = "transfers more than one electron per atom, which this model does not describe"
        raise ScenarioError(problem, ("metal", "preset"), scenario.metal.preset, ", ".join(plated))
    if scenario.metal.preset not in plated:
        raise _unknown(("metal", "preset"), scenario.metal.preset, plated)


def refuse_electrolyte_preset(section: ElectrolyteSection) -> None:
    """Refuse an electrolyte preset that does not exist, or whose data do not reach the temperature."""
    from ramify.physics import electrolyte

    names = list(electrolyte.PRESETS)
    if section.preset is not None and section.preset not in names:
        raise _unknown(("electrolyte", "preset"), section.preset, names)
    if section.preset is not None:
        try:
            electrolyte.preset(section.preset, section.temperature)
        except ValueError as refusal:
            raise ScenarioError(str(refusal), ("electrolyte", "temperature")) from None


def _unknown(key: Key, name: str, known: list[str]) -> ScenarioError:
    return ScenarioError("unknown preset", key, shown(name), ", ".join(known), nearest(name, known))


def electrons_rule(scenario: PlatingScenario) -> None:
    """Electronic transport that the engine and the islands allow."""
    electrons, key = scenario.electrons, ("electrons", "transport")
    if electrons.transport == "ohmic" and electrons.islands == "inactive":
        problem = "with ohmic electrons every island finds its own potential"
        raise ScenarioError(problem, ("electrons", "islands"), "inactive", "floating")
    if electrons.transport == "ohmic" and scenario.engine == "fipy":
        raise ScenarioError("engine fipy has equipotential electrons only", key, "ohmic", "equipotential")


def counter_rule(scenario: PlatingScenario) -> None:
    """Kinetics of a counter electrode that reacts."""
    counter = scenario.counter_electrode
    if counter.kind == "reservoir" and counter.kinetics is not None:
        problem = "a reservoir holds concentration and potential: it has no kinetics"
        raise ScenarioError(problem, ("counter_electrode", "kinetics"), counter.kinetics, "kind: lithium, or no key")
    if counter.kinetics == "butler_volmer" and scenario.engine == "fipy":
        key = ("counter_electrode", "kinetics")
        raise ScenarioError("engine fipy releases the counter current uniformly", key, "butler_volmer", "uniform")


def kinetics_rule(scenario: PlatingScenario) -> None:
    """An exchange current density that some electrode could have."""
    value, (least, most) = scenario.kinetics.exchange_current_density, EXCHANGE_CURRENTS
    if not least <= value <= most:
        problem = "no electrode is so slow or so fast, and the equations cannot be solved for it"
        allowed = f"from {least:g} to {most:g} A/m^2; lithium has 1 to 1000"
        raise ScenarioError(problem, ("kinetics", "exchange_current_density"), f"{value:g} A/m^2", allowed)


def interface_rule(scenario: PlatingScenario) -> None:
    """A frozen front has no mobility and carries no capillarity of its own."""
    interface = scenario.interface
    if interface.motion == "moving":
        return
    if interface.mobility is not None:
        raise ScenarioError("a frozen front has no mobility", ("interface", "mobility"), allowed="motion: moving")
    if interface.curvature == "allen_cahn":
        key = ("interface", "curvature")
        raise ScenarioError("a frozen front does not relax", key, "allen_cahn", "conservative, or motion: moving")
    for indices, step in scenario.protocol.distinct():
        if step.stop("short_circuit") is not None or any(s.kind == "short_circuit" for s in step.until):
            problem = f"a frozen front causes no short circuit (step {'.'.join(str(i + 1) for i in indices)})"
            raise ScenarioError(problem, ("protocol",), step.text, "another stop condition, or motion: moving")


def film_rule(scenario: PlatingScenario) -> None:
    """A film that can be, and metal to start from."""
    film, caps = scenario.film, bool(scenario.nuclei) or scenario.nucleation is not None
    if film.thickness == 0.0 and not caps:
        problem = "without a film or nuclei nothing can plate: a bare surface stays bare"
        raise ScenarioError(problem, ("film", "thickness"), "0", "a thickness above zero, 'nuclei' or 'nucleation'")
    if film.surfaces != "all" and (film.thickness == 0.0 or (film.thickness is None and caps)):
        raise ScenarioError("there is no film", ("film", "surfaces"), film.surfaces, "a film thickness above zero")
    if film.surfaces != "all" and not bears_metal(scenario.host):
        problem = "the collector is the only surface that bears a film"
        raise ScenarioError(problem, ("film", "surfaces"), film.surfaces, "no such key, or a conducting host")
    rough = film.roughness
    if rough is None:
        return
    key: Key = ("film", "roughness")
    if not isinstance(scenario.host, NoHost):
        raise ScenarioError("a rough front is for plain cells", key, allowed="host: {type: none}")
    if len(scenario.domain.size) == 1:
        raise ScenarioError("needs a lateral axis: the domain has z alone", key)
    if film.thickness == 0.0 or (caps and film.thickness is None):
        raise ScenarioError("there is no film to be rough", key, allowed="a film thickness above zero")
    if (rough.modes is None) == (rough.wavelength is None):
        raise ScenarioError("needs one of two keys", key, allowed="'modes' or 'wavelength'")
    if rough.wavelength is not None and rough.seed is not None:
        raise ScenarioError("a single cosine is not random", (*key, "seed"), str(rough.seed), "no such key, or 'modes'")
    if rough.wavelength is not None:
        _wavelength_rule(scenario, rough.wavelength)


def _wavelength_rule(scenario: PlatingScenario, wavelength: float) -> None:
    width = scenario.domain.size[0]
    periodic = scenario.domain.lateral == "periodic"
    unit = wavelength if periodic else 0.5 * wavelength
    count = width / unit
    if round(count) < 1 or abs(count - round(count)) > 1e-6 * count:
        problem = f"does not fit the width {width:g} m with {scenario.domain.lateral} faces"
        allowed = f"a whole number of {'wavelengths' if periodic else 'half wavelengths'} across the domain"
        raise ScenarioError(problem, ("film", "roughness", "wavelength"), f"{wavelength:g} m", allowed)


def nuclei_rule(scenario: PlatingScenario) -> None:
    """Nuclei inside the domain, at least one of them joined to a conductor."""
    size = scenario.domain.size
    for index, nucleus in enumerate(scenario.nuclei):
        key: Key = ("nuclei", index, "position")
        if len(nucleus.position) != len(size):
            problem = f"has {len(nucleus.position)} coordinates in a domain of {len(size)} axes"
            raise ScenarioError(problem, key, allowed="one coordinate for each length in domain.size")
        for axis, (place, length) in enumerate(zip(nucleus.position, size, strict=True)):
            if place > length:
                raise ScenarioError("outside the domain", (*key, axis), f"{place:g} m", f"0 to {length:g} m")
        angle_rule(nucleus.contact_angle, ("nuclei", index, "contact_angle"))
        if nucleus.position[-1] + nucleus.radius >= size[-1]:
            raise ScenarioError("reaches the counter electrode", ("nuclei", index, "radius"), f"{nucleus.radius:g} m")
    if len(size) == 1 and scenario.nuclei:
        raise ScenarioError("a nucleus needs a lateral axis: the domain has z alone", ("nuclei",), allowed="film")
    if len(size) == 1 and scenario.nucleation is not None:
        problem = "random nuclei need a lateral axis: the domain has z alone"
        raise ScenarioError(problem, ("nucleation",), allowed="film")
    if scenario.nucleation is not None:
        angle_rule(scenario.nucleation.contact_angle, ("nucleation", "contact_angle"))
    bare = not scenario.film.thickness and scenario.nucleation is None
    on_host = bears_metal(scenario.host)
    if scenario.nuclei and bare and not on_host and all(n.position[-1] > n.radius for n in scenario.nuclei):
        problem = "no nucleus touches the current collector or a film: nothing can plate"
        raise ScenarioError(problem, ("nuclei",), allowed="a nucleus at z = 0, or a film thickness")


def angle_rule(angle: float | None, key: Key) -> None:
    """A contact angle between 0 and 180 degrees."""
    if angle is not None and not angle < math.pi:
        raise ScenarioError("outside its range", key, f"{math.degrees(angle):g} deg", "between 0 and 180 deg")


def protocol_rule(scenario: PlatingScenario) -> None:
    """No step that waits for what stripping does not do."""
    for indices, step in scenario.protocol.distinct():
        stops = {condition.kind for condition in step.until}
        if step.kind == "strip" and stops == {"depletion"} and step.duration is None:
            problem = "stripping does not deplete the electrolyte at the electrode"
            key: Key = ("protocol", indices[0]) if len(indices) == 1 else ("protocol",)
            raise ScenarioError(problem, key, step.text, "'for TIME', a capacity or a voltage")


def step_key(indices: tuple[int, ...]) -> Key:
    """Where a step of `Protocol.distinct` stands in its file, as far as lines can be found."""
    return ("protocol", indices[0]) if len(indices) == 1 else ("protocol",)


def unpressed_rule(scenario: TimedScenario) -> None:
    """No step under a pressure of its own: of models whose stack pressure, if any, does not change."""
    for indices, step in scenario.protocol.distinct():
        if step.pressure is not None:
            problem = f"model: {scenario.model} has no stack pressure that changes from step to step"
            raise ScenarioError(problem, step_key(indices), step.text, "no 'under PRESSURE', or model: voids")


def output_rule(scenario: Gridded) -> None:
    """Each field once."""
    names = scenario.output.fields or ()
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ScenarioError("is given twice", ("output", "fields", index), name)


def mechanics_rule(scenario: PlatingScenario) -> None:
    """Phases, supports and loads that go together; stress among the stored fields only where there is some."""
    check_mechanics(
        scenario.mechanics,
        fields=scenario.output.fields or (),
        engine=scenario.engine,
        lateral=scenario.domain.lateral,
        has_host=not isinstance(scenario.host, NoHost),
    )


def numerics_rule(scenario: Gridded) -> None:
    """Steps in order of length."""
    numerics = scenario.numerics
    steps = [(n, getattr(numerics, n)) for n in ("smallest_step", "first_step", "largest_step")]
    given = [(name, value) for name, value in steps if value is not None]
    for (lower, low), (upper, high) in pairwise(given):
        if low > high:
            raise ScenarioError(f"is less than {lower}, {low:g} s", ("numerics", upper), f"{high:g} s")


def nucleation_rule(scenario: PlatingScenario) -> None:
    """A law of births has its rate and bare surfaces, and a voltage that drives the first ones."""
    section = scenario.nucleation
    if section is None:
        return
    if section.law == "instantaneous":
        if section.rate is not None:
            key: Key = ("nucleation", "rate")
            allowed = "law: classical or constant_rate beside it"
            raise ScenarioError("caps at the start have no rate", key, f"{section.rate:g} 1/s", allowed)
        return
    key = ("nucleation", "law")
    if section.rate is None:
        problem = f"is required beside 'law: {section.law}' and missing"
        raise ScenarioError(problem, ("nucleation", "rate"), allowed="a rate such as 1e6 1/s")
    if section.radius is not None:
        problem = "nuclei of a law begin at their critical radius"
        raise ScenarioError(problem, ("nucleation", "radius"), f"{section.radius:g} m", "no such key")
    if scenario.engine == "fipy":
        raise ScenarioError("engine fipy has caps at the start alone", key, section.law, "instantaneous")
    if scenario.electrons.transport == "ohmic":
        problem = "bare surfaces have their potential from equipotential electrons"
        raise ScenarioError(problem, ("electrons", "transport"), "ohmic", "equipotential")
    if scenario.interface.motion == "frozen":
        raise ScenarioError("a frozen front holds no new metal", key, section.law, "instantaneous, or motion: moving")
    if scenario.film.thickness:
        problem = "covers the surfaces on which nuclei would appear"
        raise ScenarioError(problem, ("film", "thickness"), f"{scenario.film.thickness:g} m", "no such key")
    if section.law == "classical" and scenario.metal.surface_energy == 0.0:
        raise ScenarioError("the classical law needs one", ("metal", "surface_energy"), "0 J/m^2", "more than zero")
    if not scenario.nuclei:
        _driven_rule(scenario)


def _driven_rule(scenario: PlatingScenario) -> None:
    """On a bare electrode a current has nothing to flow through until its voltage limit has made nuclei."""
    for _, step in scenario.protocol.distinct():
        held = step.kind in ("hold", "rest") or step.limit is not None or step.stop("voltage") is not None
        if not held:
            problem = "on a bare electrode nothing carries the current until a voltage has made nuclei"
            raise ScenarioError(problem, ("protocol",), step.text, "'limit VOLTAGE' in the step, or 'hold at VOLTAGE'")


RULES: tuple[Rule, ...] = (
    domain_rule,
    electrolyte_rule,
    preset_rule,
    electrons_rule,
    counter_rule,
    kinetics_rule,
    interface_rule,
    wetting_rule,
    surface_diffusion_rule,
    anisotropy_rule,
    host_rule,
    film_rule,
    nuclei_rule,
    nucleation_rule,
    interphase_rule,
    crystallinity_rule,
    protocol_rule,
    unpressed_rule,
    output_rule,
    mechanics_rule,
    numerics_rule,
)
