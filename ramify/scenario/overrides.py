"""Overrides from the command line: `a.b=VALUE`, the value in YAML, list items by index (`protocol.0=...`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ramify.scenario.errors import Key, ScenarioError, shown
from ramify.scenario.load import LARGEST_FILE, Document, Reader, compose

PART = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d{1,4}|repeat [1-9]\d{0,6}")


def apply_overrides(document: Document, overrides: Iterable[str]) -> None:
    """Put each override into the document, in the order given; later ones win."""
    for text in overrides:
        place = f"--set {shown(text)}"
        key, value = split_override(text, place)
        put(document, key, value, place)


def split_override(text: str, place: str) -> tuple[Key, Any]:
    """Path and value of one override."""
    path, equals, value_text = text.partition("=")
    key = split_key(path)
    if not equals or key is None:
        raise ScenarioError("not an override", value=place, allowed="--set key=VALUE or --set section.key=VALUE")
    if len(value_text) > LARGEST_FILE:
        raise ScenarioError("longer than a scenario can be", file=place)
    if not value_text.strip():
        return key, None
    holder = Document({}, place)
    return key, Reader(holder).value(compose(value_text, place), ())


def split_key(path: str) -> Key | None:
    """The key that a path names; both a.b[0] and a.b.0 name an item. None for what is no path."""
    parts = re.sub(r"\[(\d+)\]", r".\1", path.strip()).split(".")
    if not all(PART.fullmatch(part) for part in parts):
        return None
    return tuple(int(part) if part.isdigit() else part for part in parts)


def put(document: Document, key: Key, value: Any, place: str) -> None:
    """Set the value at a path, making sections that are not there yet."""
    here: Any = document.data
    for depth, part in enumerate(key):
        last = depth == len(key) - 1
        if isinstance(here, list):
            if not isinstance(part, int) or part > len(here) or (part == len(here) and not last):
                raise ScenarioError("no such item", key[: depth + 1], file=place, allowed=f"0 to {len(here)}")
            if part == len(here):
                here.append(None)
        elif isinstance(here, dict) and isinstance(part, str):
            if not last and here.get(part) is None:
                here[part] = {}
        else:
            raise ScenarioError("not a section: it has no keys of its own", key[:depth], file=place)
        if last and value is None and isinstance(here, dict):
            here.pop(part, None)  # also of a section: left out, it takes its default
        elif last:
            here[part] = value
        else:
            here = here[part]
    document.origins[key] = place
    for stale in [known for known in document.lines if known[: len(key)] == key]:
        del document.lines[stale]
