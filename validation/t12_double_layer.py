"""T12: Gouy-Chapman's double layer in closed form, and Chazalviel's space charge against collocation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.fem import pnp
from ramify.fem.boxes import box
from ramify.fem.double_layer import DoubleLayerCell, Electrode
from ramify.fem.mesh import Mesh
from ramify.physics import double_layer
from ramify.physics.constants import FARADAY, VACUUM_PERMITTIVITY
from ramify.validate import Case, Check, check_at_most, check_relative
from ramify.validation.figures import save_curves
from ramify.validation.references import space_charge

NAME = "t12-double-layer"
GOUY, COLLOCATION = "Gouy 1910, Chapman 1913, closed form", "1-D collocation (validation/references/space_charge.py)"
STERIC = "Kilic, Bazant and Ajdari 2007, closed form"
PERMITTIVITY, TEMPERATURE, SALT = 78.5 * VACUUM_PERMITTIVITY, 298.15, 10.0
VOLTAGES = (0.02, 0.06, 0.1, 0.15)
DILUTE, LENGTH = 0.1, 10e-6
"""Of the space-charge case: concentration [mol/m^3], distance of the electrodes [m]."""
CHAZALVIEL = (0.1, 0.4, 1.0)
"""Voltages [V]."""


def plane(cells: int, length: float, debye: float) -> Mesh:
    """Intervals that grow from the electrode by 150 times."""
    growth = np.log(150.0)
    z = length * np.expm1(growth * np.linspace(0.0, 1.0, cells + 1)) / np.expm1(growth)
    return box("interval", [z])


def layer(mesh: Mesh, diameter: float = 0.0) -> DoubleLayerCell:
    """A blocking electrode at the bottom, the bulk at the top."""
    ions = pnp.Ions((1, -1), (1.96e-9, 2.03e-9), PERMITTIVITY, TEMPERATURE, diameter)
    return DoubleLayerCell(
        mesh, ions, (SALT, SALT), Electrode("bottom"), Electrode("top", held={0: SALT, 1: SALT}), ("box",)
    )


def gouy_chapman(folder: Path | None) -> list[Check]:
    """Potential and capacitance on graded intervals, and on triangles with a flat electrode."""
    debye = double_layer.debye_length(SALT, PERMITTIVITY, TEMPERATURE)
    checks, curves = [], []
    axis = debye * 8.0 * np.expm1(5.0 * np.linspace(0.0, 1.0, 161)) / np.expm1(5.0)
    meshes = {
        "intervals": plane(300, 10.0 * debye, debye),
        "triangles": box("triangle", [np.linspace(0.0, debye, 4), axis]),
    }
    for name, mesh in meshes.items():
        cell = layer(mesh)
        width = mesh.area("bottom")
        thermal = cell.ions.thermal_voltage
        for voltage in VOLTAGES:
            cell.go_to(voltage)
            exact = double_layer.gouy_chapman_potential(cell.space.coordinates[:, -1], voltage, debye, thermal)
            error = float(np.abs(cell.march.u[:, 0] - exact).max() / voltage)
            checks.append(check_at_most(NAME, f"largest error of phi over V, {voltage} V, {name}", error, 5e-3, GOUY))
            capacitance = double_layer.gouy_chapman_capacitance(voltage, debye, PERMITTIVITY, thermal)
            checks.append(
                check_relative(
                    NAME,
                    f"capacitance [F/m2], {voltage} V, {name}",
                    cell.capacitance() / width,
                    capacitance,
                    5e-3,
                    GOUY,
                )
            )
            if name == "intervals":
                z = cell.space.coordinates[:, 0]
                curves += [(f"{voltage} V", z * 1e9, cell.march.u[:, 0], "."), ("", z * 1e9, exact, "k-")]
        cell.destroy()
    save_curves(folder, f"{NAME}-potential", curves, ("z [nm]", "phi [V]"))
    return checks


def crowding() -> list[Check]:
    """Charge under Bikerman's sterics, where the ions of a point-like model would overfill space."""
    debye = double_layer.debye_length(SALT, PERMITTIVITY, TEMPERATURE)
    checks = []
    cell = layer(plane(600, 10.0 * debye, debye), diameter=8e-10)
    nu = 2.0 * cell.ions.molar_volume * SALT
    for voltage in (0.1, 0.3):
        cell.go_to(voltage)
        exact = double_layer.steric_charge(voltage, debye, PERMITTIVITY, cell.ions.thermal_voltage, nu)
        charge = cell.charge(cell.working)
        checks.append(
            check_relative(NAME, f"charge with ions of 0.8 nm [C/m2], {voltage} V", charge, exact, 5e-3, STERIC)
        )
    cell.destroy()
    return checks


def chazalviel(folder: Path | None) -> list[Check]:
    """Current, cathode charge and profiles beyond the limiting current."""
    ions = pnp.Ions((1, -1), (1e-9, 1e-9), PERMITTIVITY, TEMPERATURE)
    debye = double_layer.debye_length(DILUTE, PERMITTIVITY, TEMPERATURE)
    thermal = ions.thermal_voltage
    half = plane(500, 0.5 * LENGTH, debye).points[:, 0]
    mesh = box("interval", [np.concatenate([half, LENGTH - half[-2::-1]])])
    ends = [Electrode(name, held={0: DILUTE}) for name in ("bottom", "top")]
    cell = DoubleLayerCell(mesh, ions, (DILUTE, DILUTE), ends[0], ends[1], ("box",))
    references = space_charge.solve(np.array(CHAZALVIEL) / thermal, debye / LENGTH)
    checks, curves = [], []
    z = cell.space.coordinates[:, 0]
    before = cell.amounts()[1]
    for voltage, reference in zip(CHAZALVIEL, references, strict=True):
        cell.go_to(-voltage)
        current = reference.flux * FARADAY * 1e-9 * DILUTE / LENGTH
        charge = -PERMITTIVITY * reference.field * thermal / LENGTH
        cations = np.interp(z / LENGTH, reference.x, reference.cations)
        anions = np.interp(z / LENGTH, reference.x, reference.anions)
        profiles = np.abs(cell.march.u[:, 1:] / DILUTE - np.column_stack([cations, anions])).max()
        what, charged = f"{voltage} V", cell.charge(cell.working)
        checks += [
            check_relative(NAME, f"current [A/m2], {what}", cell.current(cell.working), current, 5e-3, COLLOCATION),
            check_relative(NAME, f"cathode's charge [C/m2], {what}", charged, charge, 5e-3, COLLOCATION),
            check_at_most(NAME, f"largest error of a concentration over c0, {what}", profiles, 5e-3, COLLOCATION),
        ]  # fmt: skip
        curves += [
            (f"cations, {what}", z * 1e6, cell.march.u[:, 1] / DILUTE, "-"),
            (f"anions, {what}", z * 1e6, cell.march.u[:, 2] / DILUTE, "--"),
        ]
    drift = abs(cell.amounts()[1] / before - 1.0)
    checks.append(check_at_most(NAME, "relative change of the anions' amount", drift, 1e-9, "identity"))
    cell.destroy()
    save_curves(folder, f"{NAME}-space-charge", curves, ("z [um]", "c/c0"))
    return checks


def run(folder: Path | None) -> list[Check]:
    """All three."""
    return [*gouy_chapman(folder), *crowding(), *chazalviel(folder)]


CASE = Case(NAME, "Double layers and Chazalviel's space charge", "20 s", True, f"{GOUY}; {COLLOCATION}", run)
