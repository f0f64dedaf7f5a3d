"""Host sections of a scenario: what they build, what they change, what is refused."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramify.build import build_problem
from ramify.build_hosts import build_host
from ramify.check import check_scenario
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.scenario.writing import to_yaml

BOX = """\
domain: {size: [20 um, 20 um, 30 um], cells: [40, 40, 60], lateral: periodic}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
film: {thickness: 1 um}
protocol: [plate at 1 mA/cm^2 for 1 h]
"""
PLANE = ["domain={size: [20 um, 30 um], cells: [40, 60]}"]
LINE = ["domain={size: [30 um], cells: [60]}"]
HOSTS = {
    "tapered": "type: channels, diameter: 4 um, top_diameter: 7 um, pitch: 10 um, height: 20 um",
    "crossed": "type: mesh, wire_diameter: 3 um, pitch: 10 um, height: 20 um",
    "woven": "type: mesh, wire_diameter: 3 um, pitch: 10 um, height: 20 um, weave: woven",
    "coils": "type: coils, wire_diameter: 2 um, diameter: 14 um, pitch: 20 um, rise: 6 um, height: 20 um",
    "hollow": "type: hollow_spheres, diameter: 11 um, wall: 2 um, window: 3.5 um, pitch: 10 um, height: 20 um",
    "opal": "type: inverse_opal, diameter: 11 um, window: 5 um, lattice: cubic, height: 20 um",
    "gyroid": "type: minimal_surface, kind: gyroid, cell: 20 um, porosity: {bottom: 0.5, top: 0.7}, height: 20 um",
    "sheet": "type: minimal_surface, kind: schwarz_p, form: sheet, cell: 20 um, porosity: 0.6, height: 20 um",
    "graded spheres": "type: sphere_pack, diameter: {bottom: 6 um, top: 4 um}, porosity: 0.7, height: 20 um",
    "two sizes": "type: sphere_pack, diameter: 6 um, second: {diameter: 3 um, share: 0.3}, porosity: 0.7, "
    "height: 20 um",
    "fibres": "type: fibres, diameter: 2 um, porosity: 0.8, height: 20 um, persistence_length: 20 um",
    "foam": "type: foam, cell_size: 20 um, porosity: {bottom: 0.85, top: 0.8}, height: 20 um, tessellation: voronoi",
    "random": "type: random_medium, correlation_length: 12 um, porosity: 0.6, height: 20 um",
    "voxels": "type: voxels, file: image.npy, voxel_size: 0.5 um, phases: {pore: [0], copper: [1], glue: [2]}",
    "surface": "type: surface, file: cone.stl, unit: 1 um",
}
PILLARS = "type: pillars, diameter: 4 um, pitch: 10 um, height: 20 um"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of imported hosts: a wall of two phases, and a cone."""
    place = tmp_path_factory.mktemp("files")
    labels = np.zeros((40, 40, 40), np.uint8)
    labels[:, :, 10:20], labels[20:, :, 10:20] = 1, 2
    np.save(place / "image.npy", labels)
    trimesh = pytest.importorskip("trimesh", reason="needs the [hosts] extra")
    cone = trimesh.creation.cone(8.0, 15.0)
    cone.apply_translation([10.0, 10.0, 0.0])
    cone.export(place / "cone.stl")
    return place


def scenario_of(host: str, *overrides: str, folder: Path | None = None) -> Any:
    name = str(folder / "case.yaml") if folder is not None else "scenario"
    return scenario_from_text(f"{BOX}host: {{{host}}}\n", overrides, name)


def geometry_of(host: str, *overrides: str, folder: Path | None = None) -> Any:
    return build_problem(scenario_of(host, *overrides, folder=folder)).geometry


def at(function: Any, *places: tuple[float, float, float]) -> np.ndarray:
    return np.asarray(function(*(np.array(c) * 1e-6 for c in zip(*places, strict=True))))


@pytest.mark.parametrize("name", HOSTS)
def test_hosts_resolve_build_and_read_back(folder, name):
    scenario = scenario_of(HOSTS[name], folder=folder)
    assert scenario_from_text(to_yaml(scenario)) == scenario
    geometry: Any = build_problem(scenario).geometry
    x, y, z = (np.arange(n) + 0.25 for n in (20, 20, 30))
    d = geometry.host_distance(*(1e-6 * a for a in (x[None, None, :], y[None, :, None], z[:, None, None])))
    assert d.min() < 0.0 < d.max()
    assert (d[21:] > 0.0).all()
    assert geometry.host_conductivity == 5.8e7
    assert all(isinstance(warning, str) for warning in check_scenario(scenario).warnings)


