"""Salt, charge, ions and surfaces on unstructured meshes: orders, ranks, closed forms, balances, positivity."""

import json
import math

import numpy as np
import pytest
from fem_cells import SALT, flat_cell, l_shaped_cell, plane_layer

from ramify.fem import pnp
from ramify.fem.binary import BinaryTransport, Storage
from ramify.fem.boxes import uniform_box
from ramify.fem.current_distribution import CurrentDistribution
from ramify.fem.electrodes import ElectrodeSurface, Fields, SurfaceKinetics
from ramify.fem.march import March
from ramify.fem.mesh import MeshError
from ramify.fem.newton import NewtonSolver, PositiveConcentrations, Scales
from ramify.fem.pattern import Pattern, apply_entries
from ramify.fem.spaces import Space
from ramify.physics import cell as scales_of_cell
from ramify.physics import double_layer, electrolyte
from ramify.physics.constants import FARADAY
from ramify.validation.manufactured.transport import study

Study = dict[str, dict[str, list[float]]]


@pytest.fixture(scope="module")
def serial() -> Study:
    return study()


def test_orders_of_every_equation_and_cell(serial: Study) -> None:
    for case, found in serial.items():
        order = int(case.split()[2])
        # Two coarse meshes; the edge-averaged ions in 3-D are not yet in their asymptotic range.
        slack = 0.35 if case.startswith("pnp") else 0.1
        for observed in found["orders"]:
            assert order + 1 - slack < observed < order + 1.2, case


def test_two_ranks_give_the_same(serial: Study, mpiexec) -> None:
    printed = mpiexec(2, "-m", "ramify.validation.manufactured.transport").stdout
    parallel = json.loads(printed.splitlines()[-1])
    for case, found in serial.items():
        assert parallel[case]["errors"] == pytest.approx(found["errors"], rel=1e-6, abs=1e-10), case


def test_gouy_chapman_layer() -> None:
    layer = plane_layer(cells=80)
    exact = double_layer.gouy_chapman_potential(layer.distance, layer.voltage, layer.debye, layer.ions.thermal_voltage)
    assert layer.u[:, 0] == pytest.approx(exact, abs=2e-4 * layer.voltage)
    c0 = layer.concentration
    boltzmann = c0 * np.exp(-layer.u[:, 0] / layer.ions.thermal_voltage)
    assert layer.u[:, 1] == pytest.approx(boltzmann, rel=1e-7), "zero flux is Boltzmann's distribution, exactly"


def test_crowded_layer_has_bikermans_charge() -> None:
    layer = plane_layer(cells=160, diameter=8e-10)
    crowding = 2.0 * layer.ions.molar_volume * layer.concentration
    ions = layer.ions
    exact = double_layer.steric_charge(layer.voltage, layer.debye, ions.permittivity, ions.thermal_voltage, crowding)
    points = double_layer.steric_charge(layer.voltage, layer.debye, ions.permittivity, ions.thermal_voltage, 1e-9)
    assert layer.charge == pytest.approx(exact, rel=1e-3)
    assert abs(points / exact - 1.0) > 0.01, "sterics matter here"


def test_ions_stay_positive_where_migration_dominates() -> None:
    """Ten RT/F from node to node, far beyond what Galerkin's fluxes stand."""
    layer = plane_layer(cells=12, voltage=0.5)
    assert layer.u[:, 1:].min() > 0.0
    vt = layer.ions.thermal_voltage
    assert np.abs(np.diff(np.sort(layer.u[:, 0]))).max() > 5.0 * vt
    expected = layer.concentration * np.exp(-layer.u[:, 0] / vt)
    assert np.log(layer.u[:, 1]) == pytest.approx(np.log(expected), abs=1e-6)


