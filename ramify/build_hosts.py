"""From the host section of a resolved scenario to the host's shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ramify.build_host_fields import build_region
from ramify.phasefield import problem as plating
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import FEWEST_HOST_CELLS, resolved, text
from ramify.scenario.host_files import raw_layout, voxel_edges
from ramify.scenario.hosts import NoHost
from ramify.scenario.hosts.base import ends
from ramify.scenario.hosts.files import FileHost
from ramify.scenario.resolve import largest_edge
from ramify.scenario.schema import DomainSection, PlatingScenario

if TYPE_CHECKING:
    from ramify.hosts.base import Host
    from ramify.hosts.tetrahedra import FittedMesh

MOST_MESHED_CELLS = 1_000_000
"""Cells of the domain beyond which a mesh of its host would hold many millions of tetrahedra."""
Number = TypeVar("Number", int, float)
MISSING_LENGTH = 1.0
"""Edge of a lateral axis that the scenario does not have [m]: charges are per metre of depth."""


def build_domain(section: DomainSection) -> plating.Domain:
    """The box with all three axes."""
    nx, ny, nz = three_axes(section.cells, 1)
    return plating.Domain(three_axes(section.size, MISSING_LENGTH), (nx, ny, nz), section.lateral == "periodic")


def three_axes(values: tuple[Number, ...], missing: Number) -> tuple[Number, Number, Number]:
    """Values along x, y, z from those of the axes that the scenario has."""
    if len(values) == 3:
        return (values[0], values[1], values[2])
    return (values[0] if len(values) == 2 else missing, missing, values[-1])


def build_host(scenario: PlatingScenario) -> Host | None:
    """The host's shape, its coating included; None for a plain cell. ScenarioError where it cannot be made."""
    section, domain = scenario.host, build_domain(scenario.domain)
    if isinstance(section, NoHost):
        return None
    try:
        host = MAKERS[section.type](section, domain, len(scenario.domain.size) == 2)
        if section.coating is not None:
            from ramify.hosts.coatings import Coated

            host = Coated(host, section.coating.thickness, build_region(section.coating, resolved(section.height)))
        host.check(domain.size, domain.periodic)
    except (ValueError, ImportError) as refusal:
        in_file = isinstance(section, FileHost)
        raise ScenarioError(str(refusal), ("host", "file") if in_file else ("host",)) from None
    if not section.widths():
        _refuse_unresolved(host, scenario)
    return host


def fit_host(scenario: PlatingScenario) -> FittedMesh:
    """Mesh of the scenario's host and pores on the cells of its domain; ScenarioError where there can be none."""
    from ramify.hosts.tetrahedra import fit_mesh

    domain, host = scenario.domain, build_host(scenario)
    if host is None or len(domain.size) == 1:
        raise ScenarioError("there is no surface to mesh", ("host",), allowed="a host in two or three dimensions")
    if math.prod(domain.cells) > MOST_MESHED_CELLS:
        problem = f"{math.prod(domain.cells)} cells are too many to cut into tetrahedra"
        raise ScenarioError(problem, ("domain", "cells"), allowed=f"up to {MOST_MESHED_CELLS}")
    try:
        return fit_mesh(host.distance, domain.size, domain.cells)
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("host",)) from None


def _refuse_unresolved(host: Host, scenario: PlatingScenario) -> None:
    """ScenarioError where the grid does not resolve a host whose widths only the finished shape tells."""
    edge = largest_edge(scenario.domain)
    if host.feature_size < FEWEST_HOST_CELLS * edge * (1.0 - 1e-9):
        cells, width = host.feature_size / edge, text(host.feature_size)
        problem = f"the grid does not resolve the host: {cells:.1f} cells across its narrowest feature, about {width}"
        allowed = f"at least {FEWEST_HOST_CELLS:g} cells, of at most {text(host.feature_size / FEWEST_HOST_CELLS)}"
        raise ScenarioError(problem, ("host",), allowed=allowed)


