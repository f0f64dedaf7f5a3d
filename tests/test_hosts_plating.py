"""Plating on every host: one step with balances at round-off, and what fields on a host change."""

from pathlib import Path

import numpy as np
import pytest

from ramify.build import build_problem
from ramify.phasefield.engine import Control
from ramify.phasefield.petsc import start_petsc
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.plating.setup import build_geometry
from ramify.physics.constants import FARADAY
from ramify.scenario import scenario_from_text

CELL = """\
domain: {size: [10 um, 10 um, 14 um], cells: [20, 20, 28], lateral: periodic}
electrolyte: {diffusivity: 3e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
nucleation: {density: 1e11 1/m^2, radius: 1.5 um}
protocol: [plate at 2 mA/cm^2 for 10 s]
"""
HOSTS = {
    "flat": "type: flat, height: 5.2 um",
    "pillars": "type: pillars, diameter: 3 um, pitch: 5 um, height: 10 um, rounded: true",
    "tapered channels": "type: channels, diameter: 4 um, top_diameter: 7 um, pitch: 10 um, height: 10 um",
    "crossed wires": "type: mesh, wire_diameter: 1.6 um, pitch: 5 um, height: 10 um",
    "woven wires": "type: mesh, wire_diameter: 1.6 um, pitch: 5 um, height: 10 um, weave: woven",
    "coils": "type: coils, wire_diameter: 1.6 um, diameter: 7 um, pitch: 10 um, rise: 4 um, height: 10 um",
    "hollow spheres": "type: hollow_spheres, diameter: 11 um, wall: 1.8 um, window: 3 um, pitch: 10 um, height: 10 um",
    "inverse opal": "type: inverse_opal, diameter: 11 um, window: 4 um, lattice: cubic, height: 10 um",
    "gyroid": "type: minimal_surface, kind: gyroid, cell: 10 um, porosity: {bottom: 0.5, top: 0.7}, height: 10 um",
    "Schwarz D": "type: minimal_surface, kind: schwarz_d, cell: 10 um, porosity: 0.5, height: 10 um",
    "sheet": "type: minimal_surface, kind: schwarz_p, form: sheet, cell: 10 um, porosity: 0.55, height: 10 um",
    "spheres": "type: sphere_pack, diameter: 4 um, second: {diameter: 2 um, share: 0.3}, porosity: 0.8, height: 10 um",
    "fibres": "type: fibres, diameter: 1.6 um, porosity: 0.85, height: 10 um, persistence_length: 20 um",
    "foam": "type: foam, cell_size: 8 um, porosity: {bottom: 0.8, top: 0.75}, height: 10 um, tessellation: voronoi",
    "random medium": "type: random_medium, correlation_length: 7 um, porosity: 0.6, height: 10 um",
    "voxels": "type: voxels, file: image.npy, voxel_size: 0.5 um, phases: {pore: [0], copper: [1], glue: [2]}, "
    "conductivity: {copper: 1e7 S/m, glue: 0 S/m}",
    "surface": "type: surface, file: cone.stl, unit: 1 um",
    "coated": "type: pillars, diameter: 3 um, pitch: 10 um, height: 10 um, surface: insulating, "
    "coating: {kind: conducting, thickness: 1.6 um}",
    "capped": "type: pillars, diameter: 3 um, pitch: 10 um, height: 10 um, "
    "coating: {kind: dielectric, thickness: 1.6 um, above: 5 um}",
}


@pytest.fixture(scope="module", autouse=True)
def petsc() -> None:
    start_petsc([])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("files")
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[:, :, 5:10], labels[10:, :, 5:10] = 1, 2
    np.save(place / "image.npy", labels)
    trimesh = pytest.importorskip("trimesh", reason="needs the [hosts] extra")
    cone = trimesh.creation.cone(4.0, 8.0)
    cone.apply_translation([5.0, 5.0, 0.0])
    cone.export(place / "cone.stl")
    return place


def solver_of(host: str, *overrides: str, folder: Path | None = None) -> PlatingSolver:
    name = str(folder / "case.yaml") if folder is not None else "scenario"
    solver = PlatingSolver(build_problem(scenario_from_text(f"{CELL}host: {{{host}}}\n", overrides, name)))
    solver.set_control(Control("current", 20.0))
    return solver


def gathered(solver: PlatingSolver, name: str) -> np.ndarray:
    values = solver.gather(name)
    assert values is not None
    return values


@pytest.mark.parametrize("name", HOSTS)
def test_a_step_on_every_host_balances(folder, name):
    solver = solver_of(HOSTS[name], "numerics.first_step=1 s", folder=folder)
    report = solver.step(2.0)
    assert report.current_density == pytest.approx(20.0, rel=1e-9)
    assert report.voltage < 0.0
    assert max(solver.ledger.balance(FARADAY).values()) < 1e-12
    assert 0.02 < gathered(solver, "psi").mean() < 0.7
    assert np.isfinite(gathered(solver, "c")).all()


