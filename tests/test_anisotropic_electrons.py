"""Hosts that conduct differently along z: exact limits, equal parts, what each part changes, by phase."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from plating_cells import LITHIUM, SALT, H, advance, flat, gathered, plating_problem
from test_hosts_plating import solver_of
from test_ohmic_electrons import spheres_beside_a_pillar

from ramify.phasefield.engine import Control
from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.electrons import OhmicElectrons
from ramify.phasefield.plating.state import History, Target
from ramify.phasefield.problem import AnisotropicConductivity, Electrons, Geometry, Kinetics, Numerics

CELLS = (6, 4, 5)
SPACING = (H, 0.8 * H, 1.3 * H)
KAPPA = 0.5
"""What scales the block [S/m]."""
LATERAL, THROUGH = 3.0, 0.02
TALL = "type: pillars, diameter: 3 um, pitch: 10 um, height: 22 um"
NUCLEI = [
    "domain={size: [10 um, 10 um, 28 um], cells: [20, 20, 56], lateral: periodic}",
    "nuclei=[{position: [0 um, 0 um, 0 um], radius: 2 um}, {position: [5 um, 5 um, 22 um], radius: 2 um}]",
    "nucleation=",
    "numerics.first_step=1 s",
]
OHMIC = "electrons.transport=ohmic"


def block(conductivity, pore: float = 0.0, metal: float = 0.0) -> tuple[OhmicElectrons, np.ndarray]:
    """A box full of host, its pores full of metal; and the matrix of its conduction, owned cells."""
    problem = plating_problem(
        CELLS,
        SPACING,
        geometry=Geometry(flat(0.0), host_distance=flat(1.0), host_conductivity=conductivity),
        metal=replace(LITHIUM, conductivity=metal),
    )
    grid = Grid(problem.domain, MPI.COMM_SELF)
    finest = min(SPACING)
    fraction = grid.zeros()
    fraction[:] = pore
    electrons = OhmicElectrons(grid, problem, fraction, KAPPA, [(finest / h) ** 2 for h in SPACING])
    xi = grid.zeros()
    xi[:] = 1.0
    electrons.set_geometry(xi, np.zeros(grid.ghosted_shape, np.int32))
    return electrons, matrix(electrons)


def matrix(electrons: OhmicElectrons) -> np.ndarray:
    count = int(np.prod(electrons.grid.shape))
    columns, Q = [], electrons.grid.zeros()
    for unit in np.eye(count):
        Q[OWNED] = unit.reshape(electrons.grid.shape)
        columns.append(electrons.apply(Q).ravel().copy())
    return np.array(columns).T


def conductivity_along(axis: int, electrons: OhmicElectrons, conduction: np.ndarray) -> float:
    """sigma = J l/U [S/m] for a current J = 1 A/m^2 between the first and the last cell's centres."""
    shape = electrons.grid.shape
    source = np.zeros(shape)
    layers = np.moveaxis(source, 2 - axis, 0)
    h = SPACING[axis]
    layers[0], layers[-1] = min(SPACING) ** 2 / KAPPA / h, -(min(SPACING) ** 2) / KAPPA / h
    potential = np.linalg.lstsq(conduction, source.ravel(), rcond=None)[0].reshape(shape)
    across = np.moveaxis(potential, 2 - axis, 0)
    assert np.ptp(across[0]) <= 1e-9 * np.ptp(potential)
    return float((CELLS[axis] - 1) * h / (across[0] - across[-1]).mean())


@pytest.mark.parametrize(("pore", "metal"), [(0.0, 0.0), (0.4, 7.0)])
def test_a_current_along_an_axis_feels_the_conductivity_along_it_alone(pore, metal):
    """sigma A/l of a block without the collector, and of one on it; metal in the pores conducts in parallel."""
    electrons, on_collector = block(AnisotropicConductivity(LATERAL, THROUGH), pore, metal)
    lateral, through = ((1.0 - pore) * part + pore * metal for part in (LATERAL, THROUGH))
    electrons.ground[:] = 0.0
    insulated = matrix(electrons)
    for axis, exact in enumerate((lateral, lateral, through)):
        assert conductivity_along(axis, electrons, insulated) == pytest.approx(exact, rel=1e-9)
    # All that enters the uppermost layer leaves through the collector, half a cell below the lowest centre.
    source = np.zeros(electrons.grid.shape)
    source[-1] = min(SPACING) ** 2 / KAPPA / SPACING[2]
    potential = np.linalg.solve(on_collector, source.ravel()).reshape(source.shape)
    assert potential[-1] == pytest.approx((CELLS[2] - 0.5) * SPACING[2] / through, rel=1e-9)