def _flat(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.shapes import Slab

    return Slab(section.height)


def _pillars(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.shapes import Pillars

    return Pillars(section.diameter, section.pitch, section.height, section.rounded, planar=planar)


def _channels(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.shapes import Channels

    return Channels(section.diameter, section.pitch, section.height, section.top_diameter, planar=planar)


def _mesh(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.wires import wire_mesh

    return wire_mesh(
        domain.size,
        section.wire_diameter,
        section.pitch,
        section.height,
        weave=section.weave,
        periodic=domain.periodic,
    )


def _coils(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.wires import coils

    lengths = (section.wire_diameter, section.diameter, section.pitch, section.rise, section.height)
    return coils(domain.size, *lengths, periodic=domain.periodic)


def _hollow_spheres(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.opals import HollowSpheres

    lengths = (section.diameter, section.wall, section.window, section.pitch, section.height)
    return HollowSpheres(*lengths, domain.size)


def _inverse_opal(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.opals import InverseOpal

    return InverseOpal(section.diameter, section.window, section.height, domain.size, section.lattice)


def _minimal_surface(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.minimal_surfaces import MinimalSurface

    return MinimalSurface(section.kind, section.cell, ends(section.porosity), section.height, section.form)


def _sphere_pack(section: Any, domain: plating.Domain, planar: bool) -> Host:
    if section.mixed:
        return _mixed_spheres(section, domain)
    from ramify.hosts.spheres import sphere_pack

    return sphere_pack(
        domain.size,
        0.5 * section.diameter,
        porosity=section.porosity,
        arrangement=section.arrangement,
        seed=section.seed or 0,
        height=section.height,
        periodic=domain.periodic,
        planar=planar,
    )


def _mixed_spheres(section: Any, domain: plating.Domain) -> Host:
    from ramify.hosts.mixed_spheres import Kind, mixed_sphere_pack

    bottom, top = ends(section.diameter)
    second = section.second
    kinds = [Kind(0.5 * bottom, 0.5 * top, 1.0 - (second.share if second is not None else 0.0))]
    if second is not None:
        kinds.append(Kind(0.5 * second.diameter, 0.5 * second.diameter, second.share))
    return mixed_sphere_pack(
        domain.size,
        tuple(kinds),
        ends(section.porosity),
        seed=section.seed or 0,
        height=section.height,
        periodic=domain.periodic,
    )


def _fibres(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.fibres import fibre_mat

    return fibre_mat(
        domain.size,
        section.diameter,
        section.porosity,
        orientation=section.orientation,
        persistence_length=section.persistence_length or float("inf"),
        seed=section.seed,
        height=section.height,
        periodic=domain.periodic,
    )


def _foam(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.foams import foam

    return foam(
        domain.size,
        section.cell_size,
        ends(section.porosity),
        tessellation=section.tessellation,
        seed=section.seed or 0,
        height=section.height,
        periodic=domain.periodic,
    )


def _random_medium(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.gaussian import random_medium

    return random_medium(
        domain.size,
        section.correlation_length,
        ends(section.porosity),
        seed=section.seed,
        height=section.height,
        periodic=domain.periodic,
        planar=planar,
    )


def _voxels(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.images import open_image
    from ramify.hosts.voxels import voxel_host

    return voxel_host(
        open_image(Path(section.file), raw_layout(section)),
        voxel_edges(section),
        section.phases,
        domain.size,
        corner=section.corner,
        height=section.height,
        beyond=section.beyond,
        smoothing=section.smoothing,
        periodic=domain.periodic,
    )


def _surface(section: Any, domain: plating.Domain, planar: bool) -> Host:
    from ramify.hosts.triangles import surface_host

    return surface_host(
        Path(section.file),
        section.unit,
        domain.size,
        offset=section.offset,
        height=section.height,
        periodic=domain.periodic,
    )


MAKERS: dict[str, Callable[[Any, plating.Domain, bool], Host]] = {
    "flat": _flat,
    "pillars": _pillars,
    "channels": _channels,
    "mesh": _mesh,
    "coils": _coils,
    "hollow_spheres": _hollow_spheres,
    "inverse_opal": _inverse_opal,
    "minimal_surface": _minimal_surface,
    "sphere_pack": _sphere_pack,
    "fibres": _fibres,
    "foam": _foam,
    "random_medium": _random_medium,
    "voxels": _voxels,
    "surface": _surface,
}
"""By host type: section, domain, whether the domain is two-dimensional -> shape."""
