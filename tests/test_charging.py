"""Double layers in time and under current, and reactions at them: closed forms, balances, ranks, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from test_meshed_models import run

from ramify.check import check_scenario
from ramify.fem import pnp
from ramify.fem.boxes import box
from ramify.fem.double_layer import DoubleLayerCell, Electrode, Reaction
from ramify.fem.electrodes import SurfaceKinetics
from ramify.physics import double_layer
from ramify.physics.constants import FARADAY, VACUUM_PERMITTIVITY
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.validation.references import laplace

PERMITTIVITY, TEMPERATURE, C0, D = 78.5 * VACUUM_PERMITTIVITY, 298.15, 10.0, 1e-9
DEBYE = double_layer.debye_length(C0, PERMITTIVITY, TEMPERATURE)
IONS = pnp.Ions((1, -1), (D, D), PERMITTIVITY, TEMPERATURE)
VT = IONS.thermal_voltage
STERN = 0.2
TRANSIENT = """\
model: double_layer
mesh: {type: box, size: [60 nm], cells: [60], grading: {towards: bottom, finest: 0.1 nm}}
ions:
  - {name: Li, charge: 1, diffusivity: 1e-9 m^2/s, concentration: 10 mol/m^3}
  - {name: A, charge: -1, diffusivity: 1e-9 m^2/s, concentration: 10 mol/m^3}
working_electrode: {stern_capacitance: 20 uF/cm^2, reaction: {ion: Li, exchange_current_density: 1e4 A/m^2}}
steps:
  - {voltage: -20 mV, duration: 0.1 us}
  - {sweep_to: 20 mV, duration: 0.2 us}
  - {current_density: 500 A/m^2, duration: 0.3 us}
