"""What the grid of a resolved scenario must be able to show: interface, host, film and nuclei.

Below these bounds a run is refused; between them and the comfortable ones of `ramify.check` it is warned of.
"""

from __future__ import annotations

import math
from typing import TypeVar

from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.host_rules import bears_metal
from ramify.scenario.hosts import NoHost, SolidHost
from ramify.scenario.resolve import largest_edge, spacing
from ramify.scenario.schema import PlatingScenario

Value = TypeVar("Value")

NARROWEST_INTERFACE = 0.75
"""Interface width in cells below which the front pins on the grid."""
FEWEST_HOST_CELLS = 3.0
"""Cells across a feature of the host below which it is not that host."""
FEWEST_WAVELENGTH_CELLS = 6.0
"""Cells per wavelength of an initial roughness below which it is noise of the grid."""
CREST = 3.0
"""Highest crest of a sum of random modes, in root mean squares."""


def refuse_unresolved(scenario: PlatingScenario) -> None:
    """Raise a ScenarioError where the grid or the domain cannot hold what the scenario asks for."""
    interface_rule(scenario)
    host_rule(scenario)
    film_rule(scenario)
    roughness_rule(scenario)
    cap_rule(scenario)


def resolved(value: Value | None) -> Value:
    """A value that `resolve` has filled in."""
    assert value is not None
    return value


def text(length: float) -> str:
    """A length [m] for a message."""
    return f"{length * 1e6:.4g} um"


def interface_rule(scenario: PlatingScenario) -> None:
    """The interface spans enough cells and fits into the domain."""
    width, edge = resolved(scenario.interface.width), largest_edge(scenario.domain)
    if width < NARROWEST_INTERFACE * edge:
        problem = f"the grid does not resolve the interface: {width / edge:.2f} of the largest cell edge, {text(edge)}"
        allowed = f"at least {text(NARROWEST_INTERFACE * edge)}, or more cells"
        raise ScenarioError(problem, ("interface", "width"), text(width), allowed)
    if 4.0 * width > scenario.domain.size[-1]:
        allowed = f"at most a quarter of the domain, {text(0.25 * scenario.domain.size[-1])}"
        raise ScenarioError("the interface fills the domain", ("interface", "width"), text(width), allowed)


def host_rule(scenario: PlatingScenario) -> None:
    """The grid resolves the host, and the host leaves room above."""
    host, domain = scenario.host, scenario.domain
    if isinstance(host, NoHost):
        return
    if resolved(host.height) >= domain.size[-1]:
        problem = "the host reaches the counter electrode"
        raise ScenarioError(
            problem, ("host", "height"), text(resolved(host.height)), f"less than {text(domain.size[-1])}"
        )
    for name, (key, length, edge) in resolved_widths(host, spacing(domain)).items():
        if length < FEWEST_HOST_CELLS * edge * (1.0 - 1e-9):
            problem = f"the grid does not resolve the host: {length / edge:.1f} cells across its {name}"
            allowed = f"at least {FEWEST_HOST_CELLS:g} cells, of at most {text(length / FEWEST_HOST_CELLS)}"
            raise ScenarioError(problem, key, text(length), allowed)


def resolved_widths(host: SolidHost, edges: tuple[float, ...]) -> dict[str, tuple[Key, float, float]]:
    """Key, length and cell edge [m] of every width of the host, by name; cells of edges (x, y, z)."""
    across = max(edges[:-1] or edges) if host.upright else max(edges)
    widths = {name: (_key_of(name), length, across) for name, length in host.widths().items()}
    widths["height"] = (("host", "height"), host.height, edges[-1])
    if host.coating is not None:
        widths["coating"] = (("host", "coating", "thickness"), host.coating.thickness, max(edges))
    return widths


def _key_of(name: str) -> Key:
    """The key that a width's name begins with: 'pitch (less diameter)', 'second diameter'."""
    words = name.split(" (")[0].split()
    return ("host", *words)