def test_files_are_found_beside_the_scenario_and_known_again(folder, tmp_path):
    (folder / "case.yaml").write_text(f"{BOX}host: {{{HOSTS['voxels']}}}\n")
    host: Any = load_scenario(folder / "case.yaml").host
    assert host.file == str((folder / "image.npy").resolve())
    assert len(host.sha256) == 64 and host.height == pytest.approx(2e-5)
    copy = to_yaml(load_scenario(folder / "case.yaml")).replace(str(folder), str(tmp_path))
    np.save(tmp_path / "image.npy", np.zeros((40, 40, 40), np.uint8))
    with pytest.raises(ScenarioError, match=r"host\.sha256: .*another one"):
        scenario_from_text(copy)


def test_the_shipped_image_is_what_its_scenario_says(checkout):
    """The recipe in the comment of foam_from_voxels.yaml gives the committed image."""
    from ramify.hosts.foams import foam
    from ramify.hosts.images import open_image

    recipe = foam((24e-6, 24e-6, 30e-6), 14e-6, 0.8, tessellation="voronoi", seed=4, height=24e-6, periodic=True)
    x = (np.arange(48) + 0.5) * 0.5e-6
    solid = recipe.distance(x[None, None, :], x[None, :, None], x[:, None, None]) < 0.0
    image = open_image(checkout / "scenarios/foam_from_voxels.tif")
    whole = slice(0, 48)
    assert np.mean(image.read((whole, whole, whole)) == solid) > 0.9999
    host = build_host(load_scenario("foam_from_voxels"))
    assert host is not None
    deep = np.abs(recipe.distance(x[None, None, :], x[None, :, None], x[:, None, None])) < 0.5e-6
    wrong = host.distance(x[None, None, :], x[None, :, None], x[:, None, None]) - recipe.distance(
        x[None, None, :], x[None, :, None], x[:, None, None])  # fmt: skip
    assert np.median(np.abs(wrong[deep])) < 0.1e-6


def test_conductivity_by_depth_by_phase_and_by_coating(folder):
    graded = geometry_of(f"{PILLARS}, conductivity: {{bottom: 8 S/m, top: 2 S/m}}").host_conductivity
    assert at(graded, (5, 5, 0), (5, 5, 10), (5, 5, 25)) == pytest.approx([8.0, 5.0, 2.0])
    phases = f"{HOSTS['voxels']}, conductivity: {{copper: 10 S/m, glue: 0 S/m}}"
    by_phase = geometry_of(phases, folder=folder)
    assert at(by_phase.host_conductivity, (7, 5, 5), (7, 5, 15)).tolist() == [10.0, 0.0]
    layer = "coating: {kind: conducting, thickness: 1.5 um, conductivity: 3 S/m}"
    coated = geometry_of(f"{PILLARS}, surface: insulating, {layer}")
    assert at(coated.host_conductivity, (5, 5, 10), (7.7, 5, 10)).tolist() == [0.0, 3.0]
    assert coated.host_conducting
    assert at(coated.host_distance, (9, 5, 10))[0] * 1e6 == pytest.approx(0.5)
    flakes = "{lateral: 10 S/m, through: 0.1 S/m}"
    plain = geometry_of(f"{PILLARS}, conductivity: {flakes}")
    assert (plain.lateral_conductivity, plain.through_conductivity) == (10.0, 0.1)
    mixed = geometry_of(f"{HOSTS['voxels']}, conductivity: {{copper: {flakes}, glue: 0 S/m}}", folder=folder)
    assert at(mixed.lateral_conductivity, (7, 5, 5), (7, 5, 15)).tolist() == [10.0, 0.0]
    assert at(mixed.through_conductivity, (7, 5, 5), (7, 5, 15)).tolist() == [0.1, 0.0]
    assert (at(mixed.metal_distance, (4.6, 5, 5), (4.6, 5, 15)) < 0).tolist() == [True, False]
    layer = "coating: {kind: conducting, thickness: 1.5 um, conductivity: 3 S/m}"
    layered = geometry_of(f"{PILLARS}, conductivity: {flakes}, {layer}")
    assert at(layered.lateral_conductivity, (5, 5, 10), (7.7, 5, 10)).tolist() == [10.0, 3.0]
    assert at(layered.through_conductivity, (5, 5, 10), (7.7, 5, 10)).tolist() == [0.1, 3.0]


