"""Surface diffusion from a resolved scenario to SI numbers."""

from __future__ import annotations

from ramify.phasefield import problem as plating
from ramify.physics.surface_diffusion import mullins_coefficient
from ramify.scenario.grid_rules import resolved
from ramify.scenario.schema import MetalSection


def build_surface_flow(section: MetalSection, temperature: float) -> plating.SurfaceFlow | None:
    """Surface diffusion of the metal at a temperature [K]; None without it."""
    flow = section.surface_diffusion
    if flow is None:
        return None
    coefficient = mullins_coefficient(
        flow.diffusivity,
        resolved(flow.thickness),
        resolved(section.surface_energy),
        resolved(section.molar_volume),
        temperature,
    )
    law = flow.size_law
    return (
        plating.SurfaceFlow(coefficient) if law is None else plating.SurfaceFlow(coefficient, law.length, law.smallest)
    )
