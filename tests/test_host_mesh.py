"""Meshes that fit hosts: volumes, surfaces, names, the way through Gmsh and back, and models that run on them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ramify.build_hosts import fit_host
from ramify.cli import app
from ramify.fem.mesh import read_mesh
from ramify.fem.quality import assess
from ramify.hosts.tetrahedra import FittedMesh, fit_mesh
from ramify.models import model_of
from ramify.results.host_mesh import write_host_mesh
from ramify.scenario import load_scenario
from ramify.scenario.host_spec import load_host

PILLARS = """\
domain: {size: [10 um, 10 um, 12 um], cells: [10, 10, 12]}
host: {type: pillars, diameter: 4 um, pitch: 10 um, height: 8 um}
"""
WALLS = PILLARS.replace("[10 um, 10 um, 12 um], cells: [10, 10, 12]", "[10 um, 12 um], cells: [20, 24]")
CENTRE, RADIUS = 0.5, 0.31


def ball(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.sqrt((x - CENTRE) ** 2 + (y - CENTRE) ** 2 + (z - CENTRE) ** 2) - RADIUS


def disc(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.hypot(x - CENTRE, z - CENTRE) - RADIUS


def stored(mesh: FittedMesh, folder: Path, name: str = "host.msh") -> Path:
    write_host_mesh(folder / name, mesh)
    return folder / name


@pytest.mark.parametrize(("shape", "dimension"), [(ball, 3), (disc, 2)])
def test_mesh_of_a_ball_converges_and_is_sound(shape, dimension: int, tmp_path: Path) -> None:
    volume = {3: 4.0 / 3.0 * math.pi * RADIUS**3, 2: math.pi * RADIUS**2}[dimension]
    surface = {3: 4.0 * math.pi * RADIUS**2, 2: 2.0 * math.pi * RADIUS}[dimension]
    errors = []
    for n in (9, 18):
        path = stored(fit_mesh(shape, (1.0,) * dimension, (n,) * dimension), tmp_path, f"{n}.msh")
        mesh = read_mesh(path)
        quality = assess(mesh)
        assert quality.usable and quality.volume == pytest.approx(1.0, rel=1e-12)
        assert quality.worst_shape < 30.0
        inside = _volume(mesh, "host")
        errors.append((abs(inside / volume - 1.0), abs(mesh.area("host surface") / surface - 1.0)))
        assert set(mesh.region_names) == {"electrolyte", "host"}
        sides = {"left", "right", "collector", "counter"} | ({"front", "back"} if dimension == 3 else set())
        assert set(mesh.boundary_names) == {"host surface", *sides}
        assert all(mesh.area(name) == pytest.approx(1.0, rel=1e-12) for name in sides)
    for coarse, fine in zip(*errors, strict=True):
        assert fine < 0.02 and math.log2(coarse / fine) > 1.6


def _volume(mesh, region: str) -> float:
    from ramify.fem import kernels
    from ramify.fem.reference import Element

    tables = Element(mesh.kind, 1).tables(2)
    return float(kernels.measures(mesh.points, mesh.cells, tables)[mesh.region(region)].sum())


def test_rough_function_gives_a_sound_mesh() -> None:
    """Many cuts of every kind; cells fill the box and none is upside down."""
    rng = np.random.default_rng(3)
    waves = rng.normal(size=(12, 4)) * 5.0

    def rough(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return sum(np.sin(a * x + b * y + c * z + e) for a, b, c, e in waves)

    mesh = fit_mesh(rough, (1.0, 1.2, 0.9), (12, 12, 12))
    edges = mesh.points[mesh.cells[:, 1:]] - mesh.points[mesh.cells[:, :1]]
    volumes = np.abs(np.linalg.det(edges)) / 6.0
    assert volumes.sum() == pytest.approx(1.08, rel=1e-10) and volumes.min() > 1e-9
    # A straight facet may leave the middle of a thin cell on the other side.
    assert ((rough(*mesh.points[mesh.cells].mean(axis=1).T) < 0.0) == mesh.solid).mean() > 0.97
    ends = np.sort(mesh.boundaries["host surface"], axis=1)
    assert len(np.unique(ends, axis=0)) == len(ends)


def test_nothing_to_mesh_is_said() -> None:
    with pytest.raises(ValueError, match="nothing but pores"):
        fit_mesh(lambda x, y, z: 1.0 + 0.0 * x, (1.0, 1.0), (3, 3))


def test_command_writes_a_mesh_beside_the_description(tmp_path: Path) -> None:
    (tmp_path / "host.yaml").write_text(WALLS)
    invoke, spec, out = CliRunner().invoke, str(tmp_path / "host.yaml"), tmp_path / "out"
    refused = invoke(app, ["host", spec, "--mesh"])
    assert refused.exit_code == 2 and "-o DIR" in refused.output
    many = invoke(app, ["host", spec, "--mesh", "-o", str(out), "--set", "domain.cells=[1200, 1200]"])
    assert many.exit_code == 2 and "too many to cut into" in many.output and not out.exists()
    result = invoke(app, ["host", spec, "--mesh", "-o", str(out)])
    assert result.exit_code == 0 and str(out / "host.msh") in result.output
    mesh = read_mesh(out / "host.msh")
    assert mesh.area("foot") == pytest.approx(4e-6, rel=1e-6) and mesh.area("collector") == pytest.approx(
        6e-6, rel=1e-6
    )
    assert _volume(mesh, "host") == pytest.approx(4e-6 * 8e-6, rel=0.01)


def test_solid_runs_on_the_mesh_of_a_host(tmp_path: Path) -> None:
    """Copper pillars in lithium under a plate: the stiff pillar bears more than its share."""
    (tmp_path / "host.yaml").write_text(PILLARS)
    stored(fit_host(load_host(tmp_path / "host.yaml")), tmp_path)
    mesh = read_mesh(tmp_path / "host.msh")
    assert _volume(mesh, "host") == pytest.approx(math.pi * 4e-12 * 8e-6, rel=0.06)
    (tmp_path / "solid.yaml").write_text(
        "model: mechanics\nmesh: {type: file, file: host.msh}\n"
        "regions: {electrolyte: {preset: lithium}, host: {preset: copper}}\n"
        "boundaries: {left: symmetry, right: symmetry, front: symmetry, back: symmetry, collector: fixed,\n"
        "  foot: fixed, counter: {plate: {pressure: 1 MPa}}}\noutput: {contact: [host surface, counter, foot]}\n"
    )
    scenario = load_scenario(tmp_path / "solid.yaml")
    options = {"force": False, "petsc_options": [], "figures": True, "requests": None}
    assert model_of(scenario).run(scenario, tmp_path / "run", **options) == 0
    contact = json.loads((tmp_path / "run" / "summary.json").read_text())["contact"]
    assert contact["counter"]["mean_contact_pressure_Pa"] == pytest.approx(1e6, rel=1e-6)
    assert contact["foot"]["mean_contact_pressure_Pa"] > 2e6


def test_gmsh_takes_it_and_gives_it_back(tmp_path: Path) -> None:
    try:
        import gmsh
    except (ImportError, OSError) as missing:  # the wheel needs libraries of the system
        pytest.skip(f"gmsh cannot be imported: {missing}")
    path = stored(fit_mesh(ball, (1.0, 1.0, 1.0), (6, 6, 6)), tmp_path)
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.open(str(path))
        names = {gmsh.model.getPhysicalName(*group) for group in gmsh.model.getPhysicalGroups()}
        gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
        gmsh.write(str(tmp_path / "back.msh"))
    finally:
        gmsh.finalize()
    there, back = read_mesh(path), read_mesh(tmp_path / "back.msh")
    assert names == {*there.region_names, *there.boundary_names}
    for name in there.region_names:
        assert _volume(back, name) == pytest.approx(_volume(there, name), rel=1e-12)
    for name in there.boundary_names:
        assert back.area(name) == pytest.approx(there.area(name), rel=1e-12)
