"""Record files: read with the line of every mistake, written so that nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ramify.atomistic.errors import AtomisticError, nearest, shown
from ramify.atomistic.record import Record

LARGEST_FILE = 65_536
"""Bytes that a record may have."""
KINDS = {"mapping": ("map",), "sequence": ("seq",), "scalar": ("str", "int", "float", "null", "bool", "timestamp")}
"""YAML's own kinds of nodes."""


def read_record(path: Path) -> Record:
    """The record in a file.

    Raises
    ------
    AtomisticError
        With file, line and key: no record, a key that is not known, a unit that does not belong to the quantity.
    """
    from ramify.atomistic.record import KIND

    data, lines = _load(path)
    if not isinstance(data, dict) or data.get("record") != KIND:
        raise AtomisticError("is no material record", path, 1, allowed=f"a file with 'record: {KIND}'")
    try:
        return Record.model_validate(data)
    except ValidationError as failure:
        problem = failure.errors(include_url=False)[0]
        place = tuple(part for part in problem["loc"])
        subject = ".".join(str(part) for part in place) or None
        told, suggestion = str(problem["msg"]).removeprefix("Value error, "), None
        if problem["type"] == "extra_forbidden":
            told, suggestion = "unknown key", nearest(str(place[-1]), Record.model_fields)
        line = next((lines[place[:k]] for k in range(len(place), -1, -1) if place[:k] in lines), None)
        if subject is None and (key := told.split(":")[0]) in data:
            line = lines.get((key,))
        raise AtomisticError(told, path, line, subject, None, None, suggestion) from None


def _load(path: Path) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """Plain data of a YAML file and the line of every key; no tag constructs anything."""
    from ruamel.yaml import YAML

    try:
        if not path.is_file():
            raise AtomisticError("no such record file", path, allowed="a file")
        raw = path.read_bytes()[: LARGEST_FILE + 1]
    except OSError as failure:
        raise AtomisticError(f"cannot be read: {failure.strerror}", path) from None
    if len(raw) > LARGEST_FILE:
        raise AtomisticError(f"larger than {LARGEST_FILE // 1024} KiB", path)
    lines: dict[tuple[str | int, ...], int] = {(): 1}
    try:
        node = YAML(typ="safe", pure=True).compose(raw.decode("utf-8"))
        if node is None:
            raise AtomisticError("the file is empty", path, 1)
        return _value(node, (), lines, path), lines
    except AtomisticError:
        raise
    except Exception as failure:  # the reader raises many kinds for broken text; each is the user's input
        mark = getattr(failure, "problem_mark", None)
        told = shown(getattr(failure, "problem", None) or failure, 120)
        raise AtomisticError(f"not valid YAML: {told}", path, mark.line + 1 if mark else None) from None


def _value(node: Any, key: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], path: Path) -> Any:
    lines.setdefault(key, node.start_mark.line + 1)
    kind = str(node.tag).rpartition(":")[2]
    if kind not in KINDS[node.id]:
        tag = shown(str(node.tag))
        raise AtomisticError("YAML tags are not used in records", path, node.start_mark.line + 1, value=tag)
    if len(key) > 8:
        raise AtomisticError("nested too deeply for a record", path, node.start_mark.line + 1)
    if node.id == "mapping":
        result: dict[str, Any] = {}
        for name, value in node.value:
            here = (*key, str(name.value))
            if here[-1] in result:
                raise AtomisticError("the key is given twice", path, name.start_mark.line + 1, str(here[-1]))
            lines[here] = name.start_mark.line + 1
            result[str(name.value)] = _value(value, here, lines, path)
        return result
    if node.id == "sequence":
        return [_value(item, (*key, k), lines, path) for k, item in enumerate(node.value)]
    text = str(node.value)
    if kind in ("int", "float"):
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError:
            return text
    if kind in ("null", "bool"):
        return None if kind == "null" else text.lower() in ("true", "yes", "on")
    return text


def _rows_in_lines(value: Any) -> Any:
    """The same data, lists of numbers marked to be written in one line."""
    from ruamel.yaml.comments import CommentedSeq

    if isinstance(value, dict):
        return {key: _rows_in_lines(item) for key, item in value.items()}
    if isinstance(value, list):
        items = CommentedSeq([_rows_in_lines(item) for item in value])
        if all(isinstance(item, int | float | list) for item in value):
            items.fa.set_flow_style()
        return items
    return value


def write_record(record: Record, path: Path) -> None:
    """Write a record, complete or not at all; numbers keep every digit."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.width = 118
    data = record.model_dump(mode="json", exclude_none=True)
    data["uncertainty"] = record.uncertainty.model_dump(mode="json")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8") as stream:
            yaml.dump({key: _rows_in_lines(value) for key, value in data.items() if value not in ({}, [])}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as failure:
        temporary.unlink(missing_ok=True)
        raise AtomisticError(f"cannot be written: {failure.strerror}", path) from None
