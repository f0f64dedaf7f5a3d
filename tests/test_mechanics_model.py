"""`model: mechanics` from its scenarios: exact answers, files, states, ranks, refusals."""

import json
import math
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from ramify.check import check_scenario
from ramify.models import model_of
from ramify.physics.elasticity import preset
from ramify.physics.viscoplasticity import ViscoplasticLaw, anand_lithium, flow_rate
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.scenario.writing import to_yaml
from ramify.signals import Requests

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


def columns(folder: Path, file: str = "history.nc") -> dict[str, np.ndarray]:
    with h5netcdf.File(folder / file, "r") as data:
        return {name: variable[...] for name, variable in data.variables.items()}


def test_confined_block_takes_what_the_plate_presses(tmp_path: Path) -> None:
    scenario = scenario_from_text(BLOCK)
    found = run(scenario, tmp_path / "run")
    assert scenario_from_text(to_yaml(scenario)) == scenario
    modulus = 10e9 * 0.7 / (1.3 * 0.4)
    assert found["plate_depth_m"]["top"] == pytest.approx(2e6 * 1e-6 / modulus, rel=1e-9)
    contact = found["contact"]["top"]
    assert contact["mean_contact_pressure_Pa"] == pytest.approx(2e6, rel=1e-9)
    assert contact["peak_contact_pressure_Pa"] == pytest.approx(2e6, rel=1e-6)
    assert contact["contact_force"] == pytest.approx(-contact["force"][1], rel=1e-13)
    assert found["reactions"]["bottom"][1] == pytest.approx(2e6 * 2e-6, rel=1e-8)
    assert found["peak_plastic_strain"] is None
    assert found["balance"]["energy_relative"] < 1e-8 and found["balance"]["force_relative"] < 1e-8
    assert found["energy"]["elastic"] == pytest.approx(0.5 * 2e6**2 / modulus * 2e-12, rel=1e-8)
    pushed = scenario_from_text(BLOCK, ["boundaries.top={plate: {displacement: 1 nm}}"])
    assert run(pushed, tmp_path / "pushed")["mean_pressure_Pa"] == pytest.approx(
        1e-3 * (modulus + 2.0 * modulus * 3.0 / 7.0) / 3.0, rel=1e-9
    )


def test_thick_sphere_of_lame_from_a_scenario(tmp_path: Path) -> None:
    text = """\
model: mechanics
mesh: {type: ball, hole: 1 um, radii: [2 um], layers: [6], cells: 4}
regions: {shell 0: {preset: lithium}}
boundaries: {x: symmetry, y: symmetry, z: symmetry, inner: {pressure: 1 MPa}}
output: {contact: [inner, outer]}
"""
    found = run(scenario_from_text(text), tmp_path / "run")
    assert found["contact"]["inner"]["mean_contact_pressure_Pa"] == pytest.approx(1e6, rel=0.01)
    assert abs(found["contact"]["outer"]["peak_contact_pressure_Pa"]) < 1e-3 * 1e6
    fields = columns(tmp_path / "run", "fields.nc")
    r = np.sqrt(fields["x"] ** 2 + fields["y"] ** 2 + fields["z"] ** 2)
    radial = (fields["displacement"][-1] * np.array([fields[axis] for axis in "xyz"]).T).sum(axis=1) / r
    K, G = preset("lithium").bulk_modulus, preset("lithium").shear_modulus
    exact = 1e6 / 7.0 * (r / (3.0 * K) + 8e-18 / (4.0 * G * r**2))
    assert np.abs(radial - exact).max() < 0.025 * exact.max()
    # Mean of the shell's stress by the virial: -p V_hole/V_shell from the pressure on the hole.
    assert found["mean_pressure_Pa"] == pytest.approx(-1e6 / 7.0, rel=0.01)


