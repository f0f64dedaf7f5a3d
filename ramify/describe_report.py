"""The description of a host as lines of text with users' units."""

from __future__ import annotations

import math

from ramify.check_report import Row, print_rows, scaled
from ramify.describe import HostDescription, Transport
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE


def rows(description: HostDescription) -> list[Row]:
    """Name, value and note of every line."""
    shape, sizes = description.shape, description.shape.pores
    axes = [axis for axis, n in zip("xyz", description.domain.cells, strict=True) if n > 1 or axis == "z"]
    depth = "" if len(axes) == 3 else ", for a depth of 1 m"
    lines: list[Row] = [
        ("host", description.host_type, f"height {scaled(shape.height, 'm')}"),
        ("porosity", f"{shape.porosity:.4g}", "below the host's height"),
        ("porosity of the domain", f"{shape.porosity_domain:.4g}", ""),
        (
            "host surface",
            f"{shape.host_area:.4g} m2",
            f"{_per_length(shape.specific_surface_area)} of host region{depth}",
        ),
        ("free collector", f"{shape.collector_area:.4g} m2", ""),
        ("surface per pore volume", _per_length(shape.surface_per_pore_volume), "host and free collector"),
    ]
    if sizes is not None:
        spread = ", ".join(f"{name} {scaled(getattr(sizes, name), 'm')}" for name in ("d10", "d50", "d90"))
        lines.append(("pore diameter", scaled(sizes.mean, "m"), f"mean by volume; {spread}"))
    lines += [*_transport("pores", description.pores), *_transport("solid", description.solid)]
    for axis in sorted(description.solid_conductivity, reverse=True):
        conductivity = description.solid_conductivity[axis]
        lines.append(("solid conductivity", f"{conductivity:.4g} S/m", f"effective, along {axis}"))
    capacity = description.capacity_limit * MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE
    volume = f"fills {description.accessible_pore_volume:.4g} m3 of accessible pores"
    return [*lines, ("capacity limit", f"{capacity:.4g} mAh/cm2", volume)]


def _per_length(value: float) -> str:
    return f"{value * 1e-6:.4g} 1/um"


def _transport(name: str, transport: Transport) -> list[Row]:
    lines: list[Row] = []
    for axis in sorted(transport.conductivity, reverse=True):
        K, tau = transport.conductivity[axis], transport.tortuosity(axis)
        exponent = transport.bruggeman_exponent(axis)
        note = f"tortuosity {tau:.4g}" if math.isfinite(tau) else "nothing goes through"
        note += f", exponent {exponent:.3g} (Bruggeman 1.5)" if math.isfinite(exponent) else ""
        lines.append((f"{name} along {axis}", f"{K:.4g} of bulk", note))
    end = "counter electrode" if name == "pores" else "collector"
    reach = "from collector to top" if transport.percolates else "no path from collector to top"
    return [*lines, (f"{name} cut off", f"{100.0 * transport.isolated:.3g} %", f"from the {end}; {reach}")]


def print_description(description: HostDescription) -> None:
    """Print a description on standard output."""
    print_rows(description.title or f"host: {description.host_type}", rows(description), [])
