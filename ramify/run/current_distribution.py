"""Runs of `model: current_distribution`: the mesh, the equations, the numbers and the files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.build import build_electrolyte
from ramify.models.current_distribution import CurrentDistributionScenario
from ramify.models.meshed import plot
from ramify.run.depleting import fields_of, march
from ramify.run.meshed import Work, run_meshed
from ramify.run.meshed_folder import MeshedFolder
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.meshes import build_mesh

if TYPE_CHECKING:
    from ramify.fem.current_distribution import Cell, CurrentDistribution

PREFIX = "fem_current_"
SURFACE = "surface.nc"
"""Current density along the working electrode."""


def run(scenario: CurrentDistributionScenario, folder: Path, **options: Any) -> int:
    """Run a resolved scenario into a folder; returns the exit code of the contract."""
    return run_meshed(scenario, folder, lambda: _prepare(scenario), plot, PREFIX, **options)


def _prepare(scenario: CurrentDistributionScenario) -> Work:
    return partial(_solve, scenario, make_model(scenario))


def make_model(scenario: CurrentDistributionScenario) -> CurrentDistribution:
    """Equations of a resolved scenario on its mesh; ScenarioError for names that the mesh has not. Collective."""
    from mpi4py import MPI

    from ramify.fem.current_distribution import CurrentDistribution
    from ramify.fem.mesh import MeshError

    mesh = build_mesh(scenario.mesh, MPI.COMM_WORLD)
    cell = make_cell(scenario, mesh.extent()[-1])
    working = scenario.working_electrode
    try:
        current = None
        if working.current_density is not None:
            current = working.current_density * sum(mesh.area(name) for name in cell.counter)
        return CurrentDistribution(mesh, cell, current=current, voltage=working.voltage or 0.0, prefix=PREFIX)
    except MeshError as refusal:
        raise ScenarioError(str(refusal), ("mesh",)) from None


def make_cell(scenario: CurrentDistributionScenario, length: float) -> Cell:
    """What the scenario asks of the finite elements; `length` is the mesh's along z [m]."""
    from ramify.fem.current_distribution import Cell, ElectronConduction
    from ramify.fem.electrodes import SurfaceKinetics

    electrolyte, kinetics, section = build_electrolyte(scenario.electrolyte), scenario.kinetics, scenario.electrons
    electrons = None
    if section is not None:
        electrons = ElectronConduction(
            resolved(section.regions),
            section.conductivity,
            resolved(section.collector),
            1.0 / section.contact_resistance,
        )
    return Cell(
        distribution=scenario.distribution,
        electrolyte=electrolyte,
        concentration=scenario.electrolyte.concentration,
        kinetics=SurfaceKinetics(
            kinetics.exchange_current_density,
            resolved(kinetics.reference_concentration),
            resolved(kinetics.anodic_transfer_coefficient),
            kinetics.transfer_coefficient,
            electrolyte.thermal_voltage,
            kinetics.film_resistance,
        ),
        working=resolved(scenario.working_electrode.boundaries),
        counter=resolved(scenario.counter_electrode.boundaries),
        electrolyte_regions=resolved(scenario.regions),
        length=length,
        counter_kind=scenario.counter_electrode.kind,
        electrons=electrons,
        order=scenario.numerics.order,
    )


def _solve(scenario: CurrentDistributionScenario, model: CurrentDistribution, folder: MeshedFolder) -> dict[str, Any]:
    numbers: dict[str, Any] = {"steps": 1, "rejected_steps": 0}
    # Of the start, also where a run goes on.
    content = model.salt_content() if model.salt >= 0 else 0.0
    if scenario.duration is None:
        _settle(model)
        folder.snapshot(0.0, model.space, fields_of(model), ())
    else:
        numbers = march(scenario, model, folder)
    folder.log("solved", steps=numbers["steps"], voltage=model.voltage)
    _write_surface(model, folder)
    return summary(scenario, model, content) | numbers


def _settle(model: CurrentDistribution) -> None:
    """The steady state, or what may be the reason that there is none."""
    from ramify.fem.newton import NewtonFailure

    try:
        model.solve_steady()
    except NewtonFailure as failure:
        if model.salt < 0 or model.current is None:
            raise
        raise NewtonFailure(
            f"no steady state was found ({failure}); beyond the limiting current there is none: try a smaller current, "
            "or a transient with a duration"
        ) from None


def summary(scenario: CurrentDistributionScenario, model: CurrentDistribution, content: float) -> dict[str, Any]:
    """The model's part of `summary.json`; `content` is the salt at the start. Collective."""
    from ramify.fem.norms import total

    working, counter = model.currents()
    march, surface = model.march, model.working
    i_n, weights = surface.current_density(march.u, march.borders), surface.weights
    area = surface.area()
    mean = working / area
    comm = model.mesh.comm
    spread = total(model.mesh, float((weights * (i_n - mean) ** 2).sum()))
    largest = max(comm.allgather(float(i_n.max(initial=-np.inf))))
    smallest = min(comm.allgather(float(i_n.min(initial=np.inf))))
    shares = {name: model.share_of(name) for name in model.cell.working}
    numbers: dict[str, Any] = {
        "distribution": scenario.distribution,
        "time_s": march.time if scenario.duration is not None else 0.0,
        "cells": model.mesh.cell_count(),
        "unknowns": model.space.global_count * model.space.components,
        "voltage_V": model.voltage,
        "current": working,
        "working_area": area,
        "current_density_mean_A_per_m2": mean,
        "current_density_largest_A_per_m2": largest,
        "current_density_smallest_A_per_m2": smallest,
        "current_density_deviation_relative": float(np.sqrt(spread / area) / abs(mean)) if mean else None,
        "current_shares": shares,
        "charge_passed_C": march.booked["charge"] if scenario.duration is not None else 0.0,
    }
    balance = {"charge_relative": abs(working + counter) / max(abs(working), 1e-300)}
    if model.salt >= 0:
        c = march.u[model.wet, model.salt]
        numbers["minimum_concentration_mol_per_m3"] = min(comm.allgather(float(c.min(initial=np.inf))))
        if scenario.counter_electrode.kind == "lithium":
            balance["salt_relative"] = abs(model.salt_content() - content) / content
    return numbers | {"balance": balance}


def _write_surface(model: CurrentDistribution, folder: MeshedFolder) -> None:
    """`surface.nc`: centre, area and mean current density of every facet of the working electrode."""
    surface, march = model.working, model.march
    i_n = surface.current_density(march.u, march.borders)
    areas = surface.weights.sum(axis=1)
    centres = model.mesh.points[surface.corners].mean(axis=1)
    mine = (centres, areas, (surface.weights * i_n).sum(axis=1) / areas)
    pieces = folder.comm.gather(mine, root=0)
    if pieces is None:
        return
    import xarray as xr

    from ramify.results.mesh_files import AXES

    places, sizes, values = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    data: dict[str, Any] = {
        "xyz"[axis]: ("facet", places[:, k], {"units": "m"}) for k, axis in enumerate(AXES[model.mesh.dimension])
    }
    unit = {1: "1", 2: "m", 3: "m2"}[model.mesh.dimension]
    data["area"] = ("facet", sizes, {"units": unit, "long_name": "area of the facet"})
    label: Mapping[str, str] = {"units": "A m-2", "long_name": "current density, positive for plating"}
    data["current_density"] = ("facet", values, dict(label))
    xr.Dataset(data, attrs={"title": "current density on the working electrode"}).to_netcdf(
        folder.path / SURFACE, engine="h5netcdf"
    )