@pytest.mark.parametrize("distribution", ["primary", "secondary", "tertiary"])
def test_flat_cells_have_their_voltage(distribution) -> None:
    """Lithium on both sides: ohmic drop, overpotentials and concentration overpotential by hand."""
    current = 20.0
    model = CurrentDistribution(*flat_cell(distribution, SALT), current=current)
    model.solve_steady()
    conductivity, length = float(SALT.conductivity(1000.0)), 50e-6
    resistance = length / conductivity
    expected = -current * resistance
    if distribution == "secondary":
        expected += 2.0 * scales_of_cell.overpotential(current, 30.0, 0.5, 0.5, 1.0 / SALT.thermal_voltage)
    if distribution == "tertiary":
        rise = current * length * 0.7 / (2.0 * FARADAY * 3e-10)
        i0_at_counter = 30.0 * math.sqrt(1.0 + rise / 1000.0)
        expected = scales_of_cell.overpotential(current, i0_at_counter, 0.5, 0.5, 1.0 / SALT.thermal_voltage)
        expected += scales_of_cell.steady_voltage(
            current, length, 1000.0, 3e-10, 0.3, 1e-3, 1.5, SALT.temperature, 30.0, 1000.0
        )
    assert model.voltage == pytest.approx(expected, rel=1e-4)
    working, counter = model.currents()
    assert working == pytest.approx(current, rel=1e-9) and counter == pytest.approx(-working, rel=1e-9)


def test_metal_of_perfect_conduction_is_equipotential() -> None:
    """Ohmic electrons of rising conductivity arrive at the equipotential electrode's distribution."""
    voltages = []
    for conductivity in (None, 1e7, 1e-2):
        model = CurrentDistribution(*l_shaped_cell(conductivity), current=1e-4)
        model.solve_steady()
        working, counter = model.currents()
        assert working == pytest.approx(1e-4, rel=1e-7) and counter == pytest.approx(-1e-4, rel=1e-7)
        voltages.append(model.voltage)
    assert voltages[1] == pytest.approx(voltages[0], rel=1e-4)
    assert voltages[2] < 1.5 * voltages[0] < 0.0


def test_a_closed_cell_keeps_its_salt() -> None:
    """Transient galvanostatic cell: charge and salt balance to round-off, step by step."""
    model = CurrentDistribution(*flat_cell("tertiary", electrolyte.preset()), current=15.0)
    content, dt, march = model.salt_content(), 1e-3, model.march
    sizes = np.array([1000.0, np.inf])
    while march.time < 2.0:
        _, dt = march.adaptive_step(2.0, dt, 1e-3, sizes)
    assert march.booked["charge"] == pytest.approx(15.0 * 2.0, rel=1e-8)
    assert march.booked["counter charge"] == pytest.approx(-15.0 * 2.0, rel=1e-8)
    assert model.salt_content() == pytest.approx(content, rel=1e-9)
    assert march.u[:, 0].max() > 1005.0


def test_time_scheme_is_of_second_order() -> None:
    """A decaying mode of the salt, exact in space to many digits."""
    length, D = 50e-6, 3e-10
    decay = D * (math.pi / length) ** 2
    errors = []
    for steps in (20, 40):
        space = Space(uniform_box("interval", (length,), (24,)), 2, 2)
        pattern, cells = Pattern(space), np.arange(len(space.mesh.cells))
        transport = BinaryTransport(space, pattern, SALT, 1000.0, cells)
        storage = Storage(space, pattern, cells, 0, space.element.tables(4))
        fixed = np.zeros((space.local_count, 2), dtype=bool)
        fixed[space.boundary_nodes("top"), 1] = True
        scales = Scales(np.array([1000.0, 0.025]), np.array([D * 1000.0 / length, 0.025 / length]))
        solver = NewtonSolver(
            pattern, [transport, storage], fixed, scales, PositiveConcentrations((1,), (0,), 0.2), "fem_time_"
        )
        mode = np.cos(math.pi * space.coordinates[:, 0] / length)
        u = np.column_stack([1000.0 + 100.0 * mode, np.zeros_like(mode)])
        march = March(solver, (storage,), u, np.empty(0))
        duration = 1.0 / decay
        for step in range(steps):
            march.step(duration / steps * (1.2 if step % 2 else 0.8))
        errors.append(np.abs(march.u[:, 0] - 1000.0 - 100.0 * math.exp(-1.0) * mode).max())
    assert math.log2(errors[0] / errors[1]) > 1.85


