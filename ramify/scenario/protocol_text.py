"""Reader of protocol lines; the grammar is that of `ramify.scenario.protocol`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from ramify.scenario import units
from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.protocol import Protocol, Repeat, Step, StepKind, StopCondition, StopKind

KINDS: tuple[StepKind, ...] = get_args(StepKind)
KEYWORDS = ("for", "until", "limit", "under", "or", "at", "on", "off")
CONDITIONS = "an areal capacity, a voltage, a current density, 'depletion' or 'short circuit'"
MEASURED: dict[units.Dimension, StopKind] = {
    units.CAPACITY: "capacity",
    units.VOLTAGE: "voltage",
    units.CURRENT_DENSITY: "current_density",
}
LONGEST_LINE = 200
MOST_STEPS = 1_000_000
"""Steps a protocol may run through, repeats counted."""
DEEPEST_REPEAT = 4


def parse_protocol(entries: object) -> Protocol:
    """The protocol in a list of lines and `repeat N` mappings; ScenarioError points at the word that is wrong."""
    protocol = Protocol(_items(entries, (), 0))
    if len(protocol) > MOST_STEPS:
        raise ScenarioError(f"runs through {len(protocol)} steps", allowed=f"at most {MOST_STEPS}")
    return protocol


def parse_step(text: str) -> Step:
    """The step in one line."""
    if len(text) > LONGEST_LINE:
        raise ScenarioError(f"longer than {LONGEST_LINE} characters", value=shown(text))
    step = _Line(text).step()
    if problem := _misfit(step):
        raise ScenarioError(problem[0], value=shown(text, LONGEST_LINE), allowed=problem[1])
    return step


def protocol_entries(protocol: Protocol) -> list[Any]:
    """A protocol as the list of lines and mappings that `parse_protocol` reads."""
    return _entries(protocol.items)


def _entries(items: tuple[Step | Repeat, ...]) -> list[Any]:
    return [i.text if isinstance(i, Step) else {f"repeat {i.count}": _entries(i.items)} for i in items]


def _items(entries: object, key: Key, depth: int) -> tuple[Step | Repeat, ...]:
    if not isinstance(entries, list) or not entries:
        raise ScenarioError("not a list of steps", key, shown(entries), "a list such as ['plate at 1 mA/cm^2 for 1 h']")
    if depth > DEEPEST_REPEAT:
        raise ScenarioError("repeats are nested too deeply", key, allowed=f"{DEEPEST_REPEAT} levels")
    return tuple(_item(entry, (*key, index), depth) for index, entry in enumerate(entries))


def _item(entry: Any, key: Key, depth: int) -> Step | Repeat:
    if isinstance(entry, str):
        try:
            return parse_step(entry)
        except ScenarioError as error:
            raise error.below(key) from None
    if not isinstance(entry, dict) or len(entry) != 1:
        raise ScenarioError("not a step", key, shown(entry), "a line of words, or one 'repeat N:' with a list of steps")
    (name, items), *_ = entry.items()
    words = str(name).split()
    if len(words) != 2 or words[0] != "repeat" or not re.fullmatch(r"[1-9]\d{0,6}", words[1]):
        allowed = "'repeat N' with a whole number N from one, such as 'repeat 10'"
        hint = "repeat" if words and words[0] != "repeat" and nearest(words[0], ["repeat"]) else None
        raise ScenarioError("not a repeat", (*key, str(name)), shown(name), allowed, hint)
    return Repeat(int(words[1]), _items(items, (*key, str(name)), depth + 1))


class _Line:
    """One line, read word by word."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = text.split()
        self.place = 0

    def refuse(self, problem: str, allowed: str, choices: Sequence[str] = (), back: int = 0) -> ScenarioError:
        """The error at the current word, or `back` words before it."""
        place = self.place - back
        if place < len(self.words):
            word = self.words[place]
            problem = f"{problem} at word {place + 1}, '{shown(word, 30)}'"
            return ScenarioError(problem, (), shown(self.text, LONGEST_LINE), allowed, nearest(word, choices))
        return ScenarioError(f"{problem} at the end of the line", (), shown(self.text, LONGEST_LINE), allowed)

    def peek(self) -> str | None:
        """The current word."""
        return self.words[self.place] if self.place < len(self.words) else None

    def take(self, word: str) -> bool:
        """Step over the word if it is the current one."""
        found = self.peek() == word
        self.place += found
        return found

    def expect(self, word: str) -> None:
        """Step over the word, which must be the current one."""
        if not self.take(word):
            raise self.refuse("cannot be read", f"'{word}'", [word])

    def quantity(self, *dimensions: units.Dimension, sign: units.Sign = "positive") -> tuple[units.Dimension, float]:
        """A number with its unit, of one of the dimensions."""
        start, expected = self.place, " or ".join(f"{d.name} such as '{d.examples[0]}'" for d in dimensions)
        first = self.peek()
        parts = units.split_quantity(first.translate(units.SYMBOLS)) if first else None
        if parts is None:
            raise self.refuse("cannot be read", expected)
        self.place += 1
        while (word := self.peek()) is not None and word not in KEYWORDS and _is_unit(word):
            self.place += 1
        text = " ".join(self.words[start : self.place])
        unit = units.split_quantity(text.translate(units.SYMBOLS))
        found = units.unit_factor(unit[1]) if unit and unit[1] else None
        if found is None and self.peek() not in (None, *KEYWORDS):
            allowed = f"a unit, for {expected}"
            raise self.refuse("cannot be read", allowed, [n for d in dimensions for n in units.unit_names(d)])
        matching = [d for d in dimensions if found and units.dimensionality(d) == found[1]]
        try:
            dimension = matching[0] if matching else dimensions[0]
            return dimension, units.parse_quantity(text, dimension, sign)
        except ScenarioError as error:
            problem = error.problem if matching or len(dimensions) == 1 else f"'{text}' cannot be used here"
            raise self.refuse(problem, expected, back=self.place - start) from None

    def step(self) -> Step:
        """The whole line."""
        kind = next((k for k in KINDS if self.peek() == k), None)
        if kind is None:
            raise self.refuse("cannot be read", ", ".join(KINDS) + " or 'repeat N:'", [*KINDS, "repeat"])
        self.place += 1
        values: dict[str, Any] = {}
        if kind == "rest":
            values["current_density"] = 0.0
        elif kind == "hold":
            self.expect("at")
            values["voltage"] = self.quantity(units.VOLTAGE, sign="any")[1]
        else:
            self.expect("at")
            sign: units.Sign = "any" if kind == "pulse" else "positive"
            values["current_density"] = self.quantity(units.CURRENT_DENSITY, sign=sign)[1]
            if kind == "strip":
                values["current_density"] *= -1.0
        if kind == "pulse":
            self.expect("for")
            values["time_on"] = self.quantity(units.TIME)[1]
            self.expect("on")
            values["time_off"] = self.quantity(units.TIME)[1]
            self.expect("off")
        values |= self.clauses()
        return Step(kind=kind, text=" ".join(self.words), **values)

    def clauses(self) -> dict[str, Any]:
        """`for`, `until`, `limit` and `under`, each at most once, in any order."""
        values: dict[str, Any] = {}
        while self.peek() is not None:
            left = [w for w, name in _CLAUSES.items() if name not in values]
            name = self.peek()
            if name not in left:
                problem = f"'{name}' is given twice" if name in _CLAUSES else "cannot be read"
                raise self.refuse(problem, ", ".join(f"'{w}'" for w in left) or "the end of the line", left)
            self.place += 1
            if name == "for":
                values["duration"] = self.quantity(units.TIME)[1]
            elif name == "limit":
                values["limit"] = self.quantity(units.VOLTAGE)[1]
            elif name == "under":
                values["pressure"] = self.quantity(units.PRESSURE, sign="nonnegative")[1]
            else:
                values["until"] = self.conditions()
        return values

    def conditions(self) -> tuple[StopCondition, ...]:
        """One or several stop conditions, joined by `or`."""
        found = [self.condition()]
        while self.take("or"):
            found.append(self.condition())
            if found[-1].kind in [condition.kind for condition in found[:-1]]:
                kind = found[-1].kind.replace("_", " ")
                raise self.refuse(f"two conditions on {kind}", "each kind of condition once", back=1)
        return tuple(found)

    def condition(self) -> StopCondition:
        """One stop condition."""
        if self.take("depletion"):
            return StopCondition("depletion")
        if self.take("short"):
            self.expect("circuit")
            return StopCondition("short_circuit")
        word = self.peek()
        if word is None or units.split_quantity(word) is None:
            raise self.refuse("cannot be read", CONDITIONS, ["depletion", "short"])
        dimension, value = self.quantity(*MEASURED)
        return StopCondition(MEASURED[dimension], value)


