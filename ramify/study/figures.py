"""Figures of a study: response curves, Pareto front, main effects, Sobol indices, power laws."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ramify.results.figures.style import INK, LINES, house_style
from ramify.study.amounts import Value, in_unit
from ramify.study.effects import Effect, Fit, SobolIndices
from ramify.study.outcomes import label_of, quantity_of
from ramify.study.ranking import Design
from ramify.study.schema import Study
from ramify.study.table import input_columns, shown, shown_unit

PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
"""Ticks of logarithmic axes as plain numbers."""
HIGH = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
GRID = "#e4e7eb"
MARKS = "osD^vP*X"
PANELS_ACROSS = 3
MOST_LINES = 8
"""Curves in one panel; more second levels are left to the table."""


def objective_label(study: Study, name: str) -> str:
    """Axis label of an objective: name and shown unit."""
    section = study.objectives[name]
    unit = quantity_of(name, section).column
    return label_of(name, section) + (f" ({pretty(unit)})" if unit != "1" else "")


def factor_label(study: Study, name: str, unit: str) -> str:
    """Axis label of a factor or an expression."""
    label = study.factors[name].label if name in study.factors else ""
    return (label or name.replace("_", " ")) + (f" ({pretty(unit)})" if unit not in ("", "1") else "")


def pretty(unit: str) -> str:
    """A unit for print: um is µm, cm^2 is cm²."""
    words = unit.replace("um", "µm").replace("*", " ")
    # a power is set high, its sign too
    return re.sub(r"\^(-?\d)", lambda found: found[1].translate(HIGH), words)


def shown_values(study: Study, designs: list[Design], objective: str) -> np.ndarray:
    """An objective of every design in its shown unit."""
    factor = quantity_of(objective, study.objectives[objective]).factor
    return np.array([design.values[objective] * factor for design in designs])


def tidy(axis: Axes) -> None:
    """Light grid, no box."""
    axis.grid(color=GRID, lw=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def plot_responses(study: Study, designs: list[Design], path: Path) -> Path | None:
    """Each objective against each factor: curves in a grid, dots in a sample; variants as bars or as lines."""
    columns = {n: c for n, c in input_columns([d.first.point for d in designs]).items() if n in study.factors}
    varying = [name for name, column in columns.items() if len({str(shown(v, "")) for v in column}) > 1]
    if not varying and not study.variants:
        return None
    panels = [(objective, name) for objective in study.objectives for name in varying or ["variant"]]
    # one factor: objectives side by side; several: a row for each objective
    across = len(varying) if len(varying) > 1 else min(len(panels), PANELS_ACROSS)
    down = -(-len(panels) // across)
    with house_style():
        figure = Figure(figsize=(3.4 * across + 0.3, 2.7 * down + 0.3), layout="constrained")
        axes = list(figure.subplots(down, across, squeeze=False).flat)
        for number, (axis, (objective, name)) in enumerate(zip(axes, panels, strict=False)):
            if name == "variant":
                _bars(axis, study, designs, objective)
                continue
            _curves(axis, study, designs, objective, name, columns)
            axis.set_ylabel("\n".join(textwrap.wrap(objective_label(study, objective), 30)))
            if number >= max(len(varying), 1) and axis.get_legend() is not None:
                axis.get_legend().remove()  # the same as in the panels above
        for axis in axes[len(panels) :]:
            axis.remove()
        figure.savefig(path)
    return path


def _bars(axis: Axes, study: Study, designs: list[Design], objective: str) -> None:
    ordered = sorted(designs, key=lambda design: design.first.point.number)
    names = [design.first.point.variant or "" for design in ordered]
    colours = [LINES[0] if design.verdict == "feasible" else "#b8bec7" for design in ordered]
    axis.barh(range(len(names)), shown_values(study, ordered, objective), color=colours)
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlabel("\n".join(textwrap.wrap(objective_label(study, objective), 26)))
    tidy(axis)


def _curves(
    axis: Axes, study: Study, designs: list[Design], objective: str, name: str, columns: dict[str, list[Value]]
) -> None:
    """One panel: a line for every combination of the other levels where these are few, else dots."""
    unit = shown_unit(columns[name])
    x = [shown(value, unit) for value in columns[name]]
    y = shown_values(study, designs, objective)
    keys = [_others(study, design, name) for design in designs]
    ordered = list(
        dict.fromkeys(key for _, key in sorted(zip((d.first.point.number for d in designs), keys, strict=True)))
    )
    if study.design.type == "grid" and len(ordered) <= MOST_LINES:
        for number, key in enumerate(ordered):
            rows = [row for row, other in enumerate(keys) if other == key]
            rows.sort(key=lambda row: (isinstance(x[row], str), x[row]))
            axis.plot([x[row] for row in rows], y[rows], color=LINES[number % len(LINES)], lw=1.2, ms=4,
                      marker=MARKS[number % len(MARKS)], label=pretty(key))  # fmt: skip
        if len(ordered) > 1:
            axis.legend(fontsize=7)
    else:
        axis.plot(x, y, "o", color=LINES[0], ms=4, alpha=0.75)
    bad = [row for row, design in enumerate(designs) if design.verdict == "infeasible"]
    axis.plot([x[row] for row in bad], y[bad], "x", color=LINES[1], ms=8, label="_infeasible")
    if study.factors[name].scale == "log":
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(PLAIN)
        axis.xaxis.set_minor_formatter(PLAIN)
    axis.set_xlabel(factor_label(study, name, unit))
    tidy(axis)


def _others(study: Study, design: Design, name: str) -> str:
    """The levels beside one factor, in words; factors zipped with it left out."""
    from ramify.study.points import shown_level

    group = next((group for group in study.zip if name in group), (name,))
    point = design.first.point
    parts = [f"{n} {shown_level(v)}" for n, v in point.combination.levels.items() if n not in group]
    return ", ".join([*([point.variant] if point.variant else []), *parts])


def plot_pareto(study: Study, designs: list[Design], path: Path) -> Path | None:
    """Every pair of objectives, the Pareto front marked; None for fewer than two."""
    names = list(study.ranked)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    complete = [design for design in designs if design.first.complete]
    if not pairs or not complete:
        return None
    across = min(len(pairs), PANELS_ACROSS)
    down = -(-len(pairs) // across)
    with house_style():
        figure = Figure(figsize=(3.4 * across + 0.3, 2.9 * down + 0.4), layout="constrained")
        axes = list(figure.subplots(down, across, squeeze=False).flat)
        for axis in axes[len(pairs) :]:
            axis.remove()
        for axis, (a, b) in zip(axes, pairs, strict=False):
            x, y = shown_values(study, complete, a), shown_values(study, complete, b)
            for choose, style in _kinds():
                rows = [row for row, design in enumerate(complete) if choose(design)]
                axis.plot(x[rows], y[rows], **style)
            for row, design in enumerate(complete):
                if design.place is not None and (design.on_front or design.place <= 3):
                    axis.annotate(
                        str(design.place), (x[row], y[row]), xytext=(5, 4), textcoords="offset points", fontsize=8
                    )
            labels = [f"{objective_label(study, name)}, {study.objectives[name].goal}" for name in (a, b)]
            axis.set_xlabel("\n".join(textwrap.wrap(labels[0], 42)))
            axis.set_ylabel("\n".join(textwrap.wrap(labels[1], 34)))
            axis.margins(0.12)
            tidy(axis)
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        figure.savefig(path)
    return path


def _kinds() -> list[tuple[Callable[[Design], bool], dict[str, object]]]:
    """How feasible, infeasible and Pareto-optimal designs are drawn."""
    return [
        (lambda d: d.verdict == "feasible" and not d.on_front,
         {"ls": "", "marker": "o", "color": LINES[0], "ms": 5, "label": "feasible"}),
        (lambda d: d.on_front, {"ls": "", "marker": "D", "color": LINES[2], "ms": 6, "label": "Pareto front"}),
        (lambda d: d.verdict != "feasible",
         {"ls": "", "marker": "x", "color": LINES[1], "ms": 6, "label": "infeasible"}),
    ]  # fmt: skip


def plot_effects(study: Study, effects: list[Effect], path: Path) -> Path | None:
    """Main effects: the range of each objective's mean over the levels of each factor."""
    if not effects:
        return None
    names = [name for name in study.objectives if any(np.isfinite(e.range) for e in effects if e.objective == name)]
    if not names:
        return None
    across = min(len(names), PANELS_ACROSS)
    down = -(-len(names) // across)
    rows = max(len([e for e in effects if e.objective == name]) for name in names)
    with house_style():
        figure = Figure(figsize=(3.6 * across + 0.6, (0.42 * rows + 1.1) * down), layout="constrained")
        axes = list(figure.subplots(down, across, squeeze=False).flat)
        for axis in axes[len(names) :]:
            axis.remove()
        for axis, name in zip(axes, names, strict=False):
            chosen = sorted((e for e in effects if e.objective == name), key=lambda effect: effect.range)
            factor = quantity_of(name, study.objectives[name]).factor
            axis.barh([e.factor for e in chosen], [e.range * factor for e in chosen], color=LINES[0], height=0.55)
            axis.xaxis.set_major_locator(MaxNLocator(5))
            axis.set_xlabel("\n".join(textwrap.wrap(f"Range of mean {objective_label(study, name)}", 42)))
            tidy(axis)
        figure.savefig(path)
    return path


def plot_sobol(study: Study, indices: list[SobolIndices], path: Path) -> Path | None:
    """First-order and total Sobol indices with their 95 % intervals."""
    if not indices:
        return None
    with house_style():
        figure = Figure(figsize=(3.6 * len(indices) + 0.4, 3.0), layout="constrained")
        for axis, found in zip(figure.subplots(1, len(indices), squeeze=False)[0], indices, strict=True):
            place = np.arange(len(found.factors))
            for shift, values, interval, colour, label in (
                (-0.18, found.first, found.first_interval, LINES[0], "first order"),
                (0.18, found.total, found.total_interval, LINES[1], "total"),
            ):
                errors = np.abs(interval.T - values)
                axis.bar(place + shift, values, 0.34, yerr=errors, color=colour, label=label, capsize=2, ecolor=INK)
            axis.set_xticks(place, found.factors)
            axis.set_title(label_of(found.objective, study.objectives[found.objective]))
            tidy(axis)
        figure.axes[0].legend(fontsize=8)
        figure.axes[0].set_ylabel("Share of the variance")
        figure.savefig(path)
    return path


def plot_fits(study: Study, designs: list[Design], fits: list[Fit], path: Path) -> Path | None:
    """Power laws on logarithmic axes, in shown units."""
    if not fits:
        return None
    inputs = input_columns([design.first.point for design in designs])
    with house_style():
        figure = Figure(figsize=(3.9 * len(fits) + 0.3, 3.1), layout="constrained")
        for axis, fit in zip(figure.subplots(1, len(fits), squeeze=False)[0], fits, strict=True):
            factor = quantity_of(fit.section.quantity, study.objectives[fit.section.quantity]).factor
            scale, label = _against(study, fit, inputs)
            axis.loglog(fit.x * scale, fit.y * factor, "o", color=LINES[0], ms=5)
            line = np.geomspace(fit.x.min(), fit.x.max(), 50)
            power = fit.factor * line**fit.exponent * factor
            axis.loglog(line * scale, power, color=LINES[1], lw=1.3, label=fit_text(fit))
            for side in (axis.xaxis, axis.yaxis):
                side.set_major_formatter(PLAIN)
                side.set_minor_formatter(PLAIN)
                side.set_tick_params(which="minor", labelsize=7)
            axis.set_xlabel(label)
            axis.set_ylabel("\n".join(textwrap.wrap(objective_label(study, fit.section.quantity), 34)))
            axis.legend(fontsize=8)
            if fit.section.label:
                axis.set_title(fit.section.label)
            tidy(axis)
        figure.savefig(path)
    return path


def _against(study: Study, fit: Fit, inputs: dict[str, list[Value]]) -> tuple[float, str]:
    """Factor from SI to the shown unit of a fit's x, and its axis label."""
    name = fit.section.against
    if name not in inputs:
        return quantity_of(name, study.objectives[name]).factor, objective_label(study, name)
    unit = shown_unit(inputs[name])
    return in_unit(1.0, unit), factor_label(study, name, unit)


def fit_text(fit: Fit) -> str:
    """An exponent with its error and what theory expects."""
    error = f" ± {fit.error:.2g}" if np.isfinite(fit.error) else ""
    expected = f", expected {fit.section.expect:g}" if fit.section.expect is not None else ""
    return f"exponent {fit.exponent:.3f}{error}{expected}"