@pytest.mark.parametrize(
    ("host", "conductivity"),
    [
        (PILLARS, "{lateral: 10 S/m, through: 0.1 S/m}"),
        (HOSTS["voxels"], "{copper: {lateral: 10 S/m, through: 1 S/m}, glue: 2 S/m}"),
    ],
)
def test_anisotropic_conductivities_read_back(folder, host, conductivity):
    scenario = scenario_of(f"{host}, conductivity: {conductivity}", folder=folder)
    assert scenario_from_text(to_yaml(scenario)) == scenario


def test_films_and_caps_keep_off_dielectrics(folder):
    layer = "coating: {kind: dielectric, thickness: 1.5 um, above: 10 um}"
    metal = geometry_of(f"{PILLARS}, {layer}").metal_distance
    assert (at(metal, (7.5, 5, 5), (7.5, 5, 15), (8.8, 5, 15), (0, 0, 0.5)) < 0).tolist() == [True, False, False, True]
    glued = geometry_of(f"{HOSTS['voxels']}, conductivity: {{copper: 10 S/m, glue: 0 S/m}}", folder=folder)
    assert (at(glued.metal_distance, (4.6, 5, 5), (4.6, 5, 15)) < 0).tolist() == [True, False]
    nuclei = "nucleation={density: 4e11 1/m^2, radius: 1 um}"
    for extra, highest in ((layer, 11.0), ("surface: conducting", 21.0), ("surface: insulating", 2.0)):
        positions = geometry_of(f"{PILLARS}, {extra}", "film={}", nuclei).metal_distance.positions
        assert highest - 4 < positions[:, 2].max() * 1e6 < highest or highest == 2.0
        assert positions[:, 2].max() * 1e6 < highest
    bare = f"{PILLARS}, surface: insulating, coating: {{kind: conducting, thickness: 1.5 um, below: 10 um}}"
    metal = geometry_of(bare).metal_distance
    assert (at(metal, (9.2, 5, 5), (7.5, 5, 15)) < 0).tolist() == [True, False]


@pytest.mark.parametrize(
    ("pattern", "coated", "free"),
    [
        ("top_fraction: 0.25", (8, 5, 17), (8, 5, 13)),
        ("above: 12 um, below: 16 um", (8, 5, 14), (8, 5, 17)),
        ("stripes: {axis: z, pitch: 8 um, width: 4 um}", (8, 5, 12), (8, 5, 8)),
    ],
)
def test_patterns_of_a_coating(pattern, coated, free):
    geometry = geometry_of(f"{PILLARS}, coating: {{kind: dielectric, thickness: 1.5 um, {pattern}}}")
    assert (at(geometry.host_distance, coated, free) < 0.0).tolist() == [True, False]


def test_activity_by_region_and_by_coating():
    regions = "regions: [{z: [0 um, 5 um], factor: 0}, {x: [10 um, 20 um], z: [5 um, 20 um], factor: 3}]"
    activity = geometry_of(f"{PILLARS}, activity: {{bottom: 1, top: 0.5, {regions}}}").activity
    assert at(activity, (5, 5, 2), (5, 5, 10), (15, 5, 10)) == pytest.approx([0.0, 0.75, 2.25])
    layer = "coating: {kind: conducting, thickness: 1.5 um, top_fraction: 0.5, activity: 2}"
    activity = geometry_of(f"{PILLARS}, {layer}").activity
    assert at(activity, (5, 5, 9), (5, 5, 11)).tolist() == [1.0, 2.0]


def test_a_film_on_chosen_surfaces():
    places = ((7.5, 5, 10), (0, 0, 0.5))
    for surfaces, expected in (("all", [True, True]), ("host", [True, False]), ("collector", [False, True])):
        metal = geometry_of(PILLARS, f"film.surfaces={surfaces}").metal_distance
        assert (at(metal, *places) < 0).tolist() == expected