@pytest.mark.parametrize(
    "swelling",
    [
        ["regions.box.eigenstrain=1e-3"],
        ["regions.box.thermal_expansion=5e-5 1/K", "temperature_change=20 K"],
        ["regions.box.composition={change: 300 mol/m^3, partial_molar_volume: 10 cm^3/mol}"],
    ],
)
def test_held_swelling_presses_alike_whatever_its_cause(tmp_path: Path, swelling: list[str]) -> None:
    """Confined on three sides in plane strain and free above: sigma_x = sigma_y = -E e*/(1 - nu)."""
    scenario = scenario_from_text(BLOCK, ["boundaries.top=free", "boundaries.bottom=symmetry", *swelling])
    run(scenario, tmp_path / "run")
    stress = columns(tmp_path / "run", "fields.nc")["stress"][-1]
    assert stress[:, 0] == pytest.approx(-10e9 * 1e-3 / 0.7, rel=1e-7)
    assert stress[:, 1] == pytest.approx(-10e9 * 1e-3 / 0.7, rel=1e-7)
    assert np.abs(stress[:, 2:]).max() < 1.0


def hardened_stress(law: ViscoplasticLaw, rate: float, duration: float) -> float:
    """Stress [Pa] of a bar pulled at a rate [1/s], by an independent method."""

    def change(_: float, state: np.ndarray) -> list[float]:
        stress, S = state
        flow = max(float(flow_rate(stress, S, law.parameters)), 1e-300)
        gap = 1.0 - S / law.saturated_resistance(flow)
        hardening = law.hardening * abs(gap) ** law.hardening_exponent * math.copysign(1.0, gap)
        return [law.elasticity.youngs_modulus * (rate - flow), hardening * flow]

    start = [1.0, law.resistance]
    return float(solve_ivp(change, (0.0, duration), start, method="LSODA", rtol=1e-9, atol=1e-3).y[0, -1])


def test_pulled_lithium_through_time(tmp_path: Path) -> None:
    """The law as an ordinary differential equation; snapshots at their times; forces, flow, energy; steady creep."""
    found = run(scenario_from_text(BAR), tmp_path / "run")
    history, fields = columns(tmp_path / "run"), columns(tmp_path / "run", "fields.nc")
    assert fields["time"] == pytest.approx([0.0, 4.0, 11.0, 20.0], rel=1e-15)
    law = anand_lithium("power", 298.0)
    stress = history["reaction_top_z"] / 1e-12
    assert stress[-1] == pytest.approx(hardened_stress(law, 3e-3, 20.0), rel=5e-3)
    assert fields["stress"][-1, 0, 2] == pytest.approx(stress[-1], rel=1e-6)
    assert found["peak_plastic_strain"] == pytest.approx(0.06, rel=0.01)
    assert np.all(np.diff(history["time"]) > 0.0) and history["time"][-1] == 20.0
    assert np.all(history["equilibrium_residual"] <= 1e-8)
    assert found["energy"]["flow"] == pytest.approx(found["energy"]["work"], rel=0.01)
    assert found["balance"]["energy_relative"] < 1e-7
    creeping = run(
        scenario_from_text(BAR, ["regions.box={law: creep, creep: {rate: 3e-3 1/s, stress: 1 MPa, exponent: 5}}",
                                 "temperature=null"]),
        tmp_path / "creep",
    )  # fmt: skip
    assert creeping["peak_von_mises_Pa"] == pytest.approx(1e6, rel=1e-3)


