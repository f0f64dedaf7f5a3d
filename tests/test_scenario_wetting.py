"""Contact angles of the deposit in a scenario: what they build, what is refused, what is warned of."""

import math

import pytest

from ramify.build import build_problem
from ramify.check import check_scenario
from ramify.phasefield.problem import MOBILITY_FACTOR, WETTING_MOBILITY_FACTOR, ContactAngles
from ramify.scenario import ScenarioError, scenario_from_text
from ramify.scenario.writing import to_yaml

PLANE = """\
domain: {size: [20 um, 20 um], cells: [40, 40]}
electrolyte: {diffusivity: 1e-10 m^2/s, transference: 0.4, concentration: 1 mol/L}
kinetics: {exchange_current_density: 30 A/m^2}
protocol: [plate at 1 mA/cm^2 for 1 min]
"""
PILLARS = "host={type: pillars, diameter: 4 um, pitch: 10 um, height: 10 um, contact_angle: 120 deg}"


def scenario_of(*overrides):
    return scenario_from_text(PLANE, overrides=list(overrides))


def test_angles_reach_the_problem_and_hold_through_the_mobility():
    problem = build_problem(scenario_of("collector.contact_angle=30 deg", PILLARS))
    assert problem.contact_angles.collector == pytest.approx(math.pi / 6.0)
    assert problem.contact_angles.host == pytest.approx(2.0 * math.pi / 3.0)
    assert problem.interface.mobility_factor == WETTING_MOBILITY_FACTOR
    classical = build_problem(scenario_of(PILLARS, "interface.curvature=allen_cahn"))
    assert classical.interface.mobility_factor == MOBILITY_FACTOR


def test_a_right_angle_changes_nothing():
    plain, right = build_problem(scenario_of()), build_problem(scenario_of("collector.contact_angle=90 deg"))
    assert right.contact_angles == plain.contact_angles == ContactAngles()
    assert right.interface == plain.interface
    assert right.interface.mobility_factor == MOBILITY_FACTOR
    build_problem(scenario_of("collector.contact_angle=90 deg", "engine=fipy"))


def test_the_resolved_scenario_says_them_again():
    scenario = scenario_of("collector.contact_angle=30 deg", PILLARS)
    again = scenario_from_text(to_yaml(scenario))
    assert again.collector == scenario.collector
    assert again.host == scenario.host


REFUSED = [
    (["collector.contact_angle=10 deg"], "collector.contact_angle", "from 20 to 160 deg"),
    (["collector.contact_angle=170 deg"], "collector.contact_angle", "from 20 to 160 deg"),
    (["collector.contact_angle=60"], "collector.contact_angle", "without a unit"),
    (["collector.contact_angle=-60 deg"], "collector.contact_angle", "greater than zero"),
    ([PILLARS.replace("120", "175")], "host.contact_angle", "from 20 to 160 deg"),
    (["host={type: none, contact_angle: 60 deg}"], "host.contact_angle", "unknown key"),
    (["collector.contact_angle=60 deg", "interface.motion=frozen"], "collector.contact_angle", "keeps its shape"),
    ([PILLARS, "engine=fipy"], "host.contact_angle", "right angles only"),
    (["collector.contact_angle=60 deg", "domain={size: [20 um], cells: [40]}"], "collector.contact_angle", "lateral"),
    (["collector.contact_angle=60 deg", "host={type: flat, height: 3 um}"], "collector.contact_angle", "covers"),
    (["collector.contact_angel=60 deg"], "collector.contact_angel", "did you mean 'contact_angle'"),
]


@pytest.mark.parametrize(("overrides", "key", "told"), REFUSED)
def test_what_cannot_be_is_refused(overrides, key, told):
    with pytest.raises(ScenarioError) as refusal:
        scenario_of(*overrides)
    text = str(refusal.value)
    assert told in text, text
    assert f"{key}:" in text, text


def warnings(*overrides):
    return [note for note in check_scenario(scenario_of(*overrides)).warnings if "contact angle" in note]


def test_check_warns_of_starts_that_contradict_the_walls():
    nucleus = "nuclei=[{position: [5 um, 0 um], radius: 4 um, contact_angle: 60 deg}]"
    notes = warnings("collector.contact_angle=30 deg", nucleus)
    assert any("nuclei[0]: its cap meets the collector at 60 deg" in note for note in notes)
    assert not any("nuclei" in note for note in warnings("collector.contact_angle=60 deg", nucleus))
    caps = "nucleation={density: 1e10 1/m^2, radius: 3 um}"
    both = warnings(PILLARS, caps)
    assert any("nucleation: its cap meets the host at 90 deg" in note for note in both)
    assert not any("the collector at" in note for note in both)
    assert warnings(caps) == []


def test_check_tells_how_far_curvature_carries_an_angle():
    """G gamma Omega/(F i) for surface energy, b/v for the classical front: nanometres, a width and a half, enough."""
    angle = "collector.contact_angle=60 deg"
    (surface,) = warnings(angle)
    assert "rounds the deposit over" in surface
    (classical,) = warnings(angle, "interface.curvature=allen_cahn")
    assert "0.75 um" in classical, classical
    assert warnings(angle, "interface={curvature: allen_cahn, mobility: 1e-14 m^2/s}") == []
    assert warnings(angle, "protocol=[rest for 1 min]") == []


def test_the_reference_engine_refuses_an_angle_on_its_own():
    pytest.importorskip("fipy")
    from ramify.phasefield.fipy_reference import FiPyEngine

    problem = build_problem(scenario_of("collector.contact_angle=60 deg"))
    with pytest.raises(ValueError, match="use engine petsc"):
        FiPyEngine(problem)