def test_contact_angles_of_nuclei_and_caps():
    flat = ["film={}", "nuclei=[{position: [5 um, 10 um, 0 um], radius: 3 um, contact_angle: 60 deg}]"]
    cap = geometry_of("type: none", *flat).metal_distance
    assert at(cap, (5, 10, 1.5), (5 + 3 * math.sin(math.pi / 3), 10, 0)) * 1e6 == pytest.approx([0.0, 0.0], abs=1e-9)
    side = ["film={}", "nuclei=[{position: [7.2 um, 5 um, 10 um], radius: 3 um, contact_angle: 120 deg}]"]
    on_pillar = geometry_of(PILLARS, *side).metal_distance
    assert at(on_pillar, (7 + 4.5, 5, 10))[0] * 1e6 == pytest.approx(0.0, abs=1e-3)
    ball = geometry_of(PILLARS, "film={}", "nuclei=[{position: [7 um, 5 um, 10 um], radius: 3 um}]").metal_distance
    assert at(ball, (10, 5, 10))[0] * 1e6 == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ScenarioError, match=r"nuclei\[0\]\.contact_angle: .*needs a surface"):
        geometry_of(
            PILLARS, "film={}", "nuclei=[{position: [10 um, 10 um, 10 um], radius: 3 um, contact_angle: 60 deg}]"
        )
    heights = []
    for angle in ("60 deg", "90 deg"):
        caps = f"nucleation={{density: 1e11 1/m^2, radius: 3 um, contact_angle: {angle}}}"
        metal = geometry_of("type: none", "film={}", caps).metal_distance
        heights.append(metal.feature_size * 1e6)
    assert heights == pytest.approx([1.5, 3.0])