@pytest.mark.parametrize("crowded", [False, True])
def test_jacobian_of_the_ions_is_exact(crowded: bool) -> None:
    ions = pnp.Ions((1, -2, 1), (1e-9, 2e-9, 9e-9), 7e-10, 298.15, 4e-10 if crowded else 0.0)
    space = Space(uniform_box("triangle", (1e-9, 1e-9), (2, 2)), 1, 4)
    pattern = Pattern(space)
    term = pnp.PoissonNernstPlanck(space, pattern, ions, np.arange(len(space.mesh.cells)))
    layer = pnp.SternLayer(space, pattern, ["left"], 0.2, border=0)
    random = np.random.default_rng(3)
    u = np.column_stack([0.05 * random.normal(size=9), *(1000.0 * random.random((3, 9)))])
    scales = Scales(np.ones(4), np.ones(4), np.ones(1))
    solver = NewtonSolver(pattern, [term, layer], np.zeros(u.shape, dtype=bool), scales, pnp.damping(ions), "fem_jac_")
    shift = random.normal(size=u.shape) * np.array([1e-6, 1e-3, 1e-3, 1e-3])
    at = [solver.linearise(u + sign * shift, np.array([0.1 + sign * 1e-6])) for sign in (-1.0, 0.0, 1.0)]
    slope = 0.5 * (at[2].residual - at[0].residual)
    product = apply_entries(at[1].entries, pattern.starts, pattern.columns, shift) + 1e-6 * at[1].columns[0]
    for k in range(4):
        assert product[:, k] == pytest.approx(slope[:, k], abs=1e-7 * np.abs(slope[:, k]).max())


def test_names_of_electrodes_are_checked() -> None:
    mesh, cell = flat_cell("secondary", SALT)
    from dataclasses import replace

    with pytest.raises(MeshError, match="did you mean 'bottom'"):
        CurrentDistribution(mesh, replace(cell, working=("botom",)), current=1.0)


def test_jacobian_of_salt_charge_and_surfaces_is_exact() -> None:
    """Variable properties, a film, and the electrode's potential as a border."""
    salt = electrolyte.preset()
    space = Space(uniform_box("triangle", (20e-6, 20e-6), (2, 2)), 2, 2)
    pattern = Pattern(space)
    transport = BinaryTransport(space, pattern, salt, 1000.0, np.arange(len(space.mesh.cells)))
    kinetics = SurfaceKinetics(30.0, 1000.0, 0.4, 0.6, salt.thermal_voltage, film_resistance=1e-4)
    fields = Fields(1, 0, -1, 1, 0, transport.salt_factor)
    surface = ElectrodeSurface(space, pattern, ["left"], kinetics, fields, border=0, current=1e-3)
    solver = NewtonSolver(
        pattern,
        [transport, surface],
        np.zeros((space.local_count, 2), dtype=bool),
        Scales(np.ones(2), np.ones(2), np.ones(1)),
        PositiveConcentrations((1,), (0,), 0.2),
        "fem_jacobian_",
    )
    random = np.random.default_rng(5)
    u = np.column_stack(
        [1000.0 + 300.0 * random.random(len(space.coordinates)), 0.02 * random.random(space.local_count)]
    )
    shift = random.normal(size=u.shape) * np.array([1e-2, 1e-6])
    at = [solver.linearise(u + sign * shift, np.array([-0.03 + sign * 1e-6])) for sign in (-1.0, 0.0, 1.0)]
    slope = 0.5 * (at[2].residual - at[0].residual)
    product = apply_entries(at[1].entries, pattern.starts, pattern.columns, shift) + 1e-6 * at[1].columns[0]
    for k in range(2):
        assert product[:, k] == pytest.approx(slope[:, k], abs=1e-6 * np.abs(slope[:, k]).max())
    gap = 0.5 * (at[2].gaps - at[0].gaps)
    assert float((at[1].rows[0] * shift).sum()) + 1e-6 * at[1].corner[0, 0] == pytest.approx(gap[0], rel=1e-6)
