"""Host sections of a scenario: what they build, what they change, what is warned of."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_scenarios import BOX, HOSTS, PILLARS, scenario_of, write_files

from ramify.build import build_problem
from ramify.build_hosts import build_host
from ramify.check import check_scenario
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.scenario.writing import to_yaml


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of imported hosts."""
    return write_files(tmp_path_factory.mktemp("files"))


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


def test_check_warns_of_what_is_barely_resolved():
    thin = scenario_of("type: foam, cell_size: 10 um, porosity: 0.84, height: 20 um")
    assert any("across its narrowest feature" in note for note in check_scenario(thin).warnings)
    stretched = scenario_of("type: foam, cell_size: 15 um, porosity: 0.8, height: 20 um")
    assert any("stretched to 20 x 20 x 20 um" in note for note in check_scenario(stretched).warnings)
    cut = scenario_of(HOSTS["gyroid"], "domain.lateral=symmetric")
    assert any("no symmetry planes" in note for note in check_scenario(cut).warnings)
