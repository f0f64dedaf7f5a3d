"""`model: mechanics` from its scenarios: exact answers, fields, films, keys."""

import math
from pathlib import Path

import numpy as np
import pytest
from mechanics_scenarios import BAR, BLOCK, STACK, run
from scipy.integrate import solve_ivp
from stopped_runs import columns

from ramify.physics.elasticity import preset
from ramify.physics.viscoplasticity import ViscoplasticLaw, anand_lithium, flow_rate
from ramify.scenario import scenario_from_text
from ramify.scenario.writing import to_yaml


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
