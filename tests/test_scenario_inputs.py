"""Inputs out of proportion, unused, or told wrongly: refused or warned of with the reason, before anything runs."""

import os
import time

import numpy as np
import pytest

from ramify.build import build_problem
from ramify.check import check_scenario
from ramify.scenario import ScenarioError, load_scenario, scenario_from_text
from ramify.scenario.protocol_text import parse_protocol

CASE = """\
domain: {size: [16 um, 16 um, 20 um], cells: [16, 16, 20]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
protocol: [plate at 1 mA/cm^2 for 1 h]
"""


def resolved(*overrides):
    return scenario_from_text(CASE, overrides)


def refusal(*overrides):
    with pytest.raises(ScenarioError) as error:
        check_scenario(resolved(*overrides))
    return str(error.value)


def warnings_of(*overrides):
    return " | ".join(check_scenario(resolved(*overrides)).warnings)


@pytest.mark.parametrize("planar", [False, True])
def test_a_nucleus_on_a_periodic_face_appears_on_both_sides(planar):
    overrides = ["domain.lateral=periodic"]
    place = "[0 um, 3 um, 0 um]"
    if planar:
        overrides += ["domain.size=[16 um, 20 um]", "domain.cells=[16, 20]"]
        place = "[0 um, 0 um]"
    overrides.append(f"nuclei=[{{position: {place}, radius: 4 um}}]")
    metal = build_problem(resolved(*overrides)).geometry.metal_distance
    x, y, z = np.array([1e-6, 15e-6, 8e-6]), np.full(3, 3e-6), np.full(3, 1e-6)
    near, across, between = metal(x, y, z)
    assert near < 0.0
    assert across == pytest.approx(near, rel=1e-12)
    assert between > 0.0


@pytest.mark.parametrize(("density", "told"), [("1e40 1/m^2", "allowed: up to"), ("1e-3 1/m^2", "no cap at all")])
def test_check_counts_the_random_nuclei(density, told):
    message = refusal(f"nucleation={{density: {density}}}")
    assert "nucleation.density" in message
    assert told in message


@pytest.mark.parametrize("value", ["1e8 A/m^2", "1e-320 A/m^2", "1e-15 A/m^2"])
def test_an_absurd_exchange_current_density_is_refused_with_the_reason(value):
    assert "kinetics.exchange_current_density" in refusal(f"kinetics.exchange_current_density={value}")


@pytest.mark.parametrize("exponent", ["4000", "99999999999999999999", "+4000"])
def test_a_number_beyond_floats_is_called_not_finite(exponent):
    assert "not a finite number" in refusal(f"kinetics.exchange_current_density=1e{exponent} A/m^2")
    assert "not a finite number" in refusal(f"protocol=[plate at 1e{exponent} A/m^2 for 1 s]")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("metal.conductivity=1 S/m", "metal.conductivity"),
        ("film.thickness=18 um", "film: leaves 2 um"),
        ("output.every=1e-6 s", "snapshots"),
        ("interface.mobility=1e-3 m^2/s", "mobility"),
    ],
)
def test_what_is_unused_or_out_of_proportion_is_warned_of(override, told):
    assert told not in warnings_of()
    assert told in warnings_of(override)


def test_a_conductivity_that_is_used_is_not_warned_of():
    assert "conductivity" not in warnings_of("metal.conductivity=1 S/m", "electrons.transport=ohmic")


def test_an_empty_value_takes_the_default_of_a_whole_section_back():
    assert scenario_from_text(CASE + "film: {thickness: 5 um}\n", ["film="]) == resolved()
    assert "is required and missing" in refusal("domain=")


def test_a_host_given_as_a_word_names_the_allowed_form():
    assert "{type: pillars, ...}" in refusal("host=pillars")


@pytest.mark.parametrize(
    ("override", "nearest"),
    [("electrolyte={preset: LiPF6, concentration: 1 mol/L}", "LiPF6 in EC:DMC"), ("metal.preset=Li", "lithium")],
)
def test_presets_offer_the_nearest(override, nearest):
    assert f"did you mean '{nearest}'" in refusal(override)


def test_what_is_no_file_is_called_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "case.yaml").mkdir()
    for name, told in (("pipe.yaml", "not a regular file"), ("case.yaml", "is a folder"), ("n" * 300, "no such")):
        with pytest.raises(ScenarioError, match=told) as error:
            load_scenario(tmp_path / name)
        assert f"did you mean '{name}'" not in str(error.value)


def test_repeats_are_not_unrolled():
    start = time.perf_counter()
    check = check_scenario(resolved("protocol=[{repeat 300000: [plate at 1 mA/cm^2 for 1 s, rest for 1 s]}]"))
    assert time.perf_counter() - start < 1.0
    assert check.steps == 600_000


def test_sums_and_steps_of_repeats_are_those_of_the_unrolled_protocol():
    entries = [
        "plate at 1 mA/cm^2 for 3 s",
        {"repeat 4": ["strip at 2 mA/cm^2 for 1 s", {"repeat 2": ["plate at 1 mA/cm^2 for 2 s", "rest for 1 s"]}]},
        {"repeat 3": ["plate at 1 mA/cm^2 for 1 s", "strip at 1 mA/cm^2 for 2 s"]},
    ]
    protocol = parse_protocol(entries)
    amounts = [(step.current_density or 0.0) * (step.duration or 0.0) for step in protocol]
    total, largest = protocol.total(lambda step: (step.current_density or 0.0) * (step.duration or 0.0))
    assert total == pytest.approx(sum(amounts))
    assert largest == pytest.approx(max(np.cumsum(amounts)))
    assert [protocol[n] for n in range(len(protocol))] == list(protocol)
    with pytest.raises(IndexError):
        protocol[len(protocol)]
