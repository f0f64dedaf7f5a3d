"""The validation suite: cases found in `ramify.validation` at run time, their checks, tables and reports.

A case is a module of `ramify.validation` with a `CASE`. Running it gives checks: a value, what it should be and by how
much it may miss. A case that fails to run is a missed check, never a silent gap.
"""

from __future__ import annotations

import html
import importlib
import json
import math
import pkgutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ramify.scenario.errors import refuse_choice

QUICK = "quick"
"""Name of the set of cheap cases on the command line."""


@dataclass(frozen=True)
class Check:
    """One number of a case against its reference."""

    case: str
    quantity: str
    value: float
    reference: float
    tolerance: float
    """Largest |value - reference|, in the unit of both."""
    passed: bool
    source: str
    uncertainty: float | None = None
    """Of `value`, from the discretisation: half width of its band (`validation.uncertainty`); None if not known."""
    observed_order: float | None = None
    """Order at which values on three grids approach their limit; nan where they do not."""
    extrapolated: float | None = None
    """That limit."""


@dataclass(frozen=True)
class Case:
    """One validation case.

    `run` takes the folder for its figures (None for none) and returns its checks.
    """

    name: str
    title: str
    cost: str
    """Wall time on one core, in words."""
    quick: bool
    """Whether it belongs to the set that runs in minutes."""
    source: str
    """Where the reference comes from."""
    run: Callable[[Path | None], list[Check]]


def check(case: str, quantity: str, value: float, reference: float, tolerance: float, source: str) -> Check:
    """A check that passes where |value - reference| <= tolerance; a value that is not a number never passes."""
    passed = bool(math.isfinite(value) and abs(value - reference) <= tolerance)
    return Check(case, quantity, float(value), float(reference), float(tolerance), passed, source)


def check_relative(case: str, quantity: str, value: float, reference: float, relative: float, source: str) -> Check:
    """A check whose tolerance is a fraction of the reference."""
    return check(case, quantity, value, reference, relative * abs(reference), source)


def check_at_most(case: str, quantity: str, value: float, largest: float, source: str) -> Check:
    """A check of a size that should be zero and may be at most `largest`."""
    return check(case, quantity, abs(value), 0.0, largest, source)


def check_at_least(case: str, quantity: str, value: float, least: float, source: str) -> Check:
    """A check of a lower bound; more is always right, so the shortfall is what is compared."""
    passed = bool(math.isfinite(value) and value >= least)
    return Check(case, quantity, float(value), float(least), 0.0, passed, source)


def discover() -> dict[str, Case]:
    """All cases by name, in the order of their names."""
    package = importlib.import_module("ramify.validation")
    cases: dict[str, Case] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:
            continue
        case = getattr(importlib.import_module(f"ramify.validation.{module.name}"), "CASE", None)
        if isinstance(case, Case):
            cases[case.name] = case
    return dict(sorted(cases.items()))


def select(names: Sequence[str], cases: dict[str, Case]) -> list[Case]:
    """The cases of these names, all without names; `quick` stands for the cheap ones. Raises ScenarioError.

    The number alone names a case too, in either case of its letter: `T1` is `t1-sand`.
    """
    chosen: dict[str, Case] = {}
    numbers = {name.split("-")[0]: case for name, case in cases.items()}
    for name in names or list(cases):
        if name == QUICK:
            chosen |= {case.name: case for case in cases.values() if case.quick}
        elif name in cases or name.lower() in numbers:
            case = cases.get(name) or numbers[name.lower()]
            chosen[case.name] = case
        else:
            raise refuse_choice(name, [QUICK, *cases], "no such validation case", ("case",))
    return list(chosen.values())


def run_case(case: Case, folder: Path | None) -> tuple[list[Check], float]:
    """Checks of a case and its wall time [s]; an exception becomes a missed check that names it."""
    start = time.perf_counter()
    try:
        checks = case.run(folder)
    except Exception as error:
        quantity = f"runs ({type(error).__name__}: {error})"
        checks = [Check(case.name, quantity, math.nan, 0.0, 0.0, False, case.source)]
    return checks, time.perf_counter() - start


def list_cases(names: Sequence[str]) -> None:
    """Print what `run_validation` of these names would run: name, wall time, title; `*` marks the quick set."""
    for case in select(names, discover()):
        print(f"{case.name:20s} {'*' if case.quick else ' '} {case.cost:>6s}  {case.title}")


