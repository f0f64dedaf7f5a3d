"""Runs of `model: double_layer`: steady states one after the other, their charge and current, or a transient."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.models.double_layer import DoubleLayerScenario, SurfaceSection, exchanged
from ramify.models.meshed import plot
from ramify.results.fields import Quantity
from ramify.run.charging import PER_AREA, march, smallest_concentration
from ramify.run.meshed import Work, run_meshed
from ramify.run.meshed_folder import MeshedFolder
from ramify.scenario.errors import ScenarioError
from ramify.scenario.grid_rules import resolved
from ramify.scenario.meshes import build_mesh

if TYPE_CHECKING:
    from ramify.fem.double_layer import DoubleLayerCell, Electrode, Reaction

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
    return Electrode(resolved(section.boundary), section.stern_capacitance, held, _reaction(section, scenario))


def _reaction(section: SurfaceSection, scenario: DoubleLayerScenario) -> Reaction | None:
    from ramify.fem.double_layer import Reaction
    from ramify.fem.electrodes import SurfaceKinetics
    from ramify.physics.constants import FARADAY, GAS_CONSTANT

    found = section.reaction
    if found is None:
        return None
    ion = [ion.name for ion in scenario.ions].index(found.ion)
    kinetics = SurfaceKinetics(
        found.exchange_current_density,
        resolved(found.reference_concentration),
        resolved(found.anodic_transfer_coefficient),
        found.transfer_coefficient,
        GAS_CONSTANT * scenario.temperature / (scenario.ions[ion].charge * FARADAY),
        found.film_resistance,
    )
    return Reaction(ion, kinetics)


def _solve(scenario: DoubleLayerScenario, cell: DoubleLayerCell, folder: MeshedFolder) -> dict[str, Any]:
    names = {
        f"c_{ion.name}": Quantity(
            f"c_{ion.name}", f"$c_{{{ion.name}}}$", f"concentration of {ion.name}", "mol m-3",
            f"mole_concentration_of_{ion.name}", "state",
        )
        for ion in scenario.ions
    }  # fmt: skip
    extra = (POTENTIAL, *names.values(), CHARGE_DENSITY)

    def snapshot(at: float) -> None:
        fields = {"phi": cell.march.u[:, 0], "charge_density": cell.charge_density()}
        fields |= {name: cell.march.u[:, k + 1] for k, name in enumerate(names)}
        folder.snapshot(at, cell.space, fields, extra)

    found = (
        _states(scenario, cell, folder, snapshot) if scenario.steps is None else march(scenario, cell, folder, snapshot)
    )
    return {
        "cells": cell.mesh.cell_count(),
        "unknowns": cell.space.global_count * cell.space.components,
        "voltage_V": cell.voltage,
        "charge": cell.charge(cell.working),
        "current": cell.current(cell.working),
        "smallest_concentration_mol_per_m3": smallest_concentration(cell),
    } | found


def _states(
    scenario: DoubleLayerScenario, cell: DoubleLayerCell, folder: MeshedFolder, snapshot: Callable[[float], None]
) -> dict[str, Any]:
    """Steady states one after the other; returns the numbers of the summary."""
    before, rows = cell.amounts(), []
    area = cell.mesh.area(cell.working.boundary)
    for number, target in enumerate(scenario.voltages or resolved(scenario.current_densities)):
        folder.stop_if_asked()
        if scenario.voltages is not None:
            cell.go_to(target)
        else:
            cell.go_to_current(target * area)
        snapshot(float(number))
        row = {"voltage": cell.voltage, "charge": cell.charge(cell.working)}
        if scenario.voltages is not None:
            row["capacitance"] = cell.capacitance()
        row |= {"current": cell.current(cell.working), "counter_current": cell.current(cell.counter)}
        rows.append(row)
        folder.log("state", **row)
    _write_curve(rows, folder, cell.mesh.dimension)
    passing = [exchanged(section, scenario) for section in (scenario.working_electrode, scenario.counter_electrode)]
    kept = [k for k, ion in enumerate(scenario.ions) if ion.name not in passing[0] | passing[1]]
    after, last = cell.amounts(), rows[-1]
    balance = {"salt_relative": max((abs(after[k] - before[k]) / before[k] for k in kept), default=None)}
    flowing = max(abs(last["current"]), abs(last["counter_current"]))
    if passing[0] & passing[1] and flowing > 0.0:
        balance["charge_relative"] = abs(last["current"] + last["counter_current"]) / flowing
    numbers = {"steps": len(rows), "curve": rows, "balance": balance}
    return numbers | ({"capacitance": last["capacitance"]} if "capacitance" in last else {})


def _write_curve(rows: list[dict[str, float]], folder: MeshedFolder, dimension: int) -> None:
    if not folder.root:
        return
    import xarray as xr

    per = PER_AREA[dimension]
    units = {"charge": f"C{per}", "capacitance": f"F{per}", "current": f"A{per}"}
    names = {
        "charge": "charge of the working electrode",
        "capacitance": "differential capacitance of the working electrode",
        "current": "current into the working electrode",
    }
    units = {key: unit for key, unit in units.items() if key in rows[0]}
    data = {
        key: ("state", np.array([row[key] for row in rows]), {"units": unit, "long_name": names[key]})
        for key, unit in units.items()
    }
    data["voltage"] = ("state", np.array([row["voltage"] for row in rows]), {"units": "V", "long_name": "voltage"})
    xr.Dataset(data, attrs={"title": "double layer against the voltage"}).to_netcdf(
        folder.path / CURVE, engine="h5netcdf"
    )
