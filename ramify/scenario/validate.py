"""From plain data to a scenario: what pydantic refuses is told as one `ScenarioError`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError

from ramify.scenario.base import LAST, Scenario
from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.fields import FORMS, REFUSED
from ramify.scenario.hosts import HOST_TYPES
from ramify.scenario.load import Document
from ramify.scenario.solid_meshes import TYPES

AnyScenario = TypeVar("AnyScenario", bound=Scenario)

SECTIONS_AT_THE_END = tuple((name,) for name in LAST)

WORDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "list_type": "a list",
}
"""What is allowed, by pydantic's name of the error."""
BOUNDS = {"greater_than": ("gt", ">"), "greater_than_equal": ("ge", ">="), "less_than": ("lt", "<"),
          "less_than_equal": ("le", "<=")}  # fmt: skip
LENGTHS = {"too_short": ("min_length", "at least"), "too_long": ("max_length", "at most"),
           "string_too_long": ("max_length", "at most")}  # fmt: skip


def validate(document: Document, kind: type[AnyScenario]) -> AnyScenario:
    """The scenario of a model's class in a document, defaults of other keys not yet worked out.

    Raises
    ------
    ScenarioError
        The first problem in the order of the file, with the number of the others.
    """
    try:
        return kind.model_validate(document.data)
    except ValidationError as failure:
        found = [document.locate(told(problem)) for problem in failure.errors(include_url=False)]
        first = min(
            found, key=lambda error: (error.line is None, error.line or 0, error.key[:1] in SECTIONS_AT_THE_END)
        )
        raise replace(first, more=len(found) - 1) from None


def place(error: ScenarioError) -> tuple[bool, int, bool]:
    """What sorts errors as their keys stand in a file, missing keys last."""
    return error.line is None, error.line or 0, error.key[:1] in SECTIONS_AT_THE_END


def told(problem: Mapping[str, Any]) -> ScenarioError:
    """One problem of pydantic's in our words."""
    key, kind, context, value = host_key(problem["loc"]), problem["type"], problem.get("ctx", {}), problem["input"]
    text = shown(value) if isinstance(value, str | int | float | bool) else None
    if kind == REFUSED:
        error: ScenarioError = context["error"]
        return error.below(key)
    if kind == "missing":
        return ScenarioError("is required and missing", key)
    if kind in ("literal_error", "union_tag_invalid"):
        choices = re.findall(r"'([^']*)'", context.get("expected", "")) or context.get("expected", "").split(" or ")
        if kind == "union_tag_invalid":
            choices = re.findall(r"'([^']*)'", context["expected_tags"])
            key, value = (*key, "type"), context["tag"]
        problem_text = "unknown host type" if key[:1] == ("host",) else "not one of the choices"
        return ScenarioError(problem_text, key, shown(value), ", ".join(choices), nearest(str(value), choices))
    if kind == "union_tag_not_found":
        types = (*TYPES[:3], "...") if key[:1] == ("mesh",) else HOST_TYPES
        return ScenarioError("has no type", key, allowed=f"type: {', '.join(types)}")
    if kind in ("model_attributes_type", "model_type", "dict_type"):
        allowed = f"a mapping such as {{type: {nearest(str(value), HOST_TYPES) or 'pillars'}, ...}}"
        return ScenarioError("not a mapping of keys to values", key, text, allowed if key == ("host",) else None)
    if kind in BOUNDS:
        name, sign = BOUNDS[kind]
        return ScenarioError("outside its range", key, text, f"a number {sign} {context[name]}")
    if kind in LENGTHS:
        name, words = LENGTHS[kind]
        what = "characters" if kind.startswith("string") else "items"
        return ScenarioError("has the wrong length", key, text, f"{words} {context[name]} {what}")
    return ScenarioError("has the wrong type" if kind in WORDS else str(problem["msg"]), key, text or shown(value),
                         WORDS.get(kind))  # fmt: skip


def host_key(place: tuple[str | int, ...]) -> Key:
    """Path in the file of a place that pydantic gives: a host's or mesh's type and a key's form are no levels of it."""
    if len(place) > 1 and (
        (place[0] == "host" and place[1] in HOST_TYPES) or (place[0] == "mesh" and place[1] in TYPES)
    ):
        place = (place[0], *place[2:])
    return tuple(part for part in place if part not in FORMS)