def test_asperity_concentrates_pressure_and_creep_evens_it_out(tmp_path: Path) -> None:
    import xarray as xr
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOHDF import vtkHDFReader

    found = run(scenario_from_text(STACK), tmp_path / "run", figures=True)
    contact = found["contact"]["lithium/ceramic"]
    assert found["contact"]["top"]["mean_contact_pressure_Pa"] == pytest.approx(2e6, rel=1e-7)
    assert contact["peak_contact_pressure_Pa"] > 1.0e6
    assert found["films"]["ceramic"]["largest_tension_Pa"] > -2e6
    assert {path.name for path in (tmp_path / "run" / "figures").iterdir()} == {
        "stress.png",
        "contact_pressure.png",
        "history.png",
    }
    with xr.open_dataset(tmp_path / "run" / "fields.nc", engine="h5netcdf", decode_times=False) as fields:
        assert fields["time"].values == pytest.approx([0.0, 5.0, 10.0, 15.0, 20.0])
        assert fields["stress"].dims == ("time", "cell", "tensor") and fields["stress"].attrs["units"] == "Pa"
        assert fields["displacement"].dims == ("time", "node", "axis")
        spread = fields["contact_pressure_lithium_ceramic"].max("node") - fields[
            "contact_pressure_lithium_ceramic"
        ].min("node")
        assert spread[-1] < spread[1]
        ceramic = fields["region_ceramic"].values.astype(bool)
        assert np.isnan(fields["film_stress"].values[-1, ~ceramic]).all()
        pressure, depth = fields["p"].values[-1], fields["displacement"].values[-1]
    reader = vtkHDFReader()
    reader.SetFileName(str(tmp_path / "run" / "fields.vtkhdf"))
    reader.UpdateInformation()
    reader.SetStep(reader.GetNumberOfSteps() - 1)
    reader.Update()
    grid = reader.GetOutput()
    assert vtk_to_numpy(grid.GetCellData().GetArray("p")) == pytest.approx(pressure)
    assert vtk_to_numpy(grid.GetPointData().GetArray("displacement")) == pytest.approx(depth)
    assert grid.GetCellData().GetArray("stress").GetNumberOfComponents() == 6


def test_film_fails_at_its_strength(tmp_path: Path) -> None:
    text = BLOCK.replace("top: {plate: {pressure: 2 MPa}}", "top: {traction: {z: 3 MPa}}")
    for strength, failed in (("2.9 MPa", True), ("3.1 MPa", False)):
        found = run(scenario_from_text(text, [f"regions.box.strength={strength}"]), tmp_path / strength[:3])
        assert found["films"]["box"]["failed"] is failed
        assert found["films"]["box"]["largest_tension_Pa"] == pytest.approx(3e6, rel=1e-6)


def interrupted(scenario: Any, folder: Path, after: int) -> None:
    """Run until so many steps are done, then stop as a signal would."""
    seen = []

    class After(Requests):
        def __init__(self) -> None:
            self.save = False
            self.under_way = True

        @property
        def stop(self) -> bool:  # type: ignore[override]
            seen.append(0)
            return len(seen) > after

    run(scenario, folder, code=75, requests=After())


def test_resumed_run_is_the_uninterrupted_one_bit_by_bit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = scenario_from_text(STACK)
    whole = run(scenario, tmp_path / "whole")
    interrupted(scenario, tmp_path / "cut", 6)
    assert "resume" in json.loads((tmp_path / "cut" / "summary.json").read_text())["stop_reason"]
    assert columns(tmp_path / "cut")["time"][-1] < 20.0
    found = resume(scenario, tmp_path / "cut")
    for key in ("steps", "plate_depth_m", "contact", "energy", "films", "balance", "peak_von_mises_Pa"):
        assert found[key] == whole[key], key
    for file in ("history.nc", "fields.nc"):
        for name, values in columns(tmp_path / "whole", file).items():
            assert np.array_equal(columns(tmp_path / "cut", file)[name], values, equal_nan=True), (file, name)
    resume(scenario, tmp_path / "cut", code=2)
    assert "nothing is left to resume" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert model_of(scenario).resume(scenario, tmp_path / "empty", petsc_options=[], figures=False, requests=None) == 2
    assert "holds no checkpoint" in capsys.readouterr().err


def test_another_scenario_does_not_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted(scenario_from_text(STACK), tmp_path / "cut", 3)
    other = scenario_from_text(STACK, ["boundaries.top.plate.pressure=1 MPa"])
    resume(other, tmp_path / "cut", code=2)
    assert "boundaries.top.plate.pressure" in capsys.readouterr().err
    found = resume(scenario_from_text(STACK, ["numerics.flow_tolerance=1e-2", "title=Other"]), tmp_path / "cut")
    assert found["status"] == "finished"