def islands_of(solver: PlatingSolver) -> int:
    return len(solver.system.islands.cells)


def test_metal_on_a_dielectric_is_an_island():
    """A nucleus on a dielectric top touches no conductor; without the coating it belongs to the collector's metal."""
    pillar = "type: pillars, diameter: 4 um, pitch: 10 um, height: 6 um"
    nuclei = [
        "nucleation=",
        "nuclei=[{position: [5 um, 5 um, 8 um], radius: 2 um}, {position: [0 um, 0 um, 0 um], radius: 2 um}]",
    ]
    layer = "coating: {kind: dielectric, thickness: 1.6 um, above: 5 um}"
    counts = [islands_of(solver_of(host, *nuclei)) for host in (pillar, f"{pillar}, {layer}")]
    assert counts == [0, 1]


def test_the_insulating_part_of_an_image_joins_nothing(folder):
    nuclei = [
        "nucleation=",
        "nuclei=[{position: [4 um, 5 um, 10 um], radius: 2 um}, {position: [0 um, 0 um, 0 um], radius: 2 um}]",
    ]
    image = HOSTS["voxels"].split(", conductivity")[0]
    counts = [islands_of(solver_of(host, *nuclei, folder=folder)) for host in (image, HOSTS["voxels"])]
    assert counts == [0, 1]


def plated(host: str, *overrides: str) -> float:
    """Mean height [um] of the metal of four seconds."""
    solver = solver_of(host, *overrides)
    before = gathered(solver, "xi") * (1.0 - gathered(solver, "psi"))
    while solver.time < 4.0:
        solver.step(4.0)
    gained = gathered(solver, "xi") * (1.0 - gathered(solver, "psi")) - before
    z = (np.arange(len(gained)) + 0.5) * 0.5
    return float((gained.sum(axis=(1, 2)) * z).sum() / gained.sum())


PILLAR = "type: pillars, diameter: 3 um, pitch: 10 um, height: 10 um"


def test_activity_moves_the_deposit():
    film = ["nucleation=", "film={thickness: 1 um}"]
    region = f"{PILLAR}, activity: {{regions: [{{z: [5 um, 14 um], factor: 0.1}}]}}"
    coated = f"{PILLAR}, coating: {{kind: conducting, thickness: 1.6 um, above: 5 um, activity: 0.1}}"
    plain = f"{PILLAR}, coating: {{kind: conducting, thickness: 1.6 um, above: 5 um}}"
    assert plated(region, *film) < plated(PILLAR, *film) - 0.5
    assert plated(coated, *film) < plated(plain, *film) - 0.5


def test_the_resistance_of_a_host_adds_to_the_voltage():
    """A nucleus on the collector, one on a tall pillar, through which the latter's current has to go."""
    nuclei = "nuclei=[{position: [0 um, 0 um, 0 um], radius: 2 um}, {position: [5 um, 5 um, 22 um], radius: 2 um}]"
    domain = "domain={size: [10 um, 10 um, 28 um], cells: [20, 20, 56], lateral: periodic}"
    voltages = []
    for value in ("1e4 S/m", "{bottom: 2 S/m, top: 10 S/m}", "2 S/m"):
        host = f"{PILLAR.replace('height: 10', 'height: 22')}, conductivity: {value}"
        solver = solver_of(host, domain, nuclei, "nucleation=", "electrons.transport=ohmic", "numerics.first_step=1 s")
        voltages.append(solver.step(1.0).voltage)
    assert voltages[0] > voltages[1] + 1e-4 > voltages[2] + 2e-4


def test_openings_of_a_slab_between_cell_faces():
    """A slab that ends inside a layer leaves that layer's cells the rest, whatever the cells' shape."""
    solver = solver_of("type: flat, height: 5.2 um", "domain.cells=[20, 20, 14]")
    geometry = build_geometry(solver.grid, solver.problem)
    column = geometry.pore[1:-1, 1, 1]
    assert column == pytest.approx(np.clip((np.arange(14) + 1.0) - 5.2, 0.0, 1.0), abs=1e-9)


def test_two_ranks_see_the_same_host(mpiexec):
    shown = mpiexec(2, Path(__file__).with_name("parallel_hosts.py")).stdout.split()
    alone = [number for name in ("random medium", "capped") for number in fingerprint(name)]
    assert np.array(shown, float) == pytest.approx(np.array(alone), rel=1e-8)


def fingerprint(name: str) -> list[float]:
    """Sums of fields after a step on a host, and the voltage; fewer numbers where the fields are not gathered."""
    solver = solver_of(HOSTS[name], "numerics.first_step=1 s")
    report = solver.step(2.0)
    fields = [solver.gather(field) for field in ("psi", "xi", "c")]
    return [float(values.sum()) for values in fields if values is not None] + [report.voltage]
