"""The one error that a user's input can raise, and the nearest match it offers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Key = tuple[str | int, ...]
"""Path of a value in a scenario: names of mappings, indices of lists."""


def key_text(key: Key) -> str:
    """A path as a user writes it: `domain.size[0]`."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word`, or the first that holds it; None where nothing is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    short = word.lower()[:64]
    found = difflib.get_close_matches(short, by_lower, n=1, cutoff=0.55)
    if not found and len(short) > 1:
        found = [choice for choice in by_lower if choice.startswith(short)] or [c for c in by_lower if short in c]
    return by_lower[found[0]] if found else None


def shown(value: object, longest: int = 60) -> str:
    """A value for a message: on one line and not long."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= longest else text[: longest - 3] + "..."


@dataclass(eq=False)
class ScenarioError(Exception):
    """Refused input, told in one message: where, which key and value, what is wrong, what is allowed."""

    problem: str
    """What is wrong, in plain words."""
    key: Key = ()
    value: str | None = None
    """The refused value, as text."""
    allowed: str | None = None
    """What would have been accepted."""
    suggestion: str | None = None
    """The nearest match among what is allowed."""
    file: str | None = None
    line: int | None = None
    """Line in the file, counted from one."""
    more: int = 0
    """How many further problems the same input has."""

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        subject = key_text(self.key)
        if self.value is not None:
            subject += f": {self.value}" if subject else self.value
        text = ": ".join(part for part in (place, subject, self.problem) if part)
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.suggestion:
            text += f"; did you mean '{self.suggestion}'?"
        if self.more:
            text += f" ({self.more} more problem{'s' if self.more > 1 else ''} in this file)"
        # keys and file names may hold anything; the message stays one line
        return "".join(character if character.isprintable() else " " for character in text)

    def below(self, key: Key) -> ScenarioError:
        """The same error, its path taken as relative to `key`."""
        return replace(self, key=key + self.key)

    def at(self, file: str, line: int | None) -> ScenarioError:
        """The same error with its place, unless it has one already."""
        return self if self.file else replace(self, file=file, line=line)


def refuse_choice(word: str, choices: Sequence[str], problem: str, key: Key = ()) -> ScenarioError:
    """The error for a word outside a list of choices."""
    return ScenarioError(problem, key, shown(word), ", ".join(choices), nearest(word, choices))
