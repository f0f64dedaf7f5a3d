"""What the analysis found, as lines for a terminal."""

from __future__ import annotations

from ramify.atomistic.diffusivity_record import Outcome
from ramify.atomistic.nucleus_record import Outcome as NucleusOutcome
from ramify.atomistic.record import Record


def diffusivity_lines(outcome: Outcome) -> list[str]:
    """Value, interval, the three uncertainties, how they came about."""
    record, found = outcome.record, outcome.found
    what = f"{record.quantity.replace('_', ' ')}{f' of {record.species}' if record.species else ''}"
    lines = [value_line(what, record), f"  {record.method}"]
    lines.append(
        f"  lags {found.window[0] * 1e12:.3g} to {found.window[1] * 1e12:.3g} ps"
        + (f", {found.blocks} blocks" if found.blocks > 1 else "")
        + f", slope changes by {100 * found.bend:+.1f} +- {100 * found.bend_error:.1f} % within"
        * (0.0 < found.bend_error < 1e3)
    )
    lines += uncertainty_lines(record)
    details = record.details
    if "kinisi_value" in details:
        lines.append(
            f"  kinisi {details['kinisi']}: {details['kinisi_value']:.4g} m^2/s, 95 % {details['kinisi_low']:.4g} to "
            f"{details['kinisi_high']:.4g}"
        )
    if "deviation_from_reference" in details:
        deviation = float(details["deviation_from_reference"] or 0.0)
        lines.append(f"  against {details['reference']:.4g} m^2/s: {100 * deviation:+.1f} %")
    if "coordinates" in details:
        lines.append(f"  paths: {details['coordinates']}")
    if "crystalline_at_start" in details:
        start, end = (100.0 * float(details[f"crystalline_at_{end}"] or 0.0) for end in ("start", "end"))
        lines.append(f"  crystalline: {start:.0f} % of the atoms at the start, {end:.0f} % at the end (averaged q6)")
    lines += [f"  {line}" for line in outcome.layers]
    return lines + [f"  note: {warning}" for warning in record.warnings]


def value_line(what: str, record: Record) -> str:
    """Quantity, value and 95 % interval."""
    text = f"{what}: {record.value:.4g} {'' if record.unit == '1' else record.unit}".rstrip()
    interval = record.uncertainty.interval_95
    if interval is not None:
        text += f", 95 % {interval[0]:.4g} to {interval[1]:.4g}"
    return text + (f" at {record.temperature:.4g} K" if record.temperature is not None else "")


def uncertainty_lines(record: Record) -> list[str]:
    """The three standard uncertainties, each relative."""
    parts = []
    for name in ("statistical", "finite_size", "model"):
        part = getattr(record.uncertainty, name)
        shown = (
            "not known"
            if part is None
            else f"{part:.2g} ({100 * part / abs(record.value):.2g} %)"
            if record.value
            else f"{part:.2g}"
        )
        parts.append(f"{name.replace('_', ' ')} {shown}")
    return [f"  standard uncertainty: {', '.join(parts)}"]


def nucleus_lines(outcome: NucleusOutcome) -> list[str]:
    """Every record in a line, and what was found on the way."""
    lines = [value_line(record.quantity.replace("_", " "), record) for record in outcome.records]
    told = [f"  {line}" for line in outcome.lines]
    for record in outcome.records:
        told += [f"  note: {warning}" for warning in record.warnings if f"  note: {warning}" not in told]
    return lines + told


def law_lines(record: Record) -> list[str]:
    """The value of a law, its numbers and its limits."""
    lines = [value_line(record.quantity.replace("_", " "), record), f"  {record.method}"]
    lines += [f"  {name}: {value:.5g}" for name, value in record.details.items() if isinstance(value, float)]
    valid = record.valid
    if valid.temperature is not None:
        lines.append(f"  valid from {valid.temperature[0]:.4g} to {valid.temperature[1]:.4g} K")
    if valid.diameter is not None:
        lines.append(f"  valid from {valid.diameter[0]:.3g} to {valid.diameter[1]:.3g} m")
    return lines + uncertainty_lines(record)
