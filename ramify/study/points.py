"""The points of a study: each combination of levels with its resolved scenario and the hash that recognises it.

Overrides are applied in this order, later ones win: `set`, the variant's `set`, factors, `derived`, repeats.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from ramify.scenario.base import Scenario
from ramify.scenario.errors import Key, ScenarioError
from ramify.scenario.load import Document, parse_text
from ramify.scenario.loading import finish
from ramify.scenario.overrides import put, split_key
from ramify.scenario.writing import to_data
from ramify.study.amounts import Amount, Value
from ramify.study.design import Combination, axes, combinations
from ramify.study.expressions import derive, evaluate, plain
from ramify.study.load import StudyFile
from ramify.study.schema import Study

MOST_POINTS = 20_000
HASH_LENGTH = 12
"""Characters of the hash in the name of a point's folder."""
NOT_HASHED = ("title", "version")
"""Keys of a scenario that change nothing in a run."""


@dataclass(frozen=True)
class Point:
    """One run of a study."""

    number: int
    """Counted from one, in the order of the table."""
    combination: Combination
    expressions: dict[str, Value]
    variant: str | None
    seed: int | None
    """Of a repeat."""
    scenario: Any
    """Resolved, of the class of its model."""
    digest: str
    """Hash of the resolved scenario."""

    @property
    def group(self) -> tuple[int, ...]:
        """What the repeats of one design share."""
        index = self.combination.index
        return index if self.combination.repeat is None else index[:-1]

    @property
    def label(self) -> str:
        """The design in words, repeats left out."""
        parts = [f"{name} {shown_level(value)}" for name, value in self.combination.levels.items()]
        return ", ".join([*([self.variant] if self.variant is not None else []), *parts])

    @property
    def full_label(self) -> str:
        """The point in words."""
        return self.label + (f", seed {self.seed}" if self.seed is not None else "")

    @property
    def folder(self) -> str:
        """Name of its folder: a readable part and the hash."""
        words = re.sub(r"[^A-Za-z0-9.+-]+", "-", self.full_label.replace(" ", "")).strip("-.")
        return f"{words[:60]}-{self.digest[:HASH_LENGTH]}".lstrip("-")


def shown_level(value: Value) -> str:
    """A level in words, to six digits."""
    if not isinstance(value, Amount):
        return value if isinstance(value, str) else f"{value:.6g}"
    number, _, unit = value.text.partition(" ")
    return f"{float(number):.6g} {unit}" if unit and re.fullmatch(r"[-+.\deE]+", number) else value.text


def build_points(file: StudyFile) -> list[Point]:
    """Every point with its resolved scenario.

    Raises
    ------
    ScenarioError
        Of the first point whose scenario is refused; the message names the point and the place in the study.
    """
    study, count = file.study, 1
    for axis in axes(study):
        count *= axis.size
    if count > MOST_POINTS:
        raise file.document.locate(ScenarioError(f"has {count} points", ("factors",), allowed=f"at most {MOST_POINTS}"))
    base = parse_text(file.base_text, str(file.base))
    shared = copy.deepcopy(base)
    _put_all(file, shared, study.set, ("set",), "")
    return [
        _build(file, shared, number, combination, f", point {number} of {count}")
        for number, combination in enumerate(combinations(study), start=1)
    ]


def _build(file: StudyFile, shared: Document, number: int, combination: Combination, where: str) -> Point:
    study = file.study
    variant = study.variants[combination.variant] if combination.variant is not None else None
    seed = study.repeats.seed + combination.repeat if study.repeats and combination.repeat is not None else None
    names = dict(combination.levels)
    point = Point(number, combination, {}, variant.label if variant else None, seed, None, "")
    where = f"{where} ({point.full_label})"
    document = copy.deepcopy(shared)
    if variant is not None:
        _put_all(file, document, variant.set, ("variants", combination.variant or 0, "set"), where)
    for name, factor in study.factors.items():
        _put_all(file, document, dict.fromkeys(factor.key, plain(names[name])), ("factors", name), where, below=False)
    expressions = _expressions(file, names, where)
    _check_divisors(file, names | expressions, where)
    derived = {key: _derived(file, key, entry, names | expressions, where) for key, entry in study.derived.items()}
    _put_all(file, document, derived, ("derived",), where)
    if study.repeats is not None:
        _put_all(file, document, dict.fromkeys(study.repeats.key, seed), ("repeats",), where, below=False)
    scenario = _finish(document, where)
    return Point(number, combination, expressions, point.variant, seed, scenario, digest(scenario))


def _put_all(
    file: StudyFile, document: Document, values: dict[str, object], key: Key, where: str, below: bool = True
) -> None:
    """Put values at their places; `key` is the section of the study that says so."""
    for path, value in values.items():
        place = place_of(file, (*key, path) if below else key) + where
        target = split_key(path)
        assert target is not None, path
        try:
            put(document, target, copy.deepcopy(value), place)
        except ScenarioError as error:
            raise error.at(place, None) from None


def place_of(file: StudyFile, key: Key) -> str:
    """File and line of a key of the study."""
    lines, origins = file.document.lines, file.document.origins
    for length in range(len(key), 0, -1):
        if key[:length] in lines:
            return f"{file.path}:{lines[key[:length]]}"
        if key[:length] in origins:
            return origins[key[:length]]
    return str(file.path)


def _expressions(file: StudyFile, names: dict[str, Value], where: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, text in file.study.expressions.items():
        try:
            found[name] = evaluate(text, names | found) if isinstance(text, str) else text
        except ScenarioError as error:
            key: Key = ("expressions", name)
            raise error.below(key).at(place_of(file, key) + where, None) from None
    return found


def _check_divisors(file: StudyFile, values: dict[str, Value], where: str) -> None:
    for name, objective in file.study.objectives.items():
        if objective.per is not None:
            key: Key = ("objectives", name, "per")
            try:
                divisor(values, objective.per)
            except ScenarioError as error:
                raise error.below(key).at(place_of(file, key) + where, None) from None


def _derived(file: StudyFile, key: str, entry: object, names: dict[str, Value], where: str) -> object:
    try:
        return derive(entry, names)
    except ScenarioError as error:
        place: Key = ("derived", key)
        raise error.below(place).at(place_of(file, place) + where, None) from None


def _finish(document: Document, where: str) -> Scenario:
    """The resolved scenario; a refusal names the point even where the key stands in the base."""
    try:
        return finish(document, ())
    except ScenarioError as error:
        if where not in (error.file or ""):
            place = f"{error.file}:{error.line}" if error.line is not None else error.file or ""
            error.file, error.line = place + where, None
        raise


def divisor(values: dict[str, Value], name: str) -> float:
    """The plain number of a factor or an expression; ScenarioError for anything else."""
    value = values[name]
    if isinstance(value, Amount | str) or value == 0:
        text = value.text if isinstance(value, Amount) else str(value)
        raise ScenarioError("divides by something else than a plain number", (), text, "a number other than zero")
    return float(value)


def digest(scenario: Scenario) -> str:
    """Hash of everything in a resolved scenario that a run depends on."""
    data = {key: value for key, value in to_data(scenario).items() if key not in NOT_HASHED}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def study_digest(study: Study, points: list[Point]) -> str:
    """Hash of a study: its points and what ranks them."""
    outcome = {name: repr(getattr(study, name)) for name in ("objectives", "constraints", "fits")}
    text = json.dumps([[point.digest for point in points], outcome], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