REFUSED = [
    ([], "type: mesh, wire_diameter: 3 um, pitch: 3 um, height: 20 um", "host.wire_diameter", "less than the pitch"),
    ([], "type: mesh, wire_diameter: 1 um, pitch: 5 um, height: 20 um", "host.wire_diameter", "2.0 cells across"),
    ([], "type: mesh, wire: 1 um, pitch: 5 um, height: 20 um", "host.wire", "unknown key"),
    ([], "type: meshes", "host.type", "did you mean 'mesh'"),
    (
        [],
        "type: coils, wire_diameter: 3 um, diameter: 8 um, pitch: 10 um, rise: 2 um, height: 20 um",
        "host.wire_diameter",
        "rise",
    ),
    (
        [],
        "type: hollow_spheres, diameter: 9 um, wall: 2 um, window: 3 um, pitch: 10 um, height: 20 um",
        "host.pitch",
        "diameter",
    ),
    (
        [],
        "type: hollow_spheres, diameter: 11 um, wall: 2 um, window: 6 um, pitch: 10 um, height: 20 um",
        "host",
        "nothing would hold",
    ),
    ([], "type: inverse_opal, diameter: 8 um, window: 9 um, height: 20 um", "host.window", "less than the diameter"),
    (
        [],
        "type: minimal_surface, kind: gyroid, cell: 20 um, porosity: 1.2, height: 20 um",
        "host.porosity",
        "outside its range",
    ),
    (
        [],
        "type: minimal_surface, kind: gyroid, cell: 20 um, porosity: {bottom: 0.5}, height: 20 um",
        "host.porosity.top",
        "missing",
    ),
    ([], "type: minimal_surface, kind: gyroid, cell: 15 um, porosity: 0.5, height: 20 um", "host", "whole pitches"),
    (
        [],
        "type: minimal_surface, kind: gyroid, cell: 2 um, porosity: 0.5, height: 20 um",
        "host",
        "across its narrowest feature",
    ),
    ([], "type: fibres, diameter: 2 um, porosity: 0.8, height: 20 um, orientation: up", "host.orientation", "in_plane"),
    ([], "type: foam, cell_size: 4 um, porosity: 0.9, height: 20 um", "host", "across its narrowest feature"),
    (
        [],
        "type: foam, cell_size: 20 um, porosity: 0.8, height: 20 um, seed: 3",
        "host.seed",
        "Kelvin's foam is not random",
    ),
    (
        [],
        "type: sphere_pack, diameter: {bottom: 6 um, top: 4 um}, porosity: 0.7, height: 20 um, arrangement: bcc",
        "host.arrangement",
        "random",
    ),
    (
        [],
        "type: sphere_pack, diameter: {bottom: 6 um, tip: 4 um}, porosity: 0.7, height: 20 um",
        "host.diameter.tip",
        "did you mean 'top'",
    ),
    ([], "type: sphere_pack, diameter: 6, porosity: 0.7, height: 20 um", "host.diameter", "without a unit"),
    ([], "type: random_medium, correlation_length: 12 um, porosity: 0.05, height: 20 um", "host", "separate pieces"),
    ([], f"{PILLARS}, conductivity: {{copper: 1 S/m}}", "host.conductivity", "has no phases"),
    ([], f"{PILLARS}, conductivity: {{bottom: 1 S/m, top: 0 S/m}}", "host.conductivity.top", "greater than zero"),
    ([], f"{PILLARS}, conductivity: {{latral: 1 S/m}}", "host.conductivity", "did you mean 'lateral'"),
    ([], f"{PILLARS}, conductivity: {{lateral: 1 S/m}}", "host.conductivity.through", "missing"),
    (
        [],
        f"{PILLARS}, conductivity: {{lateral: 1 S/m, thru: 1 S/m}}",
        "host.conductivity.thru",
        "did you mean 'through'",
    ),
    (
        [],
        f"{PILLARS}, conductivity: {{lateral: 1 S/m, through: -1 S/m}}",
        "host.conductivity.through",
        "greater than zero",
    ),
    (
        [],
        f"{PILLARS}, conductivity: {{lateral: 0 S/m, through: 1 S/m}}",
        "host.conductivity.lateral",
        "greater than zero",
    ),
    ([], f"{PILLARS}, conductivity: {{lateral: 1, through: 1 S/m}}", "host.conductivity.lateral", "without a unit"),
    (
        [],
        f"{PILLARS}, surface: insulating, conductivity: {{lateral: 1 S/m, through: 1 S/m}}",
        "host.conductivity",
        "an insulating host has no conductivity",
    ),
    ([], f"{PILLARS}, activity: {{regions: [{{factor: 2}}]}}", "host.activity.regions[0]", "not bounded"),
    (
        [],
        f"{PILLARS}, activity: {{regions: [{{z: [5 um, 2 um], factor: 2}}]}}",
        "host.activity.regions[0].z",
        "before it begins",
    ),
    (
        [],
        f"{PILLARS}, activity: {{regions: [{{x: [50 um, 60 um], factor: 2}}]}}",
        "host.activity.regions[0].x",
        "outside the domain",
    ),
    (
        PLANE,
        f"{PILLARS}, activity: {{regions: [{{y: [0 um, 2 um], factor: 2}}]}}",
        "host.activity.regions[0].y",
        "no such axis",
    ),
    (
        [],
        f"{PILLARS}, coating: {{kind: dielectric, thickness: 1.5 um, conductivity: 1 S/m}}",
        "host.coating.conductivity",
        "dielectric",
    ),
    (
        [],
        f"{PILLARS}, coating: {{kind: dielectric, thickness: 1.5 um, activity: 2}}",
        "host.coating.activity",
        "as any metal",
    ),
    ([], f"{PILLARS}, coating: {{kind: dielectric, thickness: 1 um}}", "host.coating.thickness", "2.0 cells across"),
    ([], f"{PILLARS}, coating: {{kind: dielectric, thickness: 3.2 um}}", "host.coating.thickness", "closes the pores"),
    (
        [],
        f"{PILLARS}, coating: {{kind: dielectric, thickness: 1.5 um, above: 9 um, top_fraction: 0.2}}",
        "host.coating.above",
        "one pattern",
    ),
    (
        [],
        f"{PILLARS}, coating: {{kind: dielectric, thickness: 1.5 um, above: 25 um}}",
        "host.coating.above",
        "above the host",
    ),
    (
        [],
        f"{PILLARS}, coating: {{kind: dielectric, thickness: 1.5 um, above: 9 um, below: 8 um}}",
        "host.coating.above",
        "no height",
    ),
    (
        [],
        "type: flat, height: 5 um, coating: {kind: dielectric, thickness: 1.5 um}",
        "host.coating.kind",
        "all that could plate",
    ),
    (PLANE, HOSTS["fibres"], "host.type", "three axes"),
    (PLANE, HOSTS["graded spheres"], "host.diameter", "all alike"),
    (LINE, HOSTS["random"], "host.type", "lateral axis"),
    (["film.surfaces=host"], "type: none", "film.surfaces", "only surface"),
    (["film={surfaces: collector}", "nucleation={density: 1e11 1/m^2}"], PILLARS, "film.surfaces", "no film"),
    (["nucleation={density: 1e11 1/m^2, contact_angle: 200 deg}"], PILLARS, "nucleation.contact_angle", "180 deg"),
    (
        ["nucleation={density: 1e11 1/m^2, contact_angle: 5 deg}"],
        PILLARS,
        "nucleation.contact_angle",
        "less than the interface",
    ),
    (["nucleation={density: 1e11 1/m^2, contact_angle: 60}"], PILLARS, "nucleation.contact_angle", "without a unit"),
    ([], "type: voxels, file: none.npy, voxel_size: 1 um, phases: {pore: [0], a: [1]}", "host.file", "no such file"),
    ([], HOSTS["voxels"].replace("pore:", "void:"), "host.phases", "no phase is called 'pore'"),
    ([], HOSTS["voxels"].replace("glue: [2]", "glue: [1]"), "host.phases.glue", "belongs to phase 'copper'"),
    ([], HOSTS["voxels"].replace(", glue: [2]", ""), "host.file", "belong to no phase: 2"),
    ([], HOSTS["voxels"].replace("0.5 um", "0.25 um"), "host.file", "beyond: tile or mirror"),
    ([], HOSTS["voxels"].replace("0.5 um", "[0.5 um, 0.5 um]"), "host.voxel_size[2]", "missing"),
    ([], HOSTS["voxels"].replace("image.npy", "cone.stl"), "host.file", "no image format"),
    ([], HOSTS["voxels"] + ", dtype: uint8", "host.shape", "required beside"),
    ([], HOSTS["voxels"] + ", conductivity: {copper: 1 S/m}", "host.conductivity", "says nothing of phase 'glue'"),
    ([], HOSTS["voxels"] + ", conductivity: {coper: 1 S/m}", "host.conductivity.coper", "did you mean 'copper'"),
    (
        [],
        HOSTS["voxels"] + ", conductivity: {copper: {lateral: 1 S/m, bottom: 1 S/m}, glue: 0 S/m}",
        "host.conductivity.copper.bottom",
        "lateral, through",
    ),
    (
        [],
        HOSTS["voxels"] + ", conductivity: {copper: {lateral: 1 S/m, through: 0 S/m}, glue: 0 S/m}",
        "host.conductivity.copper.through",
        "greater than zero",
    ),
    ([], HOSTS["voxels"] + ", conductivity: {copper: 0 S/m, glue: 0 S/m}", "host.conductivity", "no phase conducts"),
    ([], HOSTS["surface"].replace("1 um", "2.1 um"), "host.height", "reaches the counter electrode"),
    ([], HOSTS["surface"] + ", offset: [0 um, 0 um, -20 um]", "host.file", "below the collector"),
]


