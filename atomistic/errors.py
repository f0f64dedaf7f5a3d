"""The one error that files and statements about a simulation can raise."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(eq=False)
class AtomisticError(ValueError):
    """Refused input: where, what about, what is wrong, what is allowed."""

    problem: str
    """What is wrong, in plain words."""
    file: Path | str | None = None
    line: int | None = None
    """Line in the file, counted from one."""
    subject: str | None = None
    """The option, key or column concerned."""
    value: str | None = None
    allowed: str | None = None
    suggestion: str | None = None
    """The nearest match among what is allowed."""

    def __str__(self) -> str:
        place = "" if self.file is None else str(self.file)
        if self.line is not None:
            place += f":{self.line}"
        subject = ": ".join(part for part in (self.subject, self.value) if part)
        text = ": ".join(part for part in (place, subject, self.problem) if part)
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.suggestion:
            text += f"; did you mean '{self.suggestion}'?"
        return "".join(character if character.isprintable() else " " for character in text)

    def about(self, subject: str) -> AtomisticError:
        """The same error with its subject, unless it has one already."""
        return self if self.subject else replace(self, subject=subject)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word`; None where nothing is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower()[:64], by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None


def shown(value: object, longest: int = 60) -> str:
    """A value for a message: on one line and not long."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= longest else text[: longest - 3] + "..."