output: {every: 0.05 us}
"""


def half_cell(length: float, working: Electrode, cells: int = 100) -> DoubleLayerCell:
    """An electrode at the bottom, the reservoir at the top."""
    z = length * np.expm1(4.0 * np.linspace(0.0, 1.0, cells + 1)) / np.expm1(4.0)
    reservoir = Electrode("top", held={0: C0, 1: C0})
    return DoubleLayerCell(box("interval", [z]), IONS, (C0, C0), working, reservoir, ("box",))


def go_on(cell: DoubleLayerCell, until: float, tolerance: float = 1e-7) -> None:
    dt = 1e-2 * cell.debye_time
    while cell.march.time < until:
        _, dt = cell.march.adaptive_step(until, dt, tolerance, cell.sizes)


@pytest.mark.parametrize("stern", [None, STERN])
def test_charging_follows_the_linear_theory(stern: float | None) -> None:
    """Half a millivolt at once, and a small current at once: lambda L/D and what is beyond it."""
    length = 20.0 * DEBYE
    time = 0.5 * DEBYE * length / D

    def capacitance(s):
        return double_layer.blocking_capacitance(s, length, DEBYE, D, PERMITTIVITY, stern or np.inf)

    cell = half_cell(length, Electrode("bottom", stern))
    cell.drive(voltage=lambda _: 5e-4)
    go_on(cell, time)
    assert cell.charge(cell.working) == pytest.approx(
        laplace.inverse(lambda s: 5e-4 * capacitance(s) / s, time), rel=1e-3
    )
    if stern is None:
        plain = 5e-4 * PERMITTIVITY / DEBYE * -np.expm1(-0.5)
        assert cell.charge(cell.working) == pytest.approx(plain, rel=0.1), "the circuit of a resistor and a capacitor"
    cell = half_cell(length, Electrode("bottom", stern))
    current = -1e-2 * PERMITTIVITY * VT / DEBYE / time
    cell.drive(current=current)
    go_on(cell, time)
    assert cell.voltage == pytest.approx(laplace.inverse(lambda s: -current / (s * s * capacitance(s)), time), rel=1e-3)
    assert cell.charge(cell.working) == pytest.approx(-current * time, rel=1e-9)
    assert cell.total_current(cell.counter) == pytest.approx(-current, rel=1e-8), "displacement is part of the current"


def test_reaction_at_the_plane_is_frumkins() -> None:
    """Away from zero charge the exchange current is that at the Stern layer's drop; potential by Nernst's law."""
    length, reference, i0 = 300.0 * DEBYE, 1.0, 20.0
    kinetics = SurfaceKinetics(i0, reference, 0.5, 0.5, VT)
    cell = half_cell(length, Electrode("bottom", STERN, reaction=Reaction(0, kinetics)), cells=200)
    cell.go_to_current(0.0)
    rest = cell.voltage
    assert rest == pytest.approx(VT * np.log(C0 / reference), rel=1e-6)

    def mismatch(drop: float) -> float:
        return STERN * drop - double_layer.steric_charge(rest - drop, DEBYE, PERMITTIVITY, VT, 1e-9)

    exchange = double_layer.frumkin_exchange_current_density(i0, 0.5, brentq(mismatch, 0.0, rest), VT)
    assert exchange > 1.5 * i0
    current = 0.01 * exchange
    cell.go_to_current(current)
    # the anions at rest: the salt's drop and Nernst's shift take the same voltage
    expected = VT / exchange + length * VT / (FARADAY * D * C0)
    assert (rest - cell.voltage) / current == pytest.approx(expected, rel=0.01)
    assert VT / exchange > 0.3 * expected, "kinetics matter here"
    assert cell.current(cell.working) == pytest.approx(current, rel=1e-9)
    assert cell.current(cell.counter) == pytest.approx(-current, rel=1e-7)
    back, at = cell.voltage, cell.current(cell.working)
    cell.go_to(back)
    assert cell.current(cell.working) == pytest.approx(at, rel=1e-6), "voltage and current are one state"


def test_a_held_ion_carries_a_given_current() -> None:
    """The space-charge cell under current finds the voltage that gives this current."""
    ends = [Electrode(name, held={0: C0}) for name in ("bottom", "top")]
    mesh = box("interval", [np.linspace(0.0, 40.0 * DEBYE, 161)])
    cell = DoubleLayerCell(mesh, IONS, (C0, C0), ends[0], ends[1], ("box",))
    cell.go_to(-0.05)
    current = cell.current(cell.working)
    cell.go_to(0.0)
    cell.go_to_current(current)
    assert cell.voltage == pytest.approx(-0.05, rel=1e-6)
    anions = cell.amounts()[1]
    cell.drive(current=1.2 * current)
    go_on(cell, 0.2 * (40.0 * DEBYE) ** 2 / D, 1e-4)
    # concentrations are known to 1e-9 of the bulk's, and next to the cathode there is little left
    assert cell.total_current(cell.working) == pytest.approx(1.2 * current, rel=1e-6)
    assert cell.voltage < -0.05 and cell.amounts()[1] == pytest.approx(anions, rel=1e-12)


def test_steps_sweeps_and_current_are_booked(tmp_path: Path) -> None:
    import xarray as xr

    scenario = scenario_from_text(TRANSIENT)
    assert check_scenario(scenario).scale("charging time") == pytest.approx(DEBYE * 60e-9 / D, rel=1e-3)
    found = run(scenario, tmp_path / "run", figures=True)
    assert found["time_s"] == pytest.approx(0.6e-6, rel=1e-12)
    assert found["balance"]["salt_relative"] < 1e-12 and found["balance"]["charge_relative"] < 1e-10
    assert set(found["ion_balance"]) == {"Li", "A"} and found["smallest_concentration_mol_per_m3"] > 0.0
    assert (tmp_path / "run" / "figures" / "history.png").is_file()
    with xr.open_dataset(tmp_path / "run" / "fields.nc", engine="h5netcdf", decode_times=False) as fields:
        assert fields["time"].values == pytest.approx(np.arange(13) * 0.05e-6, abs=1e-18)
    with xr.open_dataset(tmp_path / "run" / "history.nc", engine="h5netcdf", decode_times=False) as history:
        time, voltage, current = (history[name].values for name in ("time", "voltage", "current"))
        passed = history["charge_passed"].values
    sweep = (time > 0.1e-6 * 1.0001) & (time <= 0.3e-6)
    assert voltage[sweep] == pytest.approx(-0.02 + 0.04 * (time[sweep] - 0.1e-6) / 0.2e-6, abs=1e-12)
    last = time > 0.3e-6 * 1.0001
    assert current[last] == pytest.approx(500.0, rel=1e-7)
    assert np.ptp(passed[last] - 500.0 * time[last]) < 1e-8 * np.ptp(passed)


def test_shipped_scenario_charges_as_its_header_says(tmp_path: Path) -> None:
    """At rest after the step Gouy-Chapman-Stern; at the end but for the salt still on its way."""
    import xarray as xr

    found = run(load_scenario("charging_double_layer"), tmp_path / "run")
    assert found["balance"]["salt_relative"] < 1e-12 and found["balance"]["charge_relative"] < 1e-10
    with xr.open_dataset(tmp_path / "run" / "history.nc", engine="h5netcdf", decode_times=False) as history:
        time, charge, current = (history[name].values for name in ("time", "surface_charge", "current"))

    def at_rest(voltage: float) -> float:
        def diffuse(phi: float) -> float:
            return 2.0 * PERMITTIVITY * VT / DEBYE * np.sinh(0.5 * phi / VT)

        return diffuse(brentq(lambda phi: phi + diffuse(phi) / STERN - voltage, 0.0, voltage))

    assert np.interp(1e-7, time, charge) == pytest.approx(0.76e-3, rel=5e-3)
    assert np.interp(1e-6, time, charge) == pytest.approx(at_rest(0.01), rel=1e-3)
    assert np.interp(2e-6, time, current) == pytest.approx(-10.3e3, rel=1e-2)
    assert charge[-1] == pytest.approx(at_rest(0.1), rel=3e-3)


@pytest.mark.parametrize(
    "setting",
    [
        "working_electrode.stern_capacitance=30 uF/cm^2",
        "working_electrode.reaction.exchange_current_density=2e4 A/m^2",
        "working_electrode.reaction.transfer_coefficient=0.3",
        "working_electrode.reaction.anodic_transfer_coefficient=0.3",
        "working_electrode.reaction.film_resistance=1e-5 ohm*m^2",
        "working_electrode.reaction.reference_concentration=20 mol/m^3",
        "steps.2.current_density=-500 A/m^2",
        "numerics.time_tolerance=1e-3",
        "ion_diameter=5 angstrom",
    ],
)
def test_every_key_changes_the_run(tmp_path: Path, setting: str, reference_voltage: float) -> None:
    voltage = run(scenario_from_text(TRANSIENT, [setting]), tmp_path / "run")["voltage_V"]
    assert abs(voltage - reference_voltage) > 1e-9


@pytest.fixture(scope="module")
def reference_voltage(tmp_path_factory) -> float:
    return run(scenario_from_text(TRANSIENT), tmp_path_factory.mktemp("reference") / "run")["voltage_V"]


@pytest.mark.parametrize("dimension", [2, 3])
def test_planes_and_solids_give_the_line(tmp_path: Path, dimension: int, reference_voltage: float) -> None:
    wide = (dimension - 1) * ["5 nm"]
    sets = [
        f"mesh.size=[{', '.join([*wide, '60 nm'])}]",
        f"mesh.cells=[{', '.join([*(dimension - 1) * ['1'], '60'])}]",
        f"mesh.element={'quadrilateral' if dimension == 2 else 'hexahedron'}",
    ]
    found = run(scenario_from_text(TRANSIENT, sets), tmp_path / "run")
    assert found["voltage_V"] == pytest.approx(reference_voltage, rel=1e-6)
    assert found["balance"]["salt_relative"] < 1e-12 and found["balance"]["charge_relative"] < 1e-9


def test_two_ranks_give_the_same(tmp_path: Path, mpiexec, reference_voltage: float) -> None:
    (tmp_path / "cell.yaml").write_text(TRANSIENT)
    mpiexec(2, "-m", "ramify.cli", "run", "cell.yaml", "-o", "run", "--no-figures", cwd=tmp_path)
    found = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert found["ranks"] == 2 and found["voltage_V"] == pytest.approx(reference_voltage, rel=1e-8)
    assert found["balance"]["salt_relative"] < 1e-12 and found["balance"]["charge_relative"] < 1e-9


SOLID = [
    "mesh={type: box, size: [10 nm, 10 nm, 60 nm], cells: [2, 2, 16], element: tetrahedron, "
    "grading: {towards: bottom, finest: 0.5 nm}}",
    "steps=[{voltage: -20 mV, duration: 20 ns}, {current_density: 500 A/m^2, duration: 20 ns}]",
    "output=",
]


def test_iterative_solver_of_large_meshes_finds_the_same(tmp_path: Path, monkeypatch, mpiexec) -> None:
    """Jumps, sweeps, given current and steady states by multigrid for all fields of a node, on two ranks too."""
    from ramify.fem import linear

    steady = [SOLID[0], "steps=", "output=", "voltages=[0.1 V]"]
    direct = [run(scenario_from_text(TRANSIENT, sets), tmp_path / f"{len(sets)}") for sets in (SOLID, steady)]
    monkeypatch.setattr(linear, "DIRECT_UNKNOWNS", 0)
    iterative = [run(scenario_from_text(TRANSIENT, sets), tmp_path / f"m{len(sets)}") for sets in (SOLID, steady)]
    assert iterative[0]["voltage_V"] == pytest.approx(direct[0]["voltage_V"], rel=1e-7)
    assert iterative[0]["balance"]["salt_relative"] < 1e-9 and iterative[0]["balance"]["charge_relative"] < 1e-8
    for key in ("charge", "capacitance", "current"):
        assert iterative[1][key] == pytest.approx(direct[1][key], rel=1e-6), key
    (tmp_path / "cell.yaml").write_text(TRANSIENT)
    arguments = ["run", "cell.yaml", "-o", "two", "--no-figures"] + [w for each in steady for w in ("--set", each)]
    program = "from ramify.fem import linear; from ramify.cli import main; linear.DIRECT_UNKNOWNS = 0; main()"
    mpiexec(2, "-c", program, *arguments, cwd=tmp_path)
    found = json.loads((tmp_path / "two" / "summary.json").read_text())
    assert found["ranks"] == 2 and found["charge"] == pytest.approx(iterative[1]["charge"], rel=1e-7)


def test_given_currents_one_steady_state_after_the_other(tmp_path: Path) -> None:
    sets = ["steps=", "output=", "current_densities=[0 A/m^2, 1000 A/m^2]"]
    found = run(scenario_from_text(TRANSIENT, sets), tmp_path / "run")
    assert [row["current"] for row in found["curve"]] == pytest.approx([0.0, 1000.0], abs=1e-5)
    assert found["curve"][0]["voltage"] == pytest.approx(0.0, abs=1e-9) and found["voltage_V"] < -1e-3
    assert found["balance"]["charge_relative"] < 1e-8


def test_a_charged_solution_is_warned_of(tmp_path: Path) -> None:
    """Between blocking electrodes it is a problem like any other; what the ions carry the metals mirror."""
    sets = ["steps=", "output=", "voltages=[0 V]", "working_electrode.reaction=", "counter_electrode.holds=nothing"]
    scenario = scenario_from_text(TRANSIENT, [*sets, "ions.1.concentration=9.9 mol/m^3"])
    assert any("not neutral at the start" in warning for warning in check_scenario(scenario).warnings)
    assert not any("neutral" in warning for warning in check_scenario(scenario_from_text(TRANSIENT, sets)).warnings)
    found = run(scenario, tmp_path / "run")
    assert found["charge"] < 0.0 and found["balance"]["salt_relative"] < 1e-12


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("voltages=[0 V]", "voltages and steps exclude each other"),
        ("steps=", "one of voltages, current_densities, steps is required"),
        ("steps.0.sweep_to=1 V", "voltage and sweep_to exclude each other"),
        ("steps.0.voltage=", "says nothing of voltage or current"),
        ("steps.0.duration=", "duration"),
        ("working_electrode.stern_capacitance=", "required by a reaction"),
        ("working_electrode.reaction.ion=Na", "not one of the ions"),
        ("working_electrode.reaction.ion=A", "deposited from cations"),
        ("working_electrode.holds=[Li]", "held at its concentration by the same surface"),
        ("working_electrode.boundary=botom", "botom.*bottom"),
        ("numerics.order=2", "edge averages"),
        ("ions.0.diffusivity=-1e-9 m^2/s", "-1e-9"),
        ("ions.0.concentration=11 mol/m^3", "reservoir's solution is not neutral"),
    ],
)
def test_what_cannot_be_is_refused(setting: str, complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint) as refusal:
        scenario_from_text(TRANSIENT, [setting])
    assert refusal.value.key


@pytest.mark.parametrize(
    ("sets", "complaint"),
    [
        (["voltages=[0 V]"], "steady states have no steps in time"),
        (["current_densities=[1 A/m^2]", "output=", "working_electrode.reaction="], "no ion passes both electrodes"),
        (["voltages=[0 V]", "output=", "numerics.time_tolerance=1e-3"], "steady states have no steps in time"),
    ],
)
def test_steady_states_refuse_what_belongs_to_time(sets: list[str], complaint: str) -> None:
    with pytest.raises(ScenarioError, match=complaint):
        scenario_from_text(TRANSIENT, ["steps=", *sets])
