"""From the section `mechanics` of a resolved scenario to what the plating solver is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramify.scenario.grid_rules import resolved
from ramify.scenario.mechanics import ElasticSection, MechanicsSection

if TYPE_CHECKING:
    from ramify.phasefield.mechanics.problem import PlatingMechanics
    from ramify.physics.elasticity import Elasticity
    from ramify.physics.viscoplasticity import ViscoplasticLaw


def build_mechanics(section: MechanicsSection, temperature: float) -> PlatingMechanics:
    """Phases, supports and loads in SI numbers; `temperature` [K] sets the flow of the metal."""
    from ramify.phasefield.mechanics.problem import Phases, PlatingMechanics, Supports, SurfaceFilm
    from ramify.physics.elasticity import Elasticity

    host = None if section.host is None else build_elasticity(section.host)
    film = section.film
    return PlatingMechanics(
        phases=Phases(build_law(section, temperature), build_elasticity(section.electrolyte), host),
        supports=Supports(
            lateral=section.sides, bottom=section.bottom, top="held" if section.confinement == "rigid" else "loaded"
        ),
        stack_pressure=section.stack_pressure,
        growth_strain=section.growth_strain,
        every=section.every,
        film=None
        if film is None
        else SurfaceFilm(Elasticity(film.youngs_modulus, film.poissons_ratio), film.strength, film.misfit_strain),
    )


def build_elasticity(section: ElasticSection) -> Elasticity:
    """The preset, or the constants given."""
    from ramify.physics import elasticity

    if section.preset is not None:
        return elasticity.preset(section.preset)
    return elasticity.Elasticity(resolved(section.youngs_modulus), resolved(section.poissons_ratio))


def build_law(section: MechanicsSection, temperature: float) -> ViscoplasticLaw:
    """The metal's law, with its elastic constants."""
    from dataclasses import replace

    from ramify.physics import viscoplasticity

    constants = build_elasticity(section.metal)
    if section.law == "elastic":
        return viscoplasticity.elastic(constants)
    if section.law == "creep":
        return replace(viscoplasticity.creeping_lithium(temperature), elasticity=constants)
    return replace(viscoplasticity.anand_lithium(section.anand_form or "sinh", temperature), elasticity=constants)
