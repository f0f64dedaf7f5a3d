"""What the analysis found, as lines for a terminal."""

from __future__ import annotations

from ramify.atomistic.diffusivity_record import Outcome
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
