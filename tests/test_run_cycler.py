"""The cycler alone: the walk through a protocol, what it asks of the engine, and what ends a step."""

import pytest

from ramify.phasefield.engine import StepReport
from ramify.run.cycler import DEPLETED, Cycler
from ramify.scenario.protocol_text import parse_protocol

SALT = 1000.0
MAH = 36.0
"""C/m^2 in 1 uAh/cm^2."""


def cycler_of(*lines):
    return Cycler(parse_protocol(list(lines)), SALT)


def report(time, step=1.0, current=10.0, voltage=-0.1, short=False, surface=None, limited=False):
    return StepReport(
        time=time,
        step=step,
        current_density=current,
        voltage=voltage,
        limited=limited,
        newton_iterations=2,
        krylov_iterations=5,
        rejected=0,
        minimum_concentration=SALT,
        surface_concentration=SALT if surface is None else surface,
        short_circuit=short,
    )


class Cell:
    """An ideal cell behind the cycler: the current is what is asked, the voltage -0.1 V, steps of a fixed length."""

    def __init__(self, cycler, length=0.3):
        self.cycler, self.length, self.time = cycler, length, 0.0
        self.control = cycler.begin(0.0)
        self.history = []
        self.reasons = []

    def step(self):
        horizon = self.cycler.horizon(self.time)
        assert horizon > self.time, "the cycler leaves no room for a step"
        until = min(self.time + self.length, horizon)
        current = self.control.value if self.control.mode == "current" else 10.0
        length, self.time = until - self.time, until
        self.history.append((until, current, length))
        ended = self.cycler.note(report(until, length, current), current * length)
        if ended is None:
            if self.cycler.switch_pulse(until):
                self.control = self.cycler.control()
            return
        self.reasons.append(ended)
        self.cycler.advance(until)
        if not self.cycler.done:
            self.control = self.cycler.begin(until)

    def run(self, most=10_000):
        while not self.cycler.done and len(self.history) < most:
            self.step()
        assert self.cycler.done
        return self


def test_the_walk_visits_every_step_in_order_and_ends():
    cell = Cell(
        cycler_of(
            "plate at 1 mA/cm^2 for 2 s",
            "rest for 1 s",
            {"repeat 2": ["strip at 2 mA/cm^2 for 1 s", "hold at -0.05 V for 1 s"]},
        )
    ).run()
    assert cell.time == pytest.approx(7.0, rel=1e-12)
    assert cell.reasons == ["time"] * 6
    modes = {round(t, 9): current for t, current, _ in cell.history}
    assert modes[2.0] == pytest.approx(10.0)
    assert modes[3.0] == 0.0
    assert modes[4.0] == pytest.approx(-20.0)
    assert cell.cycler.done


@pytest.mark.parametrize(
    ("line", "mode", "value", "limit"),
    [
        ("plate at 1 mA/cm^2 for 1 s", "current", 10.0, None),
        ("strip at 1 mA/cm^2 for 1 s limit 0.5 V", "current", -10.0, 0.5),
        ("strip at 1 mA/cm^2 until 0.3 V", "current", -10.0, 0.3),
        ("plate at 1 mA/cm^2 until 0.2 V limit 0.3 V", "current", 10.0, 0.2),
        ("hold at -0.2 V for 1 s", "voltage", -0.2, None),
        ("rest for 1 s", "current", 0.0, None),
        ("pulse at 1 mA/cm^2 for 1 s on 2 s off for 6 s", "current", 10.0, None),
    ],
)
def test_what_the_engine_is_asked_for(line, mode, value, limit):
    control = cycler_of(line).control()
    assert (control.mode, control.voltage_limit) == (mode, limit)
    assert control.value == pytest.approx(value)


def test_pulses_switch_at_their_times_and_rest_between():
    cell = Cell(cycler_of("pulse at 1 mA/cm^2 for 1 s on 2 s off for 7 s"), length=0.7).run()
    switches = [t for t, _, _ in cell.history]
    for time in (1.0, 3.0, 4.0, 6.0, 7.0):
        assert any(t == pytest.approx(time, rel=1e-12) for t in switches)
    on = sum(length for _, current, length in cell.history if current > 0.0)
    assert on == pytest.approx(3.0, rel=1e-12)


def test_pulse_phases_do_not_drift():
    """A thousand phases end where the protocol says, not at a sum of rounded steps."""
    cell = Cell(cycler_of("pulse at 1 mA/cm^2 for 0.1 s on 0.2 s off for 150 s"), length=0.07).run()
    assert cell.time == 150.0
    assert cell.reasons == ["time"]


@pytest.mark.parametrize("line", ["plate at 1 mA/cm^2 until 1 uAh/cm^2", "strip at 1 mA/cm^2 until 1 uAh/cm^2"])
@pytest.mark.parametrize("length", [0.3, 0.7, 100.0])
def test_capacity_is_met_exactly(line, length):
    cell = Cell(cycler_of(line), length).run()
    assert cell.reasons == ["capacity"]
    assert abs(sum(current * step for _, current, step in cell.history)) == pytest.approx(MAH, rel=1e-9)


