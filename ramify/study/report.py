"""`report.html`: everything a study came to in one file that needs no network."""

from __future__ import annotations

import base64
import html
import math
from pathlib import Path
from typing import Any

from ramify.study.effects import Effect, SobolIndices
from ramify.study.figures import objective_label, pretty
from ramify.study.load import StudyFile
from ramify.study.outcomes import quantity_of
from ramify.study.ranking import Design
from ramify.study.table import input_columns, shown, shown_unit

STYLE = """
body{font-family:system-ui,sans-serif;max-width:76em;margin:1.5em auto;padding:0 1em;color:#2b2f36;line-height:1.45}
h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #d5d9df}
table{border-collapse:collapse;font-size:.88em}th,td{padding:.3em .7em;text-align:right;vertical-align:middle}
th{border-bottom:1px solid #9aa3ae;font-weight:600;vertical-align:bottom}tr+tr td{border-top:1px solid #eceef1}
td.t,th.t{text-align:left}.feasible{color:#2e7d4f}.infeasible{color:#a37a1c}.failed{color:#b3261e}
.scroll{overflow-x:auto}img{max-width:100%}td img{height:92px;max-width:140px;display:block}
p.note{color:#5b6470;font-size:.88em;max-width:60em}.best td{background:#f0f7f2}code{font-size:.92em}
"""


def write_report(
    path: Path,
    file: StudyFile,
    designs: list[Design],
    pictures: dict[str, Path],
    thumbnails: dict[str, Path],
    effects: list[Effect],
    indices: list[SobolIndices],
    record: dict[str, Any],
) -> Path:
    """Write the report.

    Parameters
    ----------
    designs
        In their ranking.
    pictures
        Figures by name, those that could be drawn.
    thumbnails
        Pictures of designs by the name of a point's folder.
    record
        What `study.json` holds.
    """
    study = file.study
    title = html.escape(study.title or file.path.stem)
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{title}</title><style>{STYLE}</style></head>",
        f"<body><h1>{title}</h1>",
        f"<p>{headline(designs)}</p>",
        "<h2>Ranking</h2>",
        ranking_note(file),
        ranking_table(file, designs, thumbnails),
    ]
    for name, heading, note in SECTIONS:
        if name in pictures:
            parts.append(f"<h2>{heading}</h2>{image(pictures[name], heading)}<p class='note'>{note}</p>")
            if name == "effects":
                parts.append(effects_table(file, effects))
            if name == "sobol":
                parts.append(sobol_table(file, indices))
    parts += [failures(designs), provenance(record), "</body></html>"]
    path.write_text("\n".join(part for part in parts if part) + "\n", "utf-8")
    return path


SECTIONS = (
    ("responses", "Responses", "Lines join designs that differ in the factor alone; crosses and grey bars are "
     "infeasible."),
    ("pareto", "Pareto front", "Numbers are places in the ranking. A design is on the front where no other feasible "
     "one is better in one objective and at least as good in all."),
    ("fits", "Power laws", "Least squares in the logarithms; ± is the standard error of the exponent."),
    ("effects", "Main effects", "Range of an objective's mean over the levels of one factor, the others averaged out."),
    ("sobol", "Sobol indices", "Shares of the variance that a factor accounts for alone (first order) and with all its "
     "interactions (total): Saltelli's estimator (scipy.stats.sobol_indices), 95 % intervals by bootstrap. Values "
     "below zero or sums above one say that there are too few samples."),
)  # fmt: skip


def image(path: Path, alt: str, large: bool = True) -> str:
    """A picture inside the page; figures in their natural size, thumbnails in that of the table."""
    raw = path.read_bytes()
    data, width = base64.b64encode(raw).decode("ascii"), int.from_bytes(raw[16:20], "big")  # of the PNG header
    size = f" style='width:{round(width * PIXELS_PER_INCH / DOTS_PER_INCH)}px'" if large else ""
    return f"<img alt='{html.escape(alt, quote=True)}'{size} src='data:image/png;base64,{data}'>"


def headline(designs: list[Design]) -> str:
    """The answer first: the best design, and how many there are of each kind."""
    counts = {verdict: sum(design.verdict == verdict for design in designs) for verdict in VERDICTS}
    numbers = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    best = designs[0]
    if best.place is None:
        return f"No feasible design among {len(designs)} ({numbers})."
    return f"Best of {len(designs)} designs: <b>{html.escape(best.first.point.label)}</b> ({numbers})."


PIXELS_PER_INCH, DOTS_PER_INCH = 100, 200
"""Of the page, and of the figures (`house_style`)."""
VERDICTS = ("feasible", "infeasible", "failed", "not run")


def ranking_note(file: StudyFile) -> str:
    """How the ranking comes about."""
    study = file.study
    if len(study.ranked) == 1:
        return ""
    weights = ", ".join(f"{name} {section.weight:g}" for name, section in study.ranked.items())
    return (
        "<p class='note'>Score: each objective scaled from 0 (worst feasible) to 1 (best), mean by weight "
        f"({html.escape(weights)}).</p>"
    )


