"""Description of a host alone: its shape (hosts.descriptors), how pores and solid conduct (phasefield.effective).

Transport counts on the cells of the scenario's grid, as the solver sees the host, in the layers below the host's
height; porosity, areas and pore sizes come from the shape itself. docs/hosts.md has the formulas and their sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.build import build_metal, build_problem
from ramify.build_hosts import build_domain, build_host
from ramify.physics.constants import FARADAY
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.hosts import FlatHost, NoHost, SolidHost
from ramify.scenario.hosts.base import AnisotropicConductivity
from ramify.scenario.schema import PlatingScenario

if TYPE_CHECKING:
    from ramify.hosts.descriptors import Shape
    from ramify.phasefield.effective import Phase
    from ramify.phasefield.problem import Domain

AXES = ("x", "y", "z")


@dataclass(frozen=True)
class Transport:
    """One phase of the host region, on the solver's cells."""

    fraction: float
    """Of the host region."""
    conductivity: dict[str, float]
    """Effective over bulk conductivity along each axis that the domain has."""
    percolates: bool
    """Whether a part reaches from the collector to the top of the host."""
    isolated: float
    """Share of the phase that is cut off: pores from the counter electrode, solid from the collector."""

    def tortuosity(self, axis: str) -> float:
        """Fraction over effective conductivity; infinite where nothing goes through."""
        K = self.conductivity[axis]
        return self.fraction / K if K > 0.0 else math.inf

    def bruggeman_exponent(self, axis: str) -> float:
        """The n of K = fraction^n; not a number for a phase that fills everything or conducts nothing."""
        K = self.conductivity[axis]
        return math.log(K) / math.log(self.fraction) if 0.0 < self.fraction < 1.0 and K > 0.0 else math.nan


@dataclass(frozen=True)
class HostDescription:
    """A host in numbers, SI."""

    title: str
    host_type: str
    domain: Domain
    shape: Shape
    pores: Transport
    solid: Transport
    solid_conductivity: dict[str, float]
    """Effective, of the solid along each axis [S/m]; empty for a material that insulates or is not uniform."""
    accessible_pore_volume: float
    """Of the host region, connected to the counter electrode [m^3]."""
    capacity_limit: float
    """Charge that fills the accessible pore volume with metal, per cross-section [C/m^2]."""
    solid_fraction: np.ndarray
    """Of the cells of the whole domain (nz, ny, nx)."""

    def summary(self) -> dict[str, Any]:
        """The content of `descriptors.json`, units in the keys."""
        shape, sizes = self.shape, self.shape.pores
        numbers: dict[str, Any] = {
            "title": self.title,
            "host_type": self.host_type,
            "domain_size_m": list(self.domain.size),
            "domain_cells": list(self.domain.cells),
            "lateral_faces": "periodic" if self.domain.periodic else "symmetry",
            "height_m": shape.height,
            "porosity": shape.porosity,
            "porosity_domain": shape.porosity_domain,
            "host_area_m2": shape.host_area,
            "free_collector_area_m2": shape.collector_area,
            "specific_surface_area_per_m": shape.specific_surface_area,
            "surface_per_pore_volume_per_m": shape.surface_per_pore_volume,
        }
        for name, key in (("mean", "mean"), ("d10", "d10"), ("d50", "d50"), ("d90", "d90")):
            numbers[f"pore_diameter_{key}_m"] = getattr(sizes, name) if sizes is not None else None
        for phase, transport in (("pore", self.pores), ("solid", self.solid)):
            numbers |= _transport_numbers(phase, transport)
        for axis, conductivity in self.solid_conductivity.items():
            numbers[f"solid_conductivity_{axis}_S_per_m"] = conductivity
        numbers |= {
            "accessible_pore_volume_m3": self.accessible_pore_volume,
            "capacity_limit_C_per_m2": self.capacity_limit,
            "porosity_profile": {"z_m": shape.profile_z, "porosity": shape.profile},
            "pore_sizes": {
                "diameter_m": [] if sizes is None else sizes.diameters,
                "share_of_pore_volume": [] if sizes is None else sizes.shares,
            },
        }
        return numbers


