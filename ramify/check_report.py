"""The result of a check as text: a table on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ramify.check import Check, Scale

Row = tuple[str, str, str]
"""Name, value and note of a line."""

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"))
PREFIXED = ("m", "B")
"""Units shown with a decimal prefix; the others keep plain numbers."""


def scaled(value: float, unit: str) -> str:
    """A value with four digits and a readable prefix."""
    if unit not in PREFIXED or value == 0.0:
        return f"{value:.4g} {unit}".removesuffix(" -")
    factor, prefix = next(((f, p) for f, p in PREFIXES if abs(value) >= f), PREFIXES[-1])
    return f"{value / factor:.4g} {prefix}{unit}"


def rows(check: Check) -> list[Row]:
    """Name, value and note of every line."""
    lines = [
        *_grid(check),
        ("unknowns", f"{check.unknowns}", ", ".join(check.unknown_fields)),
        ("memory", scaled(check.memory_bytes, "B"), "upper estimate, all ranks together"),
    ]
    if check.steps:
        lines.append(("protocol steps", f"{check.steps}", "repeats counted"))
    return lines + [_row(scale) for scale in check.scales]


def _grid(check: Check) -> list[Row]:
    if not check.spacing:
        return [("elements", f"{check.cells[0]}", f"in {check.dimension} dimensions")]
    axes = [axis for axis, n in zip("xyz", check.cells, strict=True) if n > 1 or axis == "z"]
    kept = ["xyz".index(axis) for axis in axes]
    edges = " x ".join(scaled(check.spacing[axis], "m") for axis in kept)
    counts = " x ".join(str(check.cells[axis]) for axis in kept)
    return [("cells", counts, f"along {', '.join(axes)}"), ("cell edges", edges, "")]


def _row(scale: Scale) -> Row:
    return (scale.name, scaled(scale.value, scale.unit), scale.note)


def print_check(check: Check) -> None:
    """Print a check on standard output, its warnings last."""
    print_rows(check.title or "untitled scenario", rows(check), check.warnings)


def print_rows(title: str, lines: Sequence[Row], warnings: Sequence[str]) -> None:
    """Print lines of name, value and note: a table on a terminal, plain lines otherwise; warnings last."""
    if sys.stdout.isatty():
        _print_table(title, lines, warnings)
        return
    print(title)
    widest = max(len(name) for name, _, _ in lines)
    for name, value, note in lines:
        print(f"  {name:<{widest}}  {value}{f'  ({note})' if note else ''}")
    for warning in warnings:
        print(f"warning: {warning}")


def _print_table(title: str, lines: Sequence[Row], warnings: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), show_header=False)
    for row in lines:
        table.add_row(*(Text(part) for part in row))
    console = Console()
    console.print(table)
    for warning in warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))