def film_rule(scenario: PlatingScenario) -> None:
    """The film leaves room for electrolyte, above and inside the host."""
    thickness, host, key = resolved(scenario.film.thickness), scenario.host, ("film", "thickness")
    height = scenario.domain.size[-1]
    if thickness >= height:
        raise ScenarioError("the film is thicker than the domain", key, text(thickness), f"less than {text(height)}")
    if thickness == 0.0 or isinstance(host, NoHost) or not bears_metal(host) or scenario.film.surfaces == "collector":
        return
    if resolved(host.height) + thickness >= height:
        room = text(height - resolved(host.height))
        raise ScenarioError("the film on the host reaches the counter electrode", key, text(thickness), f"below {room}")
    if 2.0 * thickness >= host.narrowest_pore():
        allowed = f"less than half the narrowest pore, {text(0.5 * host.narrowest_pore())}"
        raise ScenarioError("the film closes the pores of the host", key, text(thickness), allowed)


def roughness_rule(scenario: PlatingScenario) -> None:
    """The rough front stays off both electrodes and its waves are resolved."""
    rough, thickness = scenario.film.roughness, resolved(scenario.film.thickness)
    if rough is None:
        return
    crest = rough.amplitude if rough.wavelength is not None else CREST * rough.amplitude
    if crest >= min(thickness, scenario.domain.size[-1] - thickness):
        allowed = "an amplitude well below the film thickness and the distance to the counter electrode"
        problem = f"the rough front, with crests of {text(crest)}, reaches an electrode"
        raise ScenarioError(problem, ("film", "roughness", "amplitude"), text(rough.amplitude), allowed)
    edges, widths = spacing(scenario.domain)[:-1], scenario.domain.size[:-1]
    for edge, width in zip(edges, widths, strict=True):
        shortest = rough.wavelength or width / (rough.modes or 1)
        if edge < width and shortest < FEWEST_WAVELENGTH_CELLS * edge:
            name = "wavelength" if rough.wavelength is not None else "modes"
            problem = f"the grid does not resolve the front: {shortest / edge:.1f} cells in the shortest wave"
            raise ScenarioError(problem, ("film", "roughness", name), allowed=f"at least {FEWEST_WAVELENGTH_CELLS:g}")


def cap_rule(scenario: PlatingScenario) -> None:
    """Nuclei are at least as large, and as high, as the interface that draws them."""
    width = resolved(scenario.interface.width)
    for index, nucleus in enumerate(scenario.nuclei):
        if nucleus.radius < width:
            key: Key = ("nuclei", index, "radius")
            problem = "smaller than the interface width"
            raise ScenarioError(problem, key, text(nucleus.radius), f"at least {text(width)}")
        _cap_height_rule(nucleus.radius, nucleus.contact_angle, width, ("nuclei", index, "contact_angle"))
    nucleation, height = scenario.nucleation, scenario.domain.size[-1]
    if nucleation is None or nucleation.law != "instantaneous":
        return
    radius = resolved(nucleation.radius)
    if not width <= radius < height:
        allowed = f"from the interface width, {text(width)}, to the domain's height, {text(height)}"
        raise ScenarioError("out of bounds", ("nucleation", "radius"), text(radius), allowed)
    _cap_height_rule(radius, nucleation.contact_angle, width, ("nucleation", "contact_angle"))


def _cap_height_rule(radius: float, angle: float | None, width: float, key: Key) -> None:
    """A cap of height R (1 - cos angle) that is no thinner than the interface."""
    if angle is None or radius * (1.0 - math.cos(angle)) >= width * (1.0 - 1e-9):
        return
    least = math.degrees(math.acos(max(1.0 - width / radius, -1.0)))
    problem = f"the cap is {text(radius * (1.0 - math.cos(angle)))} high, less than the interface width {text(width)}"
    raise ScenarioError(problem, key, f"{math.degrees(angle):.4g} deg", f"at least {least:.4g} deg, or a larger radius")