def ranking_table(file: StudyFile, designs: list[Design], thumbnails: dict[str, Path]) -> str:
    """Every design, best first."""
    study = file.study
    inputs = input_columns([design.first.point for design in designs])
    units = {name: shown_unit(column) for name, column in inputs.items()}
    several = len(study.ranked) > 1
    head = ["", *(["variant"] if study.variants else [])]
    head += [name.replace("_", " ") + (f" ({pretty(unit)})" if unit not in ("", "1") else "")
             for name, unit in units.items()]  # fmt: skip
    head += [objective_label(study, name) + (f", {section.goal}" if name in study.ranked else "")
             for name, section in study.objectives.items()]  # fmt: skip
    head += [*(["score", "front"] if several else []), "verdict", "picture"]
    lines = ["<tr>" + "".join(f"<th{_left(text)}>{html.escape(text)}</th>" for text in head) + "</tr>"]
    for row, design in enumerate(designs):
        cells = [str(design.place or ""), *([html.escape(design.first.point.variant or "")] if study.variants else [])]
        cells += [_number(shown(column[row], units[name])) for name, column in inputs.items()]
        cells += [_value(study, design, name) for name in study.objectives]
        cells += [_number(design.score), "yes" if design.on_front else ""] if several else []
        remark = f"<br><small>{html.escape('; '.join(design.remarks))}</small>" if design.remarks else ""
        cells.append(f"<span class='{design.verdict}'>{design.verdict}</span>{remark}")
        thumbnail = thumbnails.get(design.first.paths.name)
        cells.append(image(thumbnail, design.first.point.label, large=False) if thumbnail else "")
        body = "".join(f"<td{_left(text)}>{cell}</td>" for text, cell in zip(head, cells, strict=True))
        lines.append(f"<tr{' class=best' if design.place == 1 else ''}>{body}</tr>")
    return f"<div class='scroll'><table>{''.join(lines)}</table></div>"


def _left(heading: str) -> str:
    return " class='t'" if heading in ("variant", "verdict") else ""


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return html.escape(value)
    return "" if math.isnan(value) else f"{value:.4g}"


def _value(study: Any, design: Design, name: str) -> str:
    factor = quantity_of(name, study.objectives[name]).factor
    spread = design.spreads[name] * factor
    text = _number(design.values[name] * factor)
    return text + (f" ± {spread:.2g}" if math.isfinite(spread) and text else "")


def effects_table(file: StudyFile, effects: list[Effect]) -> str:
    """Means over the levels, in shown units."""
    lines = []
    for effect in effects:
        section = file.study.objectives[effect.objective]
        factor = quantity_of(effect.objective, section).factor
        means = ", ".join(f"{html.escape(level)}: {_number(mean * factor)}" for level, mean in zip(
            effect.levels, effect.means, strict=True))  # fmt: skip
        label = html.escape(objective_label(file.study, effect.objective))
        lines.append(f"<tr><td class='t'>{label}<td class='t'>{html.escape(effect.factor)}<td class='t'>{means}</tr>")
    head = "<tr><th class='t'>objective<th class='t'>factor<th class='t'>mean at each level (levels in SI units)</tr>"
    return f"<details><summary>Means at each level</summary><table>{head}{''.join(lines)}</table></details>"


def sobol_table(file: StudyFile, indices: list[SobolIndices]) -> str:
    """Indices with their intervals."""
    lines = ["<tr><th class='t'>objective<th class='t'>factor<th>first order<th>95 %<th>total<th>95 %<th>rows</tr>"]
    for found in indices:
        label = html.escape(objective_label(file.study, found.objective))
        for row, factor in enumerate(found.factors):
            (a, b), (c, d) = found.first_interval[row], found.total_interval[row]
            lines.append(
                f"<tr><td class='t'>{label}<td class='t'>{html.escape(factor)}<td>{found.first[row]:.3f}"
                f"<td>{a:.2f} to {b:.2f}<td>{found.total[row]:.3f}<td>{c:.2f} to {d:.2f}"
                f"<td>{found.rows}{f' ({found.lost} left out)' if found.lost else ''}</tr>"
            )
    return f"<table>{''.join(lines)}</table>"


def failures(designs: list[Design]) -> str:
    """Points without a result, each with its reason."""
    bad = [o for design in designs for o in design.outcomes if not o.complete]
    if not bad:
        return ""
    lines = [
        f"<tr><td>{o.point.number}<td class='t'>{html.escape(o.point.full_label)}<td class='t'>{o.state}"
        f"<td class='t'>{html.escape(o.reason)}<td class='t'><code>points/{html.escape(o.paths.name)}</code></tr>"
        for o in bad
    ]
    head = "<tr><th>point<th class='t'>design<th class='t'>state<th class='t'>reason<th class='t'>folder</tr>"
    return f"<h2>Points without a result</h2><table>{head}{''.join(lines)}</table>"


def provenance(record: dict[str, Any]) -> str:
    """Where the numbers come from."""
    rows = [("study", record.get("study")), ("base", record.get("base")), ("hash", record.get("hash"))]
    rows += [("made", record.get("made")), ("points", record.get("counts"))]
    rows += [(f"version of {name}", version) for name, version in record.get("versions", {}).items()]
    lines = "".join(
        f"<tr><td class='t'>{html.escape(name)}<td class='t'>{html.escape(str(value))}</tr>" for name, value in rows
    )
    return f"<h2>Provenance</h2><table>{lines}</table>"
