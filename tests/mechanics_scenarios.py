"""Scenarios of `model: mechanics` that several tests run."""

import json
from pathlib import Path
from typing import Any

from ramify.models import model_of

BLOCK = """\
model: mechanics
mesh: {type: box, size: [2 um, 1 um], cells: [4, 2]}
regions: {box: {youngs_modulus: 10 GPa, poissons_ratio: 0.3}}
boundaries: {left: symmetry, right: symmetry, bottom: fixed, top: {plate: {pressure: 2 MPa}}}
"""
BAR = """\
model: mechanics
mesh: {type: box, size: [1 um, 1 um, 1 um], cells: [1, 1, 1]}
regions: {box: {law: anand, anand_form: power}}
temperature: 298 K
boundaries:
  left: symmetry
  front: symmetry
  bottom: symmetry
  top: {plate: {displacement: {times: [0 s, 20 s], values: [0 um, -0.06 um]}}}
duration: 20 s
output: {times: [4 s, 11 s]}
"""
STACK = """\
model: mechanics
mesh:
  type: layers
  size: [4 um]
  cells: [4]
  layers: [{name: lithium, thickness: 2 um, cells: 2}, {name: ceramic, thickness: 2 um, cells: 1}]
  asperity: {interface: lithium/ceramic, height: 0.4 um, width: 6 um}
regions:
  lithium: {law: anand}
  ceramic: {preset: LLZO, strength: 0.1 MPa}
boundaries:
  left: symmetry
  right: symmetry
  bottom: fixed
  top: {plate: {pressure: {times: [0 s, 3 s], values: [0 MPa, 2 MPa]}}}
duration: 20 s
output: {every: 5 s}
numerics: {flow_tolerance: 5e-3, first_step: 0.1 s}
"""


def run(scenario: Any, folder: Path, code: int = 0, **options: Any) -> dict[str, Any]:
    settings = {"force": False, "petsc_options": [], "figures": False, "requests": None} | options
    assert model_of(scenario).run(scenario, folder, **settings) == code
    return json.loads((folder / "summary.json").read_text()) if (folder / "summary.json").exists() else {}


def resume(scenario: Any, folder: Path, code: int = 0) -> dict[str, Any]:
    found = model_of(scenario).resume(scenario, folder, petsc_options=[], figures=False, requests=None)
    assert found == code
    return json.loads((folder / "summary.json").read_text())
