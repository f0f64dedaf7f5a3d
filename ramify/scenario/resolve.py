"""Defaults of a plating scenario that depend on other keys; `resolve` is idempotent."""

from __future__ import annotations

import math
from typing import TypeVar

from ramify.scenario.fields import Section
from ramify.scenario.hosts import FoamHost, NoHost, SolidHost, SpherePackHost
from ramify.scenario.schema import (
    CounterElectrodeSection,
    DomainSection,
    FilmSection,
    KineticsSection,
    MetalSection,
    NucleationSection,
    NumericsSection,
    OutputSection,
    PlatingScenario,
)

SectionType = TypeVar("SectionType", bound=Section)

COPPER_CONDUCTIVITY = 5.8e7
"""Default of a conducting host [S/m]."""
FILM_WIDTHS = 3.0
"""Thickness of the default film and radius of the default cap, in interface widths: less is not resolved."""


def spacing(domain: DomainSection) -> tuple[float, ...]:
    """Edge lengths of a cell [m], in the order of `size`."""
    return tuple(size / cells for size, cells in zip(domain.size, domain.cells, strict=True))


def largest_edge(domain: DomainSection) -> float:
    """Largest cell edge [m] along axes with more than one cell, z always counted."""
    edges = spacing(domain)
    return max([edges[-1], *(h for h, n in zip(edges[:-1], domain.cells[:-1], strict=True) if n > 1)])


def resolve(scenario: PlatingScenario) -> PlatingScenario:
    """The scenario with every default filled in; sections that do not apply stay empty."""
    width = scenario.interface.width or largest_edge(scenario.domain)
    scenario = scenario.model_copy(update={"interface": scenario.interface.model_copy(update={"width": width})})
    return scenario.model_copy(update={
        "metal": _metal(scenario),
        "kinetics": _kinetics(scenario),
        "counter_electrode": _counter(scenario),
        "host": _host(scenario),
        "film": _film(scenario, width),
        "nucleation": _nucleation(scenario, width),
        "output": _output(scenario),
        "numerics": _numerics(scenario),
    })  # fmt: skip


def _filled(section: SectionType, **defaults: object) -> SectionType:
    """The section with its empty keys replaced."""
    return section.model_copy(update={n: v for n, v in defaults.items() if getattr(section, n) is None})


def _metal(scenario: PlatingScenario) -> MetalSection:
    from ramify.physics.constants import AVOGADRO
    from ramify.physics.metals import PRESETS

    data = PRESETS[scenario.metal.preset]
    metal = _filled(
        scenario.metal,
        surface_energy=data.surface_energy,
        molar_volume=data.molar_volume,
        conductivity=data.conductivity,
    )
    if metal.surface_diffusion is None:
        return metal
    atom = ((metal.molar_volume or data.molar_volume) / AVOGADRO) ** (1.0 / 3.0)
    return metal.model_copy(update={"surface_diffusion": _filled(metal.surface_diffusion, thickness=atom)})


def _kinetics(scenario: PlatingScenario) -> KineticsSection:
    return _filled(
        scenario.kinetics,
        anodic_transfer_coefficient=1.0 - scenario.kinetics.transfer_coefficient,
        reference_concentration=scenario.electrolyte.concentration,
    )


def _counter(scenario: PlatingScenario) -> CounterElectrodeSection:
    lithium = scenario.counter_electrode.kind == "lithium"
    return _filled(scenario.counter_electrode, kinetics="uniform") if lithium else scenario.counter_electrode


def _host(scenario: PlatingScenario) -> SolidHost | NoHost:
    host: SolidHost | NoHost = scenario.host
    random_bed = isinstance(host, SpherePackHost) and host.arrangement == "random"
    if random_bed or (isinstance(host, FoamHost) and host.tessellation == "voronoi"):
        host = _filled(host, seed=0)
    if isinstance(host, NoHost):
        return host
    if host.coating is not None and host.coating.kind == "conducting":
        coating = _filled(host.coating, conductivity=COPPER_CONDUCTIVITY)
        host = host.model_copy(update={"coating": coating})
    return host if host.surface == "insulating" else _filled(host, conductivity=COPPER_CONDUCTIVITY)


def _film(scenario: PlatingScenario, width: float) -> FilmSection:
    starts_as_caps = bool(scenario.nuclei) or scenario.nucleation is not None
    film = _filled(scenario.film, thickness=0.0 if starts_as_caps else FILM_WIDTHS * width)
    rough = film.roughness
    if rough is None:
        return film
    rough = _filled(rough, seed=0) if rough.modes is not None else rough
    return film.model_copy(update={"roughness": rough})


def _nucleation(scenario: PlatingScenario, width: float) -> NucleationSection | None:
    section = scenario.nucleation
    if section is None:
        return None
    section = _filled(section, contact_angle=0.5 * math.pi)
    return _filled(section, radius=FILM_WIDTHS * width) if section.law == "instantaneous" else section


def _output(scenario: PlatingScenario) -> OutputSection:
    static = () if isinstance(scenario.host, NoHost) else ("psi",)
    order = () if scenario.crystallinity is None else ("crystallinity",)
    return _filled(scenario.output, fields=("xi", *static, "c", "phi_l", *order))


def _numerics(scenario: PlatingScenario) -> NumericsSection:
    """The engine's own defaults, those that are finite numbers."""
    from ramify.phasefield.problem import Numerics

    defaults = Numerics()
    values = {name: getattr(defaults, name) for name in type(scenario.numerics).model_fields}
    return _filled(scenario.numerics, **{n: v for n, v in values.items() if v is not None and math.isfinite(v)})
