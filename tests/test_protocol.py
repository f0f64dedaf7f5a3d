"""The protocol grammar: what is read, in which order it runs, and where a refusal points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ramify.scenario.errors import ScenarioError
from ramify.scenario.protocol import StopCondition
from ramify.scenario.protocol_text import parse_protocol, parse_step, protocol_entries


def test_plate_until_capacity():
    step = parse_step("plate at 2 mA/cm^2 until 0.5 mAh/cm^2")
    assert (step.kind, step.current_density, step.duration, step.limit) == ("plate", 20.0, None, None)
    assert step.until == (StopCondition("capacity", 18000.0),)


def test_strip_is_negative_and_its_voltage_a_magnitude():
    step = parse_step("strip at 1 mA/cm^2 until 1 V")
    assert step.current_density == -10.0
    assert step.stop("voltage") == 1.0


def test_hold_is_signed_and_conditions_are_joined_by_or():
    step = parse_step("hold at -0.1 V until 0.1 mA/cm^2 or 1 mAh / cm^2 or short circuit for 1 h")
    assert (step.voltage, step.current_density, step.duration) == (-0.1, None, 3600.0)
    assert [condition.kind for condition in step.until] == ["current_density", "capacity", "short_circuit"]


def test_pulse_times():
    step = parse_step("pulse at 2 mA/cm^2 for 1 ms on 3 ms off for 10 min limit 0.3 V")
    assert (step.time_on, step.time_off, step.duration, step.limit) == (1e-3, 3e-3, 600.0, 0.3)


def test_clauses_come_in_any_order():
    one = parse_step("plate at 2 mA/cm^2 limit 0.3 V until depletion for 1 h")
    two = parse_step("plate at 2 mA/cm^2 for 1 h until depletion limit 0.3 V")
    assert (one.duration, one.until, one.limit) == (two.duration, two.until, two.limit)


def test_rest_is_no_current():
    assert parse_step("rest for 10 min").current_density == 0.0


def test_a_step_may_stand_under_a_pressure_of_its_own():
    step = parse_step("strip at 1 mA/cm^2 until 50 mV or 1 mAh/cm^2 under 5 MPa")
    assert step.pressure == pytest.approx(5e6)
    assert parse_step("rest under 0 MPa for 1 h").pressure == 0.0
    assert parse_step("rest for 1 h").pressure is None
    assert protocol_entries(parse_protocol([step.text])) == [step.text]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "plate at 2 mA/cm^2 untl 0.5 mAh/cm^2",
            "word 5, 'untl'; allowed: 'for', 'until', 'limit', 'under'; did you mean 'until'",
        ),
        ("palte at 2 mA/cm^2 for 3 s", "word 1, 'palte'"),
        ("plate 2 mA/cm^2 for 3 s", "word 2, '2'; allowed: 'at'"),
        ("plate at 2 V for 3 s", "a voltage, where a current density is expected"),
        ("plate at 2 for 3 s", "a number without a unit at word 3"),
        ("plate at -2 mA/cm^2 for 3 s", "greater than zero at word 3"),
        ("plate at nan mA/cm^2 for 3 s", "word 3, 'nan'"),
        ("plate at 2 mA/cm2 for 3 s", "did you mean 'mA/cm^2'"),
        ("plate at 2 mA/cm^2", "the step never ends"),
        ("hold at 0.1 V", "the step never ends"),
        ("rest", "the step never ends; allowed: 'for TIME'"),
        ("plate at 2 mA/cm^2 for 3 s for 4 s", "'for' is given twice at word 8"),
        ("plate at 2 mA/cm^2 until", "at the end of the line"),
        ("plate at 2 mA/cm^2 until deplition", "did you mean 'depletion'"),
        ("plate at 2 mA/cm^2 until short circiut", "did you mean 'circuit'"),
        ("plate at 2 mA/cm^2 until 5 um", "'5 um' cannot be used here"),
        ("plate at 2 mA/cm^2 until 1 V or 2 V", "two conditions on voltage"),
        ("plate at 2 mA/cm^2 until 1 mA/cm^2", "'limit VOLTAGE'"),
        ("plate at 2 mA/cm^2 until 3 mA/cm^2 limit 1 V", "would end at once"),
        ("plate at 2 mA/cm^2 until 1 V limit 0.5 V", "limited before it can end"),
        ("hold at 0.1 V for 1 h limit 3 V", "the voltage is held"),
        ("rest for 1 h until depletion", "nothing happens in a rest"),
        ("rest for 1 h under 3 V", "a voltage, where a pressure is expected"),
        ("rest for 1 h under -1 MPa", "-1 MPa"),
        ("rest for 1 h under 1 MPa under 2 MPa", "'under' is given twice"),
        ("pulse at 2 mA/cm^2 for 1 ms on 3 ms for 3 s", "allowed: 'off'"),
        ("pulse at 0 mA/cm^2 for 1 ms on 3 ms off for 3 s", "without current"),
        ("", "allowed: plate, strip, hold, rest, pulse"),
    ],
)
def test_refusals_point_at_the_word(line, told):
    with pytest.raises(ScenarioError) as refusal:
        parse_step(line)
    assert told in str(refusal.value)


def test_repeats_run_in_order_with_labels():
    protocol = parse_protocol(["rest for 1 s", {"repeat 2": ["rest for 2 s", {"repeat 3": ["rest for 3 s"]}]}])
    assert len(protocol) == 9
    assert [step.duration for step in protocol] == [1, 2, 3, 3, 3, 2, 3, 3, 3]
    labels = [step.label for step in protocol]
    assert labels[0] == "1"
    assert labels[-1] == "2[2/2].2[3/3].1"
    assert len(set(labels)) == 9
    assert [indices for indices, _ in protocol.distinct()] == [(0,), (1, 0), (1, 1, 0)]


def test_written_protocols_read_back():
    entries = ["rest for 1 s", {"repeat 2": ["plate at 1 A/m^2 for 2 s", {"repeat 3": ["rest for 3 s"]}]}]
    assert protocol_entries(parse_protocol(entries)) == entries


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], "not a list of steps"),
        ("rest for 1 s", "not a list of steps"),
        ([3], "[0]: 3: not a step"),
        ([{"repaet 2": ["rest for 1 s"]}], "did you mean 'repeat'"),
        ([{"repeat 0": ["rest for 1 s"]}], "whole number N from one"),
        ([{"repeat 2": []}], "not a list of steps"),
        (["rest for 1 s", {"repeat 2": ["rest for 1 m"]}], "[1].repeat 2[0]"),
        ([{"repeat 9999": [{"repeat 9999": ["rest for 1 s"]}]}], "99980001 steps"),
    ],
)
def test_refused_lists(entries, told):
    with pytest.raises(ScenarioError) as refusal:
        parse_protocol(entries)
    assert told in str(refusal.value)


WORDS = [
    "plate",
    "strip",
    "hold",
    "rest",
    "pulse",
    "at",
    "for",
    "until",
    "limit",
    "or",
    "on",
    "off",
    "depletion",
    "short",
]
VALUES = ["circuit", "2 mA/cm^2", "1 V", "-1 V", "3 s", "0.5 mAh/cm^2", "5", "um", "1e999 s", "/"]


def read(line):
    try:
        return parse_step(line)
    except ScenarioError as refusal:
        return refusal


@given(st.lists(st.sampled_from(WORDS + VALUES), max_size=14))
def test_any_words_are_a_step_that_ends_or_one_refusal(words):
    result = read(" ".join(words))
    if isinstance(result, ScenarioError):
        assert "\n" not in str(result)
    else:
        assert result.duration is not None or result.until
        assert parse_step(result.text) == result