def test_two_ranks_give_the_same_and_take_up_each_others_states(tmp_path: Path, mpiexec) -> None:
    scenario = scenario_from_text(STACK)
    (tmp_path / "stack.yaml").write_text(STACK)
    whole = run(scenario, tmp_path / "whole")
    mpiexec(
        2, "-m", "ramify.cli", "run", tmp_path / "stack.yaml", "-o", tmp_path / "two", "--no-figures", timeout=120.0
    )
    interrupted(scenario, tmp_path / "cut", 6)
    mpiexec(2, "-m", "ramify.cli", "resume", tmp_path / "cut", "--no-figures", timeout=120.0)
    serial = columns(tmp_path / "whole", "fields.nc")
    for folder in ("two", "cut"):
        found = json.loads((tmp_path / folder / "summary.json").read_text())
        assert found["ranks"] == 2 and found["steps"] == whole["steps"]
        assert found["energy"]["work"] == pytest.approx(whole["energy"]["work"], rel=1e-6)
        fields = columns(tmp_path / folder, "fields.nc")
        for name in ("x", "displacement", "stress", "contact_pressure_top"):
            size = np.nanmax(np.abs(serial[name]))
            np.testing.assert_allclose(fields[name], serial[name], rtol=0.0, atol=1e-6 * size, err_msg=name)