def run_validation(cases: list[str], folder: Path | None, as_json: bool) -> int:
    """Run cases, print them, write the report.

    Parameters
    ----------
    cases : list of str
        Names; all where empty; `quick` for the cheap ones.
    folder : Path or None
        Where `validation.md`, `validation.html`, `validation.json` and the figures go.
    as_json : bool
        Whether to print one JSON list instead of a table.

    Returns
    -------
    int
        Exit code: 0, or 1 if a check misses its tolerance. An unknown name raises ScenarioError (exit code 2).
    """
    chosen = select(cases, discover())
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    results: list[tuple[Case, list[Check], float]] = []
    for case in chosen:
        checks, wall = run_case(case, folder)
        results.append((case, checks, wall))
        if not as_json:
            _print_case(case, checks, wall)
    every = [item for _, checks, _ in results for item in checks]
    if as_json:
        print(_json(every))
    if folder is not None:
        _write_report(folder, results)
    missed = sum(not item.passed for item in every)
    if not as_json:
        print(f"{len(every) - missed} of {len(every)} checks passed")
    return 1 if missed else 0


def _json(checks: list[Check]) -> str:
    """A JSON list; a value that is not a number is null, which JSON can hold, and what is not known left out."""
    rows = [
        {
            key: None if isinstance(item, float) and not math.isfinite(item) else item
            for key, item in asdict(row).items()
            if item is not None
        }
        for row in checks
    ]
    return json.dumps(rows, indent=2)


COLUMNS = ("quantity", "value", "reference", "tolerance", "")


def _numbers(row: Check) -> tuple[str, str, str]:
    """Value with its uncertainty and observed order, reference and tolerance of a check, as tables show them."""
    value = f"{row.value:.6g}"
    if row.uncertainty is not None:
        value += f" ± {row.uncertainty:.1g}"
    if row.observed_order is not None:
        value += f", order {row.observed_order:.2g}" if math.isfinite(row.observed_order) else ", no order"
    return value, f"{row.reference:.6g}", f"{row.tolerance:.2g}"


def _print_case(case: Case, checks: list[Check], wall: float) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{case.name}: {case.title} ({wall:.1f} s)", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("quantity", "") else "right")
    for row in checks:
        table.add_row(escape(row.quantity), *_numbers(row), "[green]passed[/]" if row.passed else "[red]MISSED[/]")
    Console().print(table)


def _write_report(folder: Path, results: list[tuple[Case, list[Check], float]]) -> None:
    (folder / "validation.json").write_text(_json([row for _, checks, _ in results for row in checks]) + "\n")
    (folder / "validation.md").write_text(_markdown(folder, results), encoding="utf-8")
    (folder / "validation.html").write_text(_html(folder, results), encoding="utf-8")


def _markdown(folder: Path, results: list[tuple[Case, list[Check], float]]) -> str:
    lines = ["# Validation", ""]
    for case, checks, wall in results:
        lines += [f"## {case.name}: {case.title}", "", f"Reference: {case.source}. Wall time {wall:.1f} s.", ""]
        lines += [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
        lines += [
            f"| {' | '.join((row.quantity, *_numbers(row), 'passed' if row.passed else '**missed**'))} |"
            for row in checks
        ]
        lines += [""] + [f"![{case.name}]({path.name})\n" for path in _figures(folder, case)]
    return "\n".join(lines) + "\n"


def _html(folder: Path, results: list[tuple[Case, list[Check], float]]) -> str:
    parts = [
        "<!doctype html><meta charset='utf-8'><title>Validation</title>",
        "<style>body{font-family:sans-serif;max-width:60em;margin:auto}td,th{padding:.2em .8em;text-align:right}"
        "td:first-child,th:first-child{text-align:left}.missed{color:#b00;font-weight:bold}img{max-width:100%}</style>",
        "<h1>Validation</h1>",
    ]
    for case, checks, wall in results:
        parts.append(f"<h2>{html.escape(f'{case.name}: {case.title}')}</h2>")
        parts.append(f"<p>Reference: {html.escape(case.source)}. Wall time {wall:.1f} s.</p><table>")
        parts.append("<tr><th>" + "<th>".join(COLUMNS) + "</tr>")
        for row in checks:
            mark = "passed" if row.passed else "missed"
            cells = "<td>".join((html.escape(row.quantity), *_numbers(row)))
            parts.append(f"<tr><td>{cells}<td class='{mark}'>{mark}</tr>")
        parts.append("</table>")
        parts += [f"<img src='{html.escape(path.name)}' alt='{case.name}'>" for path in _figures(folder, case)]
    return "\n".join(parts) + "\n"


def _figures(folder: Path, case: Case) -> list[Path]:
    return sorted(folder.glob(f"{case.name}*.png"))
