"""What `ramify check` says of surface diffusion: B, how fast it is over a length, and how far it reaches.

A surface that grows at V keeps shapes larger than (B/V)^(1/3); what is smaller is smoothed before it grows.
"""

from __future__ import annotations

from ramify.build_surface import build_surface_flow
from ramify.check import Scale
from ramify.physics.constants import FARADAY
from ramify.scenario.grid_rules import resolved, text
from ramify.scenario.resolve import largest_edge
from ramify.scenario.schema import PlatingScenario

FEWEST_CELLS = 4.0
"""Cells in a length that surface diffusion has to smooth for the grid to show it."""


def _coefficient(scenario: PlatingScenario) -> float:
    flow = build_surface_flow(scenario.metal, scenario.electrolyte.temperature)
    return 0.0 if flow is None else flow.coefficient


def _reach(scenario: PlatingScenario, current: float) -> float:
    """(B/V)^(1/3) [m] at a current density of plating [A/m^2], which is not zero."""
    velocity = resolved(scenario.metal.molar_volume) * current / FARADAY
    return float((_coefficient(scenario) / velocity) ** (1.0 / 3.0))


def surface_scales(scenario: PlatingScenario, current: float) -> list[Scale]:
    """B, the time L^4/B over the domain's width and over a cell, and the length that it smooths in growth."""
    coefficient = _coefficient(scenario)
    if coefficient == 0.0:
        return []
    width, edge = min(scenario.domain.size[:-1]), largest_edge(scenario.domain)
    scales = [
        Scale("surface diffusion B", coefficient, "m4/s"),
        Scale("surface diffusion time", width**4 / coefficient, "s", "L^4/B over the width of the domain"),
        Scale("smoothing time of a cell", edge**4 / coefficient, "s", "h^4/B; does not limit the step"),
    ]
    if current > 0.0:
        reach = _reach(scenario, current)
        scales.append(Scale("surface diffusion length", reach, "m", f"(B/V)^(1/3), {reach / edge:.2g} cells"))
    return scales


def surface_warnings(scenario: PlatingScenario, current: float) -> list[str]:
    """Surface diffusion that the grid cannot show, and particles smaller than its size law knows."""
    section = scenario.metal.surface_diffusion
    if section is None:
        return []
    notes, edge = [], largest_edge(scenario.domain)
    if current > 0.0 and (reach := _reach(scenario, current)) < FEWEST_CELLS * edge:
        notes.append(
            f"surface diffusion: at the largest current it smooths what is shorter than {text(reach)}, "
            f"{reach / edge:.2g} cells: the grid does not show it"
        )
    if section.size_law is not None:
        small = [n for n, nucleus in enumerate(scenario.nuclei) if 2.0 * nucleus.radius < section.size_law.smallest]
        if small:
            notes.append(
                f"nuclei[{small[0]}]: smaller than metal.surface_diffusion.size_law.smallest: as fast as a particle of "
                f"{text(section.size_law.smallest)}"
            )
    return notes
