"""From a study file to a `StudyFile`: read, override, validate, refuse what cannot go together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from ramify.scenario.errors import Key, ScenarioError, nearest, refuse_choice
from ramify.scenario.load import Document, parse_text, read_text
from ramify.scenario.loading import find_scenario
from ramify.scenario.overrides import apply_overrides, split_key
from ramify.scenario.shipped import shipped_scenarios, shipped_studies
from ramify.scenario.validate import told
from ramify.study.amounts import Amount, Value, kind
from ramify.study.quantities import bound, find_quantity
from ramify.study.schema import FactorSection, Study


@dataclass(frozen=True)
class StudyFile:
    """A study with the texts it comes from."""

    study: Study
    document: Document
    path: Path
    base: Path
    """The scenario that is varied."""
    base_text: str


def load_study(source: str | Path, overrides: Iterable[str] = ()) -> StudyFile:
    """The study in a file, or the shipped study of that name.

    Raises
    ------
    ScenarioError
        With file, line, key, value, what is allowed and the nearest match.
    """
    path = find_study(source)
    document = parse_text(read_text(path), str(path))
    apply_overrides(document, overrides)
    study = validate(document)
    try:
        refuse_misfits(study)
        base = find_base(study.base, path.parent)
    except ScenarioError as error:
        raise document.locate(error) from None
    return StudyFile(study, document, path, base, read_text(base))


def find_study(source: str | Path) -> Path:
    """The path of a study file, or of the shipped study of that name."""
    path, shipped = Path(source), shipped_studies()
    if str(source) in shipped and not path.is_file():  # a folder of that name is likely to hold its results
        return shipped[str(source)]
    if path.exists() or path.suffix or len(path.parts) != 1:
        return path
    problem = "no such study file, and none of that name is shipped"
    if str(source) in shipped_scenarios():
        problem = "is a scenario, not a study"
    raise ScenarioError(
        problem, (), str(source), f"a file, or one of {', '.join(shipped)}", nearest(str(source), shipped)
    )


def find_base(base: str, folder: Path) -> Path:
    """The scenario that a study varies: a file relative to the study, or a shipped name."""
    beside = folder / base
    if beside.is_file():
        return beside
    try:
        found = find_scenario(base)
    except ScenarioError as error:
        raise error.below(("base",)) from None
    if not found.is_file() or not found.is_absolute():
        names = [path.name for path in sorted(folder.glob("*.y*ml"))[:200]]
        allowed = "a file relative to the study, or the name of a shipped scenario"
        raise ScenarioError("no such scenario file", ("base",), base, allowed, nearest(base, names))
    return found


def validate(document: Document) -> Study:
    """The study in a document; ScenarioError with the first problem in the order of the file."""
    try:
        return Study.model_validate(document.data)
    except ValidationError as failure:
        found = [document.locate(told(problem)) for problem in failure.errors(include_url=False)]
        first = min(found, key=lambda error: (error.line is None, error.line or 0))
        raise replace(first, more=len(found) - 1) from None


def refuse_misfits(study: Study) -> None:
    """Raise the ScenarioError of the first rule that the study breaks."""
    for name, factor in study.factors.items():
        factor_rule(study, name, factor)
    zip_rule(study)
    design_rule(study)
    keys_rule(study)
    names_rule(study)
    outcome_rule(study)


def factor_rule(study: Study, name: str, factor: FactorSection) -> None:
    """Values or bounds, of one kind, as the design needs them."""
    key: Key = ("factors", name)
    sampled = study.design.type != "grid"
    if (factor.values is None) == (factor.between is None):
        raise ScenarioError("needs one of two keys", key, allowed="'values', or 'between' with two bounds")
    levels = factor.values or factor.between or ()
    kinds = [kind_of(level) for level in levels]
    for index, found in enumerate(kinds):
        if found != kinds[0]:
            place = (*key, "values" if factor.values else "between", index)
            raise ScenarioError(f"{found} among levels that are {kinds[0]}", place, allowed=kinds[0])
    if factor.between is None:
        if factor.points is not None or factor.scale != "linear":
            allowed = "'between' with two bounds"
            raise ScenarioError("a list of values has no points and no scale", key, allowed=allowed)
        return
    low, high = (number(level, (*key, "between", i)) for i, level in enumerate(factor.between))
    if not low < high:
        raise ScenarioError("the bounds are not in order", (*key, "between"), allowed="[lower, upper]")
    if factor.scale == "log" and low <= 0.0:
        raise ScenarioError("a log scale needs bounds above zero", (*key, "between", 0))
    if not sampled and factor.points is None:
        raise ScenarioError("a grid needs the number of points", (*key, "points"), allowed="a whole number from 2")
    if sampled and factor.points is not None:
        allowed = "design: {points: N}"
        raise ScenarioError("a sampled design has points of its own", (*key, "points"), str(factor.points), allowed)


def kind_of(level: Value) -> str:
    """What a level is, in words."""
    if isinstance(level, str):
        return "a word"
    return kind(level.exponents if isinstance(level, Amount) else ())


def number(level: Value, key: Key) -> float:
    """The SI number of a level; ScenarioError for a word."""
    if isinstance(level, str):
        raise ScenarioError("not a number", key, level, "a quantity such as '20 um', or a number")
    return level.value if isinstance(level, Amount) else float(level)


def zip_rule(study: Study) -> None:
    """Zipped factors exist, once, and have the same number of levels."""
    seen: dict[str, int] = {}
    for index, group in enumerate(study.zip):
        key: Key = ("zip",) if len(study.zip) == 1 else ("zip", index)
        for name in group:
            if name not in study.factors:
                raise refuse_choice(name, list(study.factors), "no such factor", key)
            if name in seen:
                raise ScenarioError("is zipped twice", key, name)
            seen[name] = index
        counts = {name: level_count(study.factors[name]) for name in group}
        if study.design.type == "grid" and len(set(counts.values())) > 1:
            told_counts = ", ".join(f"{name} has {count}" for name, count in counts.items())
            raise ScenarioError(f"zipped factors need the same number of levels: {told_counts}", key)


def level_count(factor: FactorSection) -> int:
    """Levels of a factor in a grid."""
    return len(factor.values) if factor.values is not None else factor.points or 0


def design_rule(study: Study) -> None:
    """Samples where there is something to sample, and as many as the scheme can use."""
    design, key = study.design, ("design",)
    if not study.factors and not study.variants:
        raise ScenarioError("nothing varies", (), allowed="'factors' or 'variants'")
    if design.type == "grid":
        if design.points is not None or design.indices or "seed" in design.model_fields_set:
            allowed = "latin_hypercube, sobol"
            raise ScenarioError("a grid has neither samples, seed nor indices", (*key, "type"), "grid", allowed)
        return
    if design.points is None:
        raise ScenarioError("is required and missing", (*key, "points"), allowed="the number of samples")
    if not study.factors:
        raise ScenarioError("has no factors to sample", (*key, "type"), design.type, "grid")
    if design.indices and design.type != "sobol":
        raise ScenarioError("belong to a Sobol design", (*key, "indices"), "true", "type: sobol")
    if design.indices and (study.variants or study.repeats):
        raise ScenarioError("are for factors alone: no variants, no repeats", (*key, "indices"), "true", "false")
    if design.type == "sobol" and design.points & (design.points - 1):
        allowed = "a power of two: 2, 4, 8, 16, ..."
        raise ScenarioError("a Sobol sequence is balanced", (*key, "points"), str(design.points), allowed)


def keys_rule(study: Study) -> None:
    """Places in the scenario are paths; no two factors write to one; variants have names of their own."""
    places: list[tuple[str, Key]] = [(path, ("set", path)) for path in study.set]
    writers: dict[str, str] = {}
    for name, factor in study.factors.items():
        for index, path in enumerate(factor.key):
            place: Key = ("factors", name, "key") if len(factor.key) == 1 else ("factors", name, "key", index)
            places.append((path, place))
            if path in writers:
                raise ScenarioError(f"is set by the factor {writers[path]} too", place, path)
            writers[path] = name
    places += [(path, ("derived", path)) for path in study.derived]
    if study.repeats is not None:
        places += [(path, ("repeats", "key")) for path in study.repeats.key]
    labels: list[str] = []
    for index, variant in enumerate(study.variants):
        if variant.label in labels:
            raise ScenarioError("is given twice", ("variants", index, "label"), variant.label)
        labels.append(variant.label)
        places += [(path, ("variants", index, "set", path)) for path in variant.set]
    for path, place in places:
        if split_key(path) is None:
            allowed = "a key of the scenario, such as host.diameter or protocol.0"
            raise ScenarioError("not a place in a scenario", place, path, allowed)


def names_rule(study: Study) -> None:
    """Columns of the table have one meaning each."""
    for name in study.expressions:
        if name in study.factors:
            raise ScenarioError("is a factor already", ("expressions", name))
    inputs = [*study.factors, *study.expressions, "variant", "repeat", "point"]
    for name in study.objectives:
        if name in inputs:
            raise ScenarioError("is a factor, an expression or a column of the table", ("objectives", name))
    for name in ("variant", "repeat", "point"):
        for section in ("factors", "expressions"):
            if name in getattr(study, section):
                raise ScenarioError("is a column of the table already", (section, name))
    for name in study.constraints:
        if name in study.objectives:
            raise ScenarioError("is an objective too: give the constraint a name of its own", ("constraints", name))
    columns = [*study.factors, *study.expressions, *study.objectives]
    for index, fit in enumerate(study.fits):
        if fit.quantity not in study.objectives:
            raise refuse_choice(fit.quantity, list(study.objectives), "no such objective", ("fits", index, "quantity"))
        if fit.against not in columns:
            raise refuse_choice(fit.against, columns, "no such column", ("fits", index, "against"))


def outcome_rule(study: Study) -> None:
    """Objectives and constraints ask for numbers that runs have, with bounds of their kind."""
    if not study.ranked:
        raise ScenarioError("no objective has a weight", ("objectives",), allowed="a weight above zero")
    for name, objective in study.objectives.items():
        key: Key = ("objectives", name)
        quantity = find_quantity(name, objective, key)
        if (objective.goal == "target") != (objective.target is not None):
            allowed = "goal: target with 'target', or neither"
            raise ScenarioError("a goal and a target that do not go together", key, allowed=allowed)
        if objective.per is not None and objective.per not in (inputs := [*study.factors, *study.expressions]):
            raise refuse_choice(objective.per, inputs, "no such factor or expression", (*key, "per"))
        if objective.target is not None:
            bound(objective.target, quantity, (*key, "target"))
    for name, constraint in study.constraints.items():
        key = ("constraints", name)
        quantity = find_quantity(name, constraint, key)
        if constraint.above is None and constraint.below is None:
            raise ScenarioError("bounds nothing", key, allowed="'above', 'below' or both")
        for side in ("above", "below"):
            if (limit := getattr(constraint, side)) is not None:
                bound(limit, quantity, (*key, side))