@pytest.mark.parametrize(("overrides", "host", "key", "told"), REFUSED)
def test_what_cannot_be_is_refused(folder, overrides, host, key, told):
    with pytest.raises(ScenarioError) as refusal:
        build_problem(scenario_of(host, *overrides, folder=folder))
    text = str(refusal.value)
    assert told in text, text
    assert f"{key}:" in text, text


def test_check_warns_of_what_is_barely_resolved():
    thin = scenario_of("type: foam, cell_size: 10 um, porosity: 0.84, height: 20 um")
    assert any("across its narrowest feature" in note for note in check_scenario(thin).warnings)
    stretched = scenario_of("type: foam, cell_size: 15 um, porosity: 0.8, height: 20 um")
    assert any("stretched to 20 x 20 x 20 um" in note for note in check_scenario(stretched).warnings)
    cut = scenario_of(HOSTS["gyroid"], "domain.lateral=symmetric")
    assert any("no symmetry planes" in note for note in check_scenario(cut).warnings)


def test_a_refused_host_ends_with_one_message_and_exit_code_2(folder, capsys):
    from ramify.cli import main

    (folder / "bad.yaml").write_text(f"{BOX}host: {{{HOSTS['voxels'].replace('image', 'pickle')}}}\n")
    np.save(folder / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(SystemExit) as stop:
        main(["check", str(folder / "bad.yaml")])
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "bad.yaml:6: host.file: pickle.npy: holds pickled Python objects" in told and "Traceback" not in told


def test_without_the_extra_a_stack_says_what_it_needs(checkout, monkeypatch):
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(ScenarioError, match=r"host\.file: .*needs the \[hosts\] extra"):
        load_scenario(checkout / "scenarios/foam_from_voxels.yaml")
