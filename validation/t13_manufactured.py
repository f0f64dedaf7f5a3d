"""T13: manufactured solutions of every equation of `fem/` on every cell, order and boundary type: observed orders."""

from __future__ import annotations

from pathlib import Path

from ramify.validate import Case, Check, check_at_least
from ramify.validation.manufactured import poisson, transport

NAME = "t13-manufactured"
SOURCE = "manufactured solutions; orders of interpolation"
SLACK = 0.1
"""Of an observed order."""
SLACK_IN_SPACE = 0.3
"""In 3-D, where the finer of two meshes has no more than 6 to 10 cells along each axis."""


def slack(case: str) -> float:
    """By the kind of cell that a case names."""
    return SLACK_IN_SPACE if "tetrahedron" in case or "hexahedron" in case else SLACK


def run(folder: Path | None) -> list[Check]:
    """Orders in L2, of gradients for Poisson's equation, of every field of the others."""
    del folder
    checks = []
    for case, found in poisson.study(finer=True).items():
        order = int(case.split()[1])
        for what, observed in zip(("values", "gradients"), found["orders"], strict=True):
            expected = order + (what == "values") - slack(case)
            checks.append(check_at_least(NAME, f"order of {what}, Poisson, {case}", observed, expected, SOURCE))
    for case, found in transport.study(finer=True).items():
        order = int(case.split()[2])
        fields = ("phi", "cation", "anion") if case.startswith("pnp") else ("c", "phi")
        for what, observed in zip(fields, found["orders"], strict=True):
            checks.append(check_at_least(NAME, f"order of {what}, {case}", observed, order + 1 - slack(case), SOURCE))
    return checks


CASE = Case(NAME, "Manufactured solutions on unstructured meshes", "1 min", False, SOURCE, run)
