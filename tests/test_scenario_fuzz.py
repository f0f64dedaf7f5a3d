"""Whatever a scenario file holds, the answer is a scenario or one refusal on one line, soon."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ramify.scenario import Scenario, ScenarioError, load_scenario, scenario_from_text, to_yaml
from ramify.scenario.shipped import shipped_scenarios

SHIPPED = shipped_scenarios()["strip_and_plate"].read_text("utf-8")
FUZZ = settings(max_examples=120, deadline=2000, suppress_health_check=[HealthCheck.too_slow])


def read(text: str, *overrides: str) -> Scenario | ScenarioError:
    try:
        return scenario_from_text(text, overrides)
    except ScenarioError as refusal:
        return refusal


def answered(result: Scenario | ScenarioError) -> bool:
    """Whether a refusal is one line, and a scenario survives being written."""
    if isinstance(result, ScenarioError):
        return "\n" not in str(result)
    return scenario_from_text(to_yaml(result)) == result


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"a: \x00",
        b"[" * 60_000,
        b"- " * 20_000,
        b"a: &x [*x]",
        b"&a " * 9000,
        b"x" * 70_000,
        b"a: !!python/object/apply:os.system [ls]",
        b"\n".join(b" " * depth + b"a:" for depth in range(200)),
        b"k: [" * 499,
        b"? a\n" * 9000,
        b"{a: " * 490,
    ],
)
def test_hostile_files_are_refused_in_time(tmp_path, raw):
    path = tmp_path / "case.yaml"
    path.write_bytes(raw)
    start = time.perf_counter()
    with pytest.raises(ScenarioError):
        load_scenario(path)
    assert time.perf_counter() - start < 2.0


MARKS = [
    "a",
    ":",
    ": ",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "*a",
    "&a ",
    "!!map ",
    ">",
    "|",
    "'",
    '"',
    "#",
    "%",
    "~",
    "? ",
]
WORDS = ["domain: ", "size: ", "20 um", "cells", "1", ".nan", "host: ", "\n", "protocol:\n", "plate at 1 A/m^2 for 1 s"]
TOKENS = st.sampled_from(MARKS + WORDS)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["1 um", "2 s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = [*Scenario.model_fields, "film.thickness", "domain.size", "domain.cells.0", "protocol.0", "nuclei.0.position.0"]


@FUZZ
@given(st.lists(TOKENS, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text(text):
    assert answered(read(text))


@FUZZ
@given(st.sampled_from(KEYS), VALUES)
def test_any_value_of_any_key(key, value):
    assert answered(read(SHIPPED, f"{key}={json.dumps(value)}"))


@FUZZ
@given(st.integers(0, len(SHIPPED) - 1), st.integers(0, 20), st.text(max_size=5))
def test_any_slip_of_the_pen(start, length, new):
    assert answered(read(SHIPPED[:start] + new + SHIPPED[start + length :]))


@FUZZ
@given(st.text(max_size=40))
def test_any_override(text):
    assert answered(read(SHIPPED, text))