def test_capacity_is_met_exactly_by_pulses_too():
    """Also when the first time step of a pulse would carry more charge than is left."""
    cell = Cell(cycler_of("pulse at 1 mA/cm^2 for 1 s on 1 s off until 1 uAh/cm^2"), length=5.0).run()
    assert sum(current * step for _, current, step in cell.history) == pytest.approx(MAH, rel=1e-9)


def test_each_step_counts_its_own_charge():
    cell = Cell(cycler_of({"repeat 3": ["plate at 1 mA/cm^2 until 1 uAh/cm^2", "rest for 1 s"]})).run()
    assert sum(current * step for _, current, step in cell.history) == pytest.approx(3.0 * MAH, rel=1e-9)


def test_capacity_late_in_a_long_run_leaves_room_for_a_step():
    """What is left of a capacity may be less than the clock resolves; the step then ends instead of hanging."""
    cycler = cycler_of("rest for 1e9 s", "plate at 1 mA/cm^2 until 1 nAh/cm^2")
    cell = Cell(cycler, length=2e9)
    cell.step()
    for _ in range(50):
        if cycler.done:
            break
        cell.length = 1.1e-3
        cell.step()
    assert cycler.done
    assert cell.reasons[-1] == "capacity"


def test_voltage_ends_a_step_by_its_magnitude():
    cycler = cycler_of("strip at 1 mA/cm^2 until 0.5 V")
    cycler.begin(0.0)
    assert cycler.note(report(1.0, voltage=0.49), -10.0) is None
    assert cycler.note(report(2.0, voltage=0.5), -10.0) == "voltage"
    cycler = cycler_of("plate at 1 mA/cm^2 until 0.5 V")
    cycler.begin(0.0)
    assert cycler.note(report(1.0, voltage=-0.5), 10.0) == "voltage"


def test_current_density_ends_a_hold_when_it_has_fallen():
    cycler = cycler_of("hold at -0.1 V until 0.1 mA/cm^2")
    cycler.begin(0.0)
    assert cycler.note(report(1.0, current=1.1), 1.1) is None
    assert cycler.note(report(2.0, current=-0.9), 0.9) == "current density"


def test_short_circuit_and_depletion_end_a_step():
    cycler = cycler_of("plate at 1 mA/cm^2 until short circuit or depletion")
    cycler.begin(0.0)
    assert cycler.watches_depletion
    assert cycler.note(report(1.0, surface=0.5 * SALT), 10.0) is None
    assert cycler.note(report(2.0, short=True, surface=0.4 * SALT), 10.0) == "short circuit"
    assert cycler.note(report(3.0, surface=0.9 * DEPLETED * SALT), 10.0) == "depletion"


def test_a_low_voltage_limit_counts_as_depletion_when_little_salt_is_left():
    """At 0.3 V the surface keeps some per cent of its salt for good: then the limit says that it is used up."""
    cycler = cycler_of("plate at 1 mA/cm^2 until depletion limit 0.3 V")
    cycler.begin(0.0)
    assert cycler.note(report(1.0, surface=0.05 * SALT), 10.0) is None
    assert cycler.note(report(2.0, surface=0.5 * SALT, limited=True), 10.0) is None
    assert cycler.note(report(3.0, surface=0.05 * SALT, limited=True), 10.0) == "depletion"


def test_the_horizon_closes_in_on_depletion():
    """A surface concentration that falls steadily is met within a thousandth of its time."""
    cycler = cycler_of("plate at 1 mA/cm^2 until depletion")
    cycler.begin(0.0)
    time, steps, ended = 0.0, 0, None
    while ended is None:
        time, steps = min(time + 5.0, cycler.horizon(time)), steps + 1
        ended = cycler.note(report(time, surface=SALT * (1.0 - time / 17.0)), 1.0)
        assert steps < 100
    assert ended == "depletion"
    assert time == pytest.approx(17.0, rel=2e-3)


def test_first_of_several_conditions_ends_the_step():
    cell = Cell(cycler_of("plate at 1 mA/cm^2 for 100 s until 1 uAh/cm^2 or 1 V")).run()
    assert cell.reasons == ["capacity"]
    cell = Cell(cycler_of("plate at 1 mA/cm^2 for 2 s until 1 uAh/cm^2 or 1 V")).run()
    assert cell.reasons == ["time"]


def test_state_survives_saving_and_loading():
    lines = ["pulse at 1 mA/cm^2 for 1 s on 2 s off for 30 s", "plate at 1 mA/cm^2 until depletion"]
    cell = Cell(cycler_of(*lines), length=0.7)
    for _ in range(8):
        cell.step()
    cell.cycler.note(report(cell.time + 0.1, surface=400.0), 1.0)
    other = cycler_of(*lines)
    other.load(cell.cycler.save())
    assert other.save() == cell.cycler.save()
    assert other.control() == cell.cycler.control()
    assert other.horizon(cell.time) == cell.cycler.horizon(cell.time)