_CLAUSES = {"for": "duration", "until": "until", "limit": "limit", "under": "pressure"}


def _is_unit(word: str) -> bool:
    """Whether the word can stand in a unit: 'min', '*', '/h'."""
    return units.unit_factor(word.translate(units.SYMBOLS).strip("*/")) is not None or not word.strip("*/·")


def _misfit(step: Step) -> tuple[str, str] | None:
    """What cannot apply to a step, and what can; None for a sound one."""
    stops = {condition.kind for condition in step.until}
    voltage = step.stop("voltage")
    if step.kind == "rest" and (stops or step.limit is not None):
        return "nothing happens in a rest that could end or limit it", "'rest for TIME'"
    if step.duration is None and not stops:
        extra = "" if step.kind == "rest" else f" or 'until' {CONDITIONS}"
        return "the step never ends", f"'for TIME'{extra}"
    if step.current_density == 0.0 and step.kind == "pulse":
        return "a pulse without current", "a current density other than zero, or 'rest'"
    if step.kind == "hold" and (step.limit is not None or "voltage" in stops):
        return "the voltage is held: it cannot be limited or end the step", "'until' a capacity or a current density"
    if step.kind != "hold" and step.limit is None and "current_density" in stops:
        return "the current is held: it falls only under a 'limit VOLTAGE'", "'limit VOLTAGE' in the same step"
    if step.kind == "pulse" and "current_density" in stops:
        return "a pulsed current is off again and again", "a capacity, a voltage, 'depletion' or 'short circuit'"
    if step.limit is not None and voltage is not None and voltage >= step.limit:
        return "the voltage is limited before it can end the step", "'until' a voltage below the limit"
    falling = step.stop("current_density") or 0.0
    if step.current_density and falling >= abs(step.current_density):
        return "the step would end at once", "'until' a current density below the applied one"
    return None
