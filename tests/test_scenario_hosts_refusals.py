"""What is refused in a host section of a scenario, and how."""

import sys
from pathlib import Path

import numpy as np
import pytest
from host_scenarios import BOX, HOSTS, LINE, PILLARS, PLANE, scenario_of, write_files

from ramify.build import build_problem
from ramify.scenario import ScenarioError, load_scenario


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of imported hosts."""
    return write_files(tmp_path_factory.mktemp("files"))


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