@pytest.mark.parametrize("given", [1e-2, lambda x, y, z: 1e-2 * np.exp(-1e5 * z) + 0.0 * (x + y)])
def test_equal_parts_are_the_isotropic_conductivity_to_the_last_bit(given):
    found = []
    for conductivity in (given, AnisotropicConductivity(given, given)):

        def host(x, y, z):
            return np.maximum(np.abs(x - 6.0 * H) - 2.3 * H, z - 9.2 * H) + 0.0 * y

        solver = PlatingSolver(
            plating_problem(
                (12, 1, 24),
                geometry=Geometry(flat(5.0 * H), host_distance=host, host_conductivity=conductivity),
                kinetics=Kinetics(30.0, SALT),
                electrons=Electrons("ohmic"),
                numerics=Numerics(first_step=0.2),
            )
        )
        solver.set_control(Control("current", 40.0))
        advance(solver, 1.0)
        found.append([gathered(solver, name) for name in ("xi", "c", "phi_l", "phi_s")] + [np.array(solver.voltage)])
        solver.destroy()
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def voltage_and_mean_height(host: str, *overrides: str, folder: Path | None = None) -> tuple[float, float]:
    """Voltage [V] after four seconds, and the mean height [um] of the metal gained."""
    solver = solver_of(host, *overrides, folder=folder)
    before = gathered(solver, "xi") * (1.0 - gathered(solver, "psi"))
    while solver.time < 4.0:
        report = solver.step(4.0)
    gained = gathered(solver, "xi") * (1.0 - gathered(solver, "psi")) - before
    z = (np.arange(len(gained)) + 0.5) * 0.5
    return report.voltage, float((gained.sum(axis=(1, 2)) * z).sum() / gained.sum())


def test_what_a_pillar_lacks_along_z_keeps_the_deposit_low():
    """A nucleus on the collector, one on a tall pillar: its current goes along z, and hardly along x and y."""
    plain, poor, lateral = (
        voltage_and_mean_height(f"{TALL}, conductivity: {value}", OHMIC, *NUCLEI)
        for value in ("20 S/m", "{lateral: 20 S/m, through: 0.2 S/m}", "{lateral: 2000 S/m, through: 20 S/m}")
    )
    assert poor[0] < plain[0] - 1e-3
    assert poor[1] < plain[1] - 1.0
    assert abs(lateral[0] - plain[0]) < 0.1 * (plain[0] - poor[0])
    assert abs(lateral[1] - plain[1]) < 0.1 * (plain[1] - poor[1])


@pytest.fixture(scope="module")
def roof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wall of copper across x under a roof of flakes that covers all but a slit."""
    place = tmp_path_factory.mktemp("roof")
    labels = np.zeros((20, 4, 40), np.uint8)
    labels[:16, :, :5] = 1
    labels[16:, :, :36] = 2
    np.save(place / "roof.npy", labels)
    return place


def test_a_roof_carries_the_current_sideways(roof):
    """Each part of one phase adds to the resistance, the lateral one more: the way along the roof is longer."""
    image = "type: voxels, file: roof.npy, voxel_size: 0.5 um, phases: {pore: [0], copper: [1], flakes: [2]}"
    nuclei = ["nucleation=", "nuclei=[{position: [15 um, 1 um, 10 um], radius: 1.5 um}]", "numerics.first_step=1 s"]
    box = "domain={size: [20 um, 2 um, 14 um], cells: [40, 4, 28], lateral: symmetric}"
    found = {
        value: voltage_and_mean_height(
            f"{image}, conductivity: {{copper: 1e4 S/m, flakes: {value}}}", OHMIC, box, *nuclei, folder=roof
        )[0]
        for value in ("20 S/m", "{lateral: 20 S/m, through: 0.2 S/m}", "{lateral: 0.2 S/m, through: 20 S/m}")
    }
    plain, through, lateral = found.values()
    assert plain > through
    assert through > lateral + 1e-3


def test_equipotential_electrons_ask_for_no_conductivity():
    """As for a value and a gradient: the host's conductivity matters to ohmic electrons alone."""
    plain, given = (
        voltage_and_mean_height(f"{TALL}, conductivity: {value}", *NUCLEI)
        for value in ("20 S/m", "{lateral: 20 S/m, through: 0.2 S/m}")
    )
    assert given == plain


def iterations(cells: int, *, stretched: bool) -> int:
    """Of the coupled system beside a pillar that conducts 100 times better along x and y, to a residual of 1e-8."""
    problem = spheres_beside_a_pillar(cells, "ohmic", host_conductivity=AnisotropicConductivity(10.0, 0.1))
    solver = PlatingSolver(replace(problem, numerics=Numerics(krylov_iterations=120)))
    system = solver.system
    assert system.electrons is not None and system.electrons.stretched is not None
    if not stretched:
        system.electrons.stretched = None
    mu = system.finest**2 / solver.table.diffusivity
    target = Target("current", 50.0)
    solver.state.X = system.fixed_number(target)
    top = system.evaluate(solver.state, History.of(solver.state.C), mu)
    system.linearise(solver.state, top, target, mu)
    right = solver.newton._right_hand_side()
    update, count, _ = solver.newton._krylov_solver().solve(right, 1e-8)
    image = np.zeros(right.getLocalSize())
    system.apply(update.getArray(readonly=True), image)
    # The residual that the iteration keeps is in round-off of the true one, which stays a few times larger.
    assert np.linalg.norm(image - right.getArray()) <= 1e-7 * right.norm()
    solver.destroy()
    return count


def test_iterations_with_an_anisotropic_pillar_do_not_grow_with_the_grid():
    """Two cycles each; one multigrid for all axes takes 94 at 24 cells and 163 at 48."""
    coarse, fine = (iterations(cells, stretched=True) for cells in (24, 48))
    assert fine <= 60
    assert fine <= 1.4 * coarse
    assert iterations(24, stretched=False) > 1.5 * coarse
