"""Hosts of scenarios that several tests build, with the files of those that are imported."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramify.scenario import scenario_from_text

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


def write_files(place: Path) -> Path:
    """The files of imported hosts, a wall of two phases and a cone, in a folder; returns it."""
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