@pytest.mark.parametrize(
    ("text", "setting", "complaint"),
    [
        (BLOCK, "regions={bax: {preset: LLZO}}", r"no region of that name.*did you mean 'box'"),
        (STACK, "regions={lithium: {law: anand}}", r"says nothing of a region.*|ceramic"),
        (BLOCK, "boundaries.tip=fixed", r"no boundary of that name.*did you mean 'top'"),
        (BLOCK, "boundaries.top=fixet", r"fixet.*fixed"),
        (BLOCK, "boundaries.top={plate: {pressure: 1 MPa, displacement: 1 nm}}", "one of pressure and displacement"),
        (BLOCK, "boundaries.top={pressure: 1 MPa, traction: {x: 1 MPa}}", "pressure and traction"),
        (BLOCK, "boundaries.top={displacement: {y: 1 nm}}", "plane mesh lies in x and z"),
        (BLOCK, "boundaries.top={displacement: {}}", "gives no component"),
        (BLOCK, "regions.box.youngs_modulus=-1 GPa", "greater than zero"),
        (BLOCK, "regions.box.poissons_ratio=0.5", "<= 0.495"),
        (BLOCK, "regions.box.poissons_ratio=-1", "> -1"),
        (BLOCK, "regions.box.law=anand", "a duration"),
        (BLOCK, "regions.box.anand_form=sinh", "law: anand"),
        (BLOCK, "regions.box.creep={rate: 1 1/s, stress: 1 MPa, exponent: 5}", "law: creep"),
        (BLOCK, "regions.box.thermal_expansion=1e-5 1/K", "nothing changes the temperature"),
        (BLOCK, "temperature_change=5 K", "no region expands"),
        (BLOCK, "temperature=300 K", "no region's flow depends on it"),
        (BLOCK, "regions.box.eigenstrain={times: [0 s, 1 s], values: [0.0, 0.01]}", "steady state has no time"),
        (BLOCK, "output.every=1 s", "steady state has no time"),
        (BLOCK, "output.fields=[plastic_strain]", "no region flows"),
        (BLOCK, "output.fields=[film_stress]", "no region has a strength"),
        (BLOCK, "output.contact=[topp]", r"no boundary of that name.*did you mean 'top'"),
        (BLOCK, "numerics.flow_tolerance=1e-3", "no region flows"),
        (BLOCK, "mesh={type: box, size: [1 um], cells: [4]}", "two or three dimensions"),
        (STACK, "boundaries.top.plate.pressure.times=[3 s, 0 s]", "do not ascend"),
        (STACK, "boundaries.top.plate.pressure.values=[1 MPa]", "1 values for 2 times"),
        (STACK, "boundaries.top.plate.pressure.times=[30 s, 40 s]", "begins after the end"),
        (STACK, "output.times=[21 s]", "after the end"),
        (STACK, "mesh.asperity.interface=ceramic/lithium", r"no interface of that name.*lithium/ceramic"),
        (STACK, "mesh.asperity.height=1.9 um", "leaves too little of the layer ceramic"),
        (STACK, "mesh.void={interface: lithium/ceramic, depth: 1 um, width: 2 um}", "cannot be combined with a void"),
        (STACK, "mesh.layers=[{name: a, thickness: 1 um, cells: 1}, {name: a, thickness: 1 um, cells: 1}]", "twice"),
        (BLOCK, "mesh={type: ball, radii: [2 um, 1 um], layers: [1, 1], cells: 2}", "do not ascend"),
        (BLOCK, "mesh={type: boxx}", r"boxx.*did you mean 'box'"),
        (BLOCK, "mesh.cels=[1, 1]", r"mesh\.cels.*did you mean 'cells'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(text: str, setting: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint) as refusal:
        scenario_from_text(text, [setting])
    assert refusal.value.key


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("boundaries={top: {pressure: 1 MPa}}", "no boundary holds"),
        ("boundaries={top: {plate: {pressure: 1 MPa}}}", "no boundary holds"),
        ("boundaries.left={plate: {pressure: 1 MPa}}", "shares nodes with a boundary that holds them"),
    ],
)
def test_loads_on_what_nothing_holds_are_refused_before_anything_is_written(
    tmp_path: Path, setting: str, complaint: str
) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        run(scenario_from_text(BLOCK, [setting]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_free_body_under_balanced_pressure_is_fine(tmp_path: Path) -> None:
    sides = ", ".join(f"{name}: {{pressure: 1 MPa}}" for name in ("left", "right", "bottom", "top"))
    found = run(scenario_from_text(BLOCK, [f"boundaries={{{sides}}}"]), tmp_path / "run")
    assert found["mean_pressure_Pa"] == pytest.approx((1e6 + 1e6 + 2.0 * 0.3 * 1e6) / 3.0, rel=1e-6)


def mesh_file(path: Path, middle: float = 1.0) -> None:
    """Two squares beside each other, `soft` and `hard`, their shared corner above at x = `middle`."""
    import meshio

    points = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [middle, 1.0, 0.0], [2.0, 1.0, 0.0]]
    cells = [("quad", [[0, 1, 4, 3]]), ("quad", [[1, 2, 5, 4]]), ("line", [[0, 1], [1, 2]]), ("line", [[3, 4], [4, 5]])]
    tags = [np.array(values) for values in ([1], [2], [1, 1], [2, 2])]
    names = {"soft": [1, 2], "hard": [2, 2], "floor": [1, 1], "roof": [2, 1]}
    data = {"gmsh:physical": tags, "gmsh:geometrical": tags}
    fields = {name: np.array(pair) for name, pair in names.items()}
    meshio.write(path, meshio.Mesh(points, cells, cell_data=data, field_data=fields), "gmsh22", binary=False)


@pytest.mark.parametrize(
    ("middle", "regions", "boundaries", "complaint"),
    [
        (1.0, "soft: {preset: lithium}", "floor: fixed", "1 cells lie in none of the regions soft"),
        (1.0, "soft: {preset: lithium}, hart: {preset: LLZO}", "floor: fixed", r"no region named 'hart'.*'hard'"),
        (1.0, "soft: {preset: lithium}, hard: {preset: LLZO}", "flor: fixed", r"no boundary named 'flor'.*'floor'"),
        (1.0, "soft: {preset: lithium}, hard: {preset: LLZO}", "floor: {displacement: {y: 1 nm}}", "lies in x and z"),
        (-1.5, "soft: {preset: lithium}, hard: {preset: LLZO}", "floor: fixed", "are inverted and"),
        (1.0, "soft: {preset: lithium}, hard: {preset: LLZO}", "floor: fixed, roof: {pressure: 1 MPa}", ""),
    ],
)
def test_what_only_a_mesh_file_tells(
    tmp_path: Path, middle: float, regions: str, boundaries: str, complaint: str
) -> None:
    mesh_file(tmp_path / "two.msh", middle)
    (tmp_path / "solid.yaml").write_text(
        f"model: mechanics\nmesh: {{type: file, file: two.msh, unit: 1 um}}\nregions: {{{regions}}}\n"
        f"boundaries: {{{boundaries}}}\n"
    )
    scenario = load_scenario(tmp_path / "solid.yaml")
    if not complaint:
        assert run(scenario, tmp_path / "run")["reactions"]["floor"][1] == pytest.approx(2.0, rel=1e-6)
        return
    with pytest.raises(ScenarioError, match=complaint) as refusal:
        run(scenario, tmp_path / "run")
    assert refusal.value.key and not (tmp_path / "run").exists()


def test_iterations_find_what_factors_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flowing block of bricks under a bonded plate, beyond the size that is factored."""
    from ramify import build_solid

    text = BAR.replace(
        "displacement: {times: [0 s, 20 s], values: [0 um, -0.06 um]}", "pressure: 1 MPa, contact: bonded"
    )
    scenario = scenario_from_text(text, ["mesh.cells=[2, 2, 2]", "duration=2 s", "output={every: 2 s}"])
    direct = run(scenario, tmp_path / "direct")
    monkeypatch.setattr(build_solid, "DIRECT_UNKNOWNS", 0)
    iterative = run(scenario, tmp_path / "iterative")
    assert direct["steps"] == iterative["steps"] > 3
    assert iterative["plate_depth_m"]["top"] == pytest.approx(direct["plate_depth_m"]["top"], rel=1e-6)
    assert iterative["balance"]["force_relative"] < 1e-8


def test_check_warns_of_locking_large_strains_and_nothing_to_do() -> None:
    def warnings(*settings: str, text: str = BLOCK) -> str:
        return "; ".join(check_scenario(scenario_from_text(text, settings)).warnings)

    assert not warnings() and not warnings(text=STACK)
    assert "lock" in warnings("mesh.element=triangle", "regions.box.poissons_ratio=0.48")
    assert "lock" not in warnings("mesh.element=triangle", "regions.box.poissons_ratio=0.48", "numerics.order=2")
    assert "lock where metal flows" in warnings("mesh.element=tetrahedron", "numerics.order=1", text=BAR)
    assert "alternate from cell to cell" in warnings(text=BAR)
    assert "not small" in warnings("boundaries.top.plate.pressure=2 GPa")
    assert "beyond small strains" in warnings("regions.box.thermal_expansion=1e-3 1/K", "temperature_change=100 K")
    assert "nothing acts" in warnings("boundaries.top=free")
    assert "times stiffer" in warnings("regions.ceramic={youngs_modulus: 1e14 Pa, poissons_ratio: 0.2}", text=STACK)
    checked = check_scenario(scenario_from_text(BLOCK))
    assert checked.cells == (8,) and checked.scale("modulus of box") == 10.0


def test_keys_change_what_comes_out(tmp_path: Path) -> None:
    """Temperature, form of the law, kind of contact and order of the elements."""
    base = ["duration=4 s", "output={every: 4 s}"]
    found = {
        name: run(scenario_from_text(STACK, [*base, *settings]), tmp_path / name)["plate_depth_m"]["top"]
        for name, settings in {
            "base": [],
            "hot": ["temperature=60 degC"],
            "power": ["regions.lithium.anand_form=power"],
            "free": ["boundaries.right=free"],
            "stuck": ["boundaries.right=free", "boundaries.top.plate.contact=bonded"],
            "first": ["numerics.order=1"],
            "flat": ["mesh.asperity=null"],
        }.items()
    }
    assert len({round(depth * 1e15) for depth in found.values()}) == len(found)
    assert found["hot"] > found["base"] > 0.0 and found["stuck"] < found["free"]
    assert math.isclose(found["first"], found["base"], rel_tol=0.2)
