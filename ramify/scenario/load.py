"""YAML text to plain data with the line of every key; refuses what a scenario cannot be.

The text is composed into nodes and the nodes are read here, so that every key and item keeps its line, duplicate
keys are seen, and no tag constructs an object. Whatever the text, the answer is a `Document` or a `ScenarioError`.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ramify.scenario.errors import Key, ScenarioError, nearest, shown

LARGEST_FILE = 65_536
"""Bytes that a scenario may have."""
MOST_NODES = 5_000
"""Keys, items and values that a scenario may have, aliases counted each time they are used."""
DEEPEST = 12
"""Levels of nesting."""
NESTING_CHARACTERS = 500
"""Opening brackets (or `- `, `? ` indicators in one line) in the whole text: real scenarios have some tens."""

CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
INCLUSIONS = ("!record", "!material")
"""Tags that stand for a value from a material record (`ramify.scenario.materials`); they construct nothing."""
SCALARS = ("null", "bool", "int", "float", "str")


@dataclass
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and where each value stands."""

    data: dict[str, Any]
    file: str
    lines: dict[Key, int] = field(default_factory=dict)
    """Line of every key and item, counted from one."""
    origins: dict[Key, str] = field(default_factory=dict)
    """Values that do not come from the file, and what to call their place instead."""

    def locate(self, error: ScenarioError) -> ScenarioError:
        """The error with the place of its key, or of the nearest key above it that stands in the text."""
        for length in range(len(error.key), -1, -1):
            key = error.key[:length]
            below = [place for origin, place in self.origins.items() if key and origin[:length] == key]
            if length == len(error.key) and below and key not in self.lines:
                return error.at(below[-1], None)
            if key in self.origins:
                return error.at(self.origins[key], None)
            if key in self.lines:
                return error.at(self.file, self.lines[key])
        return error.at(self.file, None)


def _no_file(path: Path) -> str:
    if os.path.isdir(path):
        return "is a folder, not a scenario file"
    return "is not a regular file" if os.path.exists(path) else "no such scenario file"


def read_text(path: Path) -> str:
    """The text of a scenario file; refuses a missing, unreadable, oversized or non-UTF-8 one."""
    if not os.path.isfile(path):  # pathlib would raise for a name that cannot be
        folder = path.parent if os.path.isdir(path.parent) else None
        names = [p.name for p in sorted(folder.glob("*.y*ml"))[:200]] if folder else []
        others = [name for name in names if name != path.name]
        raise ScenarioError(_no_file(path), value=str(path), suggestion=nearest(path.name, others))
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as failure:
        raise ScenarioError(f"cannot be read: {failure.strerror}", value=str(path)) from None
    if len(raw) > LARGEST_FILE:
        raise ScenarioError(f"larger than {LARGEST_FILE // 1024} KiB", value=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = raw[: failure.start].count(b"\n") + 1
        raise ScenarioError("not UTF-8 text", file=str(path), line=line) from None


def parse_text(text: str, file: str = "scenario") -> Document:
    """The document in a YAML text."""
    if len(text) > LARGEST_FILE:
        raise ScenarioError(f"larger than {LARGEST_FILE // 1024} KiB", file=file)
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ScenarioError(f"holds the control character {found.group()!r}", file=file, line=line)
    if sum(text.count(c) for c in "[{") > NESTING_CHARACTERS or re.search(r"(?:[-?:][ \t]+){30}", text):
        raise ScenarioError("nested too deeply for a scenario", file=file)
    node = compose(text, file)
    document = Document({}, file)
    data = Reader(document).value(node, ())
    if not isinstance(data, dict):
        raise ScenarioError("a scenario is a mapping of keys to values", value=shown(data), file=file, line=1)
    document.data = data
    return document


def compose(text: str, file: str) -> Any:
    """The node graph of a YAML text."""
    from ruamel.yaml import YAML

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an anchor used twice, which does no harm
            node = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        raise ScenarioError("nested too deeply for a scenario", file=file) from None
    except Exception as failure:  # the reader raises many kinds for broken text; each is the user's input
        mark = getattr(failure, "problem_mark", None) or getattr(failure, "context_mark", None)
        problem = getattr(failure, "problem", None) or str(failure) or type(failure).__name__
        line = mark.line + 1 if mark is not None else None
        raise ScenarioError(f"not valid YAML: {shown(problem, 120)}", file=file, line=line) from None
    if node is None:
        raise ScenarioError("the file is empty", allowed="a mapping of keys to values", file=file)
    return node


class Reader:
    """Nodes to plain values, within the limits above."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def refuse(self, problem: str, node: Any, key: Key, value: str | None = None) -> ScenarioError:
        """The error at a node."""
        return ScenarioError(problem, key, value, file=self.document.file, line=node.start_mark.line + 1)

    def value(self, node: Any, key: Key) -> Any:
        """The plain value of a node; `key` is its path."""
        self.nodes += 1
        if self.nodes > MOST_NODES or len(key) > DEEPEST:
            raise self.refuse("larger or deeper than a scenario can be", node, key[:DEEPEST])
        self.document.lines.setdefault(key, node.start_mark.line + 1)
        kind = str(node.tag).rpartition(":")[2]
        if node.id == "mapping" and kind == "map":
            return self.mapping(node, key)
        if node.id == "sequence" and kind == "seq":
            return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]
        if node.id == "scalar" and kind in SCALARS:
            return self.scalar(node, kind, key)
        if node.id == "scalar" and kind in ("timestamp", "merge"):
            return str(node.value)
        if kind in INCLUSIONS:
            return self.inclusion(node, kind.removeprefix("!"), key)
        raise self.refuse("no YAML tag of scenarios", node, key, shown(str(node.tag)))

    def inclusion(self, node: Any, kind: str, key: Key) -> dict[str, Any]:
        """`!record FILE`, `!record {file: FILE, ...}` or `!material NAME`, as the mapping that they stand for."""
        if node.id == "scalar":
            return {kind: str(node.value)}
        if node.id != "mapping" or kind != "record":
            raise self.refuse("not a name", node, key, f"!{kind}")
        entry = self.mapping(node, key)
        if "file" in entry:
            entry = {kind: entry.pop("file")} | entry
        return entry

    def mapping(self, node: Any, key: Key) -> dict[str, Any]:
        """A mapping with text keys, each once."""
        result: dict[str, Any] = {}
        for name_node, value_node in node.value:
            if name_node.id != "scalar":
                raise self.refuse("a key must be plain text", name_node, key)
            name = str(name_node.value)
            here = (*key, name)
            if name in result:
                first = self.document.lines[here]
                raise self.refuse(f"the key is given twice (first in line {first})", name_node, here)
            self.document.lines[here] = name_node.start_mark.line + 1
            result[name] = self.value(value_node, here)
        return result

    def scalar(self, node: Any, kind: str, key: Key) -> Any:
        """A number, a truth value, nothing, or text."""
        text = str(node.value)
        if kind == "str":
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on", "y")
        digits = text.replace("_", "")
        try:
            if kind == "int":
                return int(digits, 0) if len(digits) <= 32 else text
            return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text  # what YAML takes for a number in a notation of its own is refused by the schema as text
