"""What the grid of a resolved scenario must be able to show: interface, host, film and nuclei.

Below these bounds a run is refused; between them and the comfortable ones of `ramify.check` it is warned of.
"""

from __future__ import annotations

from ramify.scenario.errors import ScenarioError
from ramify.scenario.hosts import NoHost, SpherePackHost
from ramify.scenario.resolve import largest_edge, spacing
from ramify.scenario.schema import Scenario

NARROWEST_INTERFACE = 0.75
"""Interface width in cells below which the front pins on the grid."""
FEWEST_HOST_CELLS = 3.0
"""Cells across a feature of the host below which it is not that host."""
FEWEST_WAVELENGTH_CELLS = 6.0
"""Cells per wavelength of an initial roughness below which it is noise of the grid."""
CREST = 3.0
"""Highest crest of a sum of random modes, in root mean squares."""


def refuse_unresolved(scenario: Scenario) -> None:
    """Raise a ScenarioError where the grid or the domain cannot hold what the scenario asks for."""
    interface_rule(scenario)
    host_rule(scenario)
    film_rule(scenario)
    roughness_rule(scenario)
    cap_rule(scenario)


def resolved(value: float | None) -> float:
    """A value that `resolve` has filled in."""
    assert value is not None
    return value


def text(length: float) -> str:
    """A length [m] for a message."""
    return f"{length * 1e6:.4g} um"


def interface_rule(scenario: Scenario) -> None:
    """The interface spans enough cells and fits into the domain."""
    width, edge = resolved(scenario.interface.width), largest_edge(scenario.domain)
    if width < NARROWEST_INTERFACE * edge:
        problem = f"the grid does not resolve the interface: {width / edge:.2f} of the largest cell edge, {text(edge)}"
        allowed = f"at least {text(NARROWEST_INTERFACE * edge)}, or more cells"
        raise ScenarioError(problem, ("interface", "width"), text(width), allowed)
    if 4.0 * width > scenario.domain.size[-1]:
        allowed = f"at most a quarter of the domain, {text(0.25 * scenario.domain.size[-1])}"
        raise ScenarioError("the interface fills the domain", ("interface", "width"), text(width), allowed)


def host_rule(scenario: Scenario) -> None:
    """The grid resolves the host, and the host leaves room above."""
    host, domain = scenario.host, scenario.domain
    if isinstance(host, NoHost):
        return
    if host.height >= domain.size[-1]:
        problem = "the host reaches the counter electrode"
        raise ScenarioError(problem, ("host", "height"), text(host.height), f"less than {text(domain.size[-1])}")
    edges = spacing(domain)
    lateral = max(edges if isinstance(host, SpherePackHost) else edges[:-1] or edges)
    lengths = {name: (length, lateral) for name, length in host.widths().items()}
    lengths["height"] = (host.height, edges[-1])
    for name, (length, edge) in lengths.items():
        if length < FEWEST_HOST_CELLS * edge * (1.0 - 1e-9):
            problem = f"the grid does not resolve the host: {length / edge:.1f} cells across its {name}"
            allowed = f"at least {FEWEST_HOST_CELLS:g} cells, of at most {text(length / FEWEST_HOST_CELLS)}"
            raise ScenarioError(problem, ("host", name.split()[0]), text(length), allowed)


def film_rule(scenario: Scenario) -> None:
    """The film leaves room for electrolyte, above and inside the host."""
    thickness, host, key = resolved(scenario.film.thickness), scenario.host, ("film", "thickness")
    height = scenario.domain.size[-1]
    if thickness >= height:
        raise ScenarioError("the film is thicker than the domain", key, text(thickness), f"less than {text(height)}")
    if thickness == 0.0 or isinstance(host, NoHost) or host.surface == "insulating":
        return
    if host.height + thickness >= height:
        room = text(height - host.height)
        raise ScenarioError("the film on the host reaches the counter electrode", key, text(thickness), f"below {room}")
    if 2.0 * thickness >= host.narrowest_pore():
        allowed = f"less than half the narrowest pore, {text(0.5 * host.narrowest_pore())}"
        raise ScenarioError("the film closes the pores of the host", key, text(thickness), allowed)


def roughness_rule(scenario: Scenario) -> None:
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


def cap_rule(scenario: Scenario) -> None:
    """Nuclei are at least as large as the interface that draws them."""
    width = resolved(scenario.interface.width)
    radii = [(("nuclei", i, "radius"), nucleus.radius) for i, nucleus in enumerate(scenario.nuclei)]
    for key, radius in radii:
        if radius < width:
            raise ScenarioError("smaller than the interface width", key, text(radius), f"at least {text(width)}")
    nucleation, height = scenario.nucleation, scenario.domain.size[-1]
    if nucleation is None:
        return
    radius = resolved(nucleation.radius)
    if not width <= radius < height:
        allowed = f"from the interface width, {text(width)}, to the domain's height, {text(height)}"
        raise ScenarioError("out of bounds", ("nucleation", "radius"), text(radius), allowed)