def _transport_numbers(phase: str, transport: Transport) -> dict[str, Any]:
    numbers: dict[str, Any] = {f"{phase}_fraction_on_grid": transport.fraction}
    for axis, K in transport.conductivity.items():
        numbers[f"{phase}_conductivity_{axis}_relative"] = K
        numbers[f"{phase}_tortuosity_{axis}"] = transport.tortuosity(axis)
        numbers[f"{phase}_bruggeman_exponent_{axis}"] = transport.bruggeman_exponent(axis)
    numbers[f"{phase}_bruggeman_tortuosity"] = transport.fraction**-0.5 if transport.fraction > 0.0 else math.inf
    numbers[f"{phase}_percolates"] = transport.percolates
    numbers[f"{phase}_isolated_fraction"] = transport.isolated
    return numbers


def describe_host(scenario: PlatingScenario) -> HostDescription:
    """The host of a resolved scenario; starts PETSc.

    Raises
    ------
    ScenarioError
        Where there is no host with pores, or it cannot be made.
    """
    section, host = scenario.host, build_host(scenario)
    if host is None or isinstance(section, NoHost | FlatHost):
        problem = "there is no host to describe" if host is None else "a slab has no pores to describe"
        raise ScenarioError(problem, ("host", "type"), section.type, "a host with pores")
    from ramify.hosts.descriptors import describe_shape
    from ramify.phasefield.petsc import start_petsc

    start_petsc([])
    from mpi4py import MPI

    from ramify.phasefield.effective import host_phases
    from ramify.phasefield.grid import OWNED, Grid

    domain, problem_ = build_domain(scenario.domain), build_problem(scenario)
    planar = len(scenario.domain.size) == 2
    # The whole domain says what is connected to the electrodes, the host region what conducts how well.
    whole = Grid(domain, MPI.COMM_SELF)
    all_pores, all_solid = host_phases(problem_, whole)
    layers = min(max(round(resolved(section.height) / domain.spacing[2]), 1), domain.cells[2])
    size = (*domain.size[:2], layers * domain.spacing[2])
    region = replace(domain, size=size, cells=(*domain.cells[:2], layers))
    part = Grid(region, MPI.COMM_SELF)
    pores, solid = host_phases(replace(problem_, domain=region), part)
    open_pores = all_pores.reaching(2, True)[:layers]
    accessible = float(all_pores.fraction[OWNED][:layers][open_pores].sum()) * domain.cell_volume
    described = _transport(solid, region, _share(all_solid, ~all_solid.reaching(2, False)[:layers], layers))
    description = HostDescription(
        title=scenario.title,
        host_type=section.type,
        domain=domain,
        shape=describe_shape(host, domain.size, resolved(section.height), periodic=domain.periodic, planar=planar),
        pores=_transport(pores, region, _share(all_pores, ~open_pores, layers)),
        solid=described,
        solid_conductivity=_solid_conductivity(section, solid, described),
        accessible_pore_volume=accessible,
        capacity_limit=accessible / domain.cross_section * FARADAY / build_metal(scenario.metal).molar_volume,
        solid_fraction=1.0 - all_pores.fraction[OWNED],
    )
    for grid in (whole, part):
        grid.destroy()
    return description


def _share(phase: Phase, chosen: np.ndarray, layers: int) -> float:
    """Share of a phase's volume in the lowest layers that lies in the chosen cells."""
    from ramify.phasefield.grid import OWNED

    fraction = phase.fraction[OWNED][:layers]
    return float(fraction[chosen].sum() / max(fraction.sum(), 1e-300))


def _solid_conductivity(section: SolidHost, solid: Phase, described: Transport) -> dict[str, float]:
    """Effective conductivity of the solid along the axes of its description [S/m]; empty if it is not uniform."""
    given = section.conductivity
    if isinstance(given, float):
        return {axis: K * given for axis, K in described.conductivity.items()}
    if not isinstance(given, AnisotropicConductivity):
        return {}
    bulk = (given.lateral, given.lateral, given.through)
    numbers = {name: axis for axis, name in enumerate(AXES)}
    return {name: solid.conductivity(numbers[name], bulk) * bulk[numbers[name]] for name in described.conductivity}


def _transport(phase: Phase, region: Domain, isolated: float) -> Transport:
    from ramify.phasefield.grid import OWNED

    through = phase.reaching(2, False) & phase.reaching(2, True)
    return Transport(
        fraction=float(phase.fraction[OWNED].mean()),
        conductivity={
            name: phase.conductivity(axis) for axis, name in enumerate(AXES) if region.cells[axis] > 1 or axis == 2
        },
        percolates=bool(through.any()),
        isolated=isolated,
    )
