"""Runs of `model: double_layer`: one steady state after another, charge, capacitance and current of each."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.models.double_layer import DoubleLayerScenario, SurfaceSection
from ramify.models.meshed import plot
from ramify.results.fields import Quantity
from ramify.run.meshed import Work, run_meshed
from ramify.run.meshed_folder import MeshedFolder
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.meshes import build_mesh

if TYPE_CHECKING:
    from ramify.fem.double_layer import DoubleLayerCell, Electrode

PREFIX = "fem_ions_"
CURVE = "curve.nc"
"""Charge, capacitance and current against the voltage."""
POTENTIAL = Quantity("phi", r"$\phi$", "electrostatic potential", "V", "electrostatic_potential", "state",
                     shown_unit="mV", shown_factor=1e3)  # fmt: skip
CHARGE_DENSITY = Quantity("charge_density", r"$\rho$", "charge density", "C m-3", "electric_charge_density", "state")


def run(scenario: DoubleLayerScenario, folder: Path, **options: Any) -> int:
    """Run a resolved scenario into a folder; returns the exit code of the contract."""
    return run_meshed(scenario, folder, lambda: _prepare(scenario), plot, PREFIX, **options)


def _prepare(scenario: DoubleLayerScenario) -> Work:
    return partial(_solve, scenario, make_cell(scenario))


def make_cell(scenario: DoubleLayerScenario) -> DoubleLayerCell:
    """Equations of a resolved scenario on its mesh; ScenarioError for names that the mesh has not. Collective."""
    from mpi4py import MPI

    from ramify.fem.double_layer import DoubleLayerCell
    from ramify.fem.mesh import MeshError
    from ramify.fem.pnp import Ions
    from ramify.physics.constants import VACUUM_PERMITTIVITY

    mesh = build_mesh(scenario.mesh, MPI.COMM_WORLD)
    ions = Ions(
        tuple(ion.charge for ion in scenario.ions),
        tuple(ion.diffusivity for ion in scenario.ions),
        scenario.relative_permittivity * VACUUM_PERMITTIVITY,
        scenario.temperature,
        scenario.ion_diameter,
    )
    ends = [_electrode(section, scenario) for section in (scenario.working_electrode, scenario.counter_electrode)]
    concentrations = tuple(ion.concentration for ion in scenario.ions)
    try:
        return DoubleLayerCell(mesh, ions, concentrations, ends[0], ends[1], resolved(scenario.regions), PREFIX)
    except MeshError as refusal:
        raise ScenarioError(str(refusal), ("mesh",)) from None


def _electrode(section: SurfaceSection, scenario: DoubleLayerScenario) -> Electrode:
    from ramify.fem.double_layer import Electrode

    held = {
        number: ion.concentration
        for number, ion in enumerate(scenario.ions)
        if section.holds == "all" or (not isinstance(section.holds, str) and ion.name in section.holds)
    }
    return Electrode(resolved(section.boundary), section.stern_capacitance, held)


def _solve(scenario: DoubleLayerScenario, cell: DoubleLayerCell, folder: MeshedFolder) -> dict[str, Any]:
    before = cell.amounts()
    rows = []
    names = {
        f"c_{ion.name}": Quantity(
            f"c_{ion.name}", f"$c_{{{ion.name}}}$", f"concentration of {ion.name}", "mol m-3",
            f"mole_concentration_of_{ion.name}", "state",
        )
        for ion in scenario.ions
    }  # fmt: skip
    extra = (POTENTIAL, *names.values(), CHARGE_DENSITY)
    for number, voltage in enumerate(scenario.voltages):
        folder.stop_if_asked()
        cell.go_to(voltage)
        fields = {"phi": cell.march.u[:, 0], "charge_density": cell.charge_density()}
        fields |= {name: cell.march.u[:, k + 1] for k, name in enumerate(names)}
        folder.snapshot(float(number), cell.space, fields, extra)
        row = {
            "voltage": voltage,
            "charge": cell.charge(cell.working),
            "capacitance": cell.capacitance(),
            "current": cell.current(cell.working),
            "counter_current": cell.current(cell.counter),
        }
        rows.append(row)
        if folder.root:
            folder.log("state", **row)
    _write_curve(rows, folder, cell.mesh.dimension)
    return _summary(scenario, cell, rows, before)


def _summary(
    scenario: DoubleLayerScenario, cell: DoubleLayerCell, rows: list[dict[str, float]], before: list[float]
) -> dict[str, Any]:
    last, after = rows[-1], cell.amounts()
    held = {*cell.working.held, *cell.counter.held}
    closed = [abs(b - a) / b for k, (b, a) in enumerate(zip(before, after, strict=True)) if k not in held]
    flowing = max(abs(last["current"]), abs(last["counter_current"]))
    comm = cell.mesh.comm
    smallest = min(comm.allgather(float(cell.march.u[:, 1:].min())))
    balance = {"salt_relative": max(closed) if closed else None}
    if cell.working.held and cell.counter.held and any(abs(v) > 0.0 for v in scenario.voltages):
        balance["charge_relative"] = abs(last["current"] + last["counter_current"]) / max(flowing, 1e-300)
    return {
        "steps": len(rows),
        "cells": cell.mesh.cell_count(),
        "unknowns": cell.space.global_count * cell.space.components,
        "voltage_V": last["voltage"],
        "charge": last["charge"],
        "capacitance": last["capacitance"],
        "current": last["current"],
        "smallest_concentration_mol_per_m3": smallest,
        "curve": rows,
        "balance": balance,
    }


def _write_curve(rows: list[dict[str, float]], folder: MeshedFolder, dimension: int) -> None:
    if not folder.root:
        return
    import xarray as xr

    per = {1: " m-2", 2: " m-1", 3: ""}[dimension]
    units = {"charge": f"C{per}", "capacitance": f"F{per}", "current": f"A{per}"}
    names = {
        "charge": "charge of the working electrode",
        "capacitance": "differential capacitance of the working electrode",
        "current": "current into the working electrode",
    }
    data = {
        key: ("state", np.array([row[key] for row in rows]), {"units": unit, "long_name": names[key]})
        for key, unit in units.items()
    }
    data["voltage"] = ("state", np.array([row["voltage"] for row in rows]), {"units": "V", "long_name": "voltage"})
    xr.Dataset(data, attrs={"title": "double layer against the voltage"}).to_netcdf(
        folder.path / CURVE, engine="h5netcdf"
    )
