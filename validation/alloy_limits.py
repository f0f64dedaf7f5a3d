"""Limits of the planar electrode that can be solved by hand, and its balances."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ramify.alloy.engine import ElectrodeEngine
from ramify.phasefield.engine import Control
from ramify.physics import alloy_limits, contact_loss
from ramify.physics.constants import FARADAY
from ramify.validate import Case, Check, check_at_least, check_at_most, check_relative
from ramify.validation.electrodes import D_ALLOY, D_LITHIUM, SHOWN, VOLUME, alloy, hold, lithium, strip
from ramify.validation.figures import Curve, save_curves
from ramify.validation.references import alloy_stripping

NAME = "alloy-limits"
SOURCE = "closed forms (ramify.physics.alloy_limits, contact_loss)"
CURRENT = 10.0
"""[A/m^2]."""
OMEGA, H = 1.3e-5, 100e-6
"""Of pure lithium [m^3/mol], [m]."""


def lattice_time() -> float:
    """Depletion time in the lattice frame [s] by the method of lines in the frame of the surface."""
    return alloy_stripping.depletion(0.1, 800) * D_ALLOY / (CURRENT * VOLUME / FARADAY) ** 2


def depletion() -> tuple[list[Check], list[Curve]]:
    """Depletion of a thick alloy of 10 at.%, D = 2.4e-11 cm2/s, at 1 mA/cm2, in the three frames."""
    references = {
        "fixed": (alloy_limits.depletion_time_fixed(D_ALLOY, 68_700.0, CURRENT), "Sand 1901"),
        "volume": (alloy_limits.depletion_time_volume(D_ALLOY, 0.1, CURRENT, VOLUME), "Laplace transform (derived)"),
        "lattice": (lattice_time(), "method of lines (validation/references/alloy_stripping.py)"),
    }
    checks: list[Check] = []
    curves: list[Curve] = []
    for frame, (time, source) in references.items():
        engine = ElectrodeEngine(alloy(200e-6, 200, 1e-7, frame=frame))
        reports = hold(engine, Control("current", -CURRENT))
        checks.append(check_relative(NAME, f"depletion time [s], {frame} frame", engine.time, time, 2e-3, source))
        capacity = -SHOWN * engine.ledger.charge
        told = f"capacity [mAh/cm2], {frame} frame"
        checks.append(check_relative(NAME, told, capacity, SHOWN * CURRENT * time, 2e-3, source))
        few = strip(ElectrodeEngine(alloy(2e-3, 200, 1e-6, frame=frame)), 0.1 * CURRENT)
        told = f"capacity at a tenth of the current over that at all of it, {frame} frame"
        checks.append(check_relative(NAME, told, -few / engine.ledger.charge, 10.0, 1e-6, "scaling"))
        y = [report.measures["contact_magnesium"] for report in reports]
        curves.append((frame, [report.time for report in reports], y, "-"))
        if frame == "volume":
            t = np.linspace(0.0, time, 30)
            exact = [0.1 * alloy_limits.enrichment((CURRENT * VOLUME / FARADAY) ** 2 * s / D_ALLOY) for s in t]
            curves.append(("volume, exact", t, exact, "."))
    return checks, curves


def thin() -> list[Check]:
    """A slab at a fixed boundary against its Fourier series, and what a thin alloy leaves behind."""
    thickness, fo = 5e-6, D_ALLOY * 400.0 / 25e-12
    engine = ElectrodeEngine(alloy(thickness, 200, thickness / 200, 1e-5, frame="fixed"))
    y = hold(engine, Control("current", -CURRENT), 400.0)[-1].measures["contact_magnesium"]
    n = np.arange(1, 400)
    series = fo + 1.0 / 3.0 - float(np.sum(2.0 / (n * math.pi) ** 2 * np.exp(-((n * math.pi) ** 2) * fo)))
    taken = CURRENT * thickness / (FARADAY * D_ALLOY) * series
    source = "Fourier series"
    told = "concentration lost at the contact of a 5 um slab [mol/m3], fixed frame"
    checks = [check_relative(NAME, told, 68_700.0 - (1.0 - y) / y * 0.1 / VOLUME, taken, 1e-3, source)]
    engine = ElectrodeEngine(alloy(20e-6, 100, 2e-7))
    strip(engine, 0.1)
    left = alloy_limits.left_behind(D_ALLOY, 0.1, 20e-6, 0.1, VOLUME)
    told = "lithium left in 20 um at 0.01 mA/cm2 [mol/m2], lattice frame"
    return [
        *checks,
        check_relative(NAME, told, engine.ledger.metal, left, 0.02, "first order in the current (derived)"),
    ]


def critical(**changes: float) -> float:
    """Current density [A/m^2] at which the engine opens voids, by halving."""
    low, high = 1e-3, 1e3
    while high / low > 1.0 + 1e-6:
        middle = math.sqrt(low * high)
        engine = ElectrodeEngine(lithium(**changes))
        engine.set_control(Control("current", -middle))
        low, high = (low, middle) if engine.state[2] else (middle, high)
    return math.sqrt(low * high)


def vacancies() -> list[Check]:
    """Supersaturation with and without sinks, critical currents, and the capacity that the voids take."""
    checks = []
    for sinks, told in ((math.inf, "without sinks"), (30e-6, "sinks of 30 um")):
        engine = ElectrodeEngine(lithium(sink_length=sinks, threshold=1e3))
        report = hold(engine, Control("current", -2.0), 1e-3)[-1]
        length = H if math.isinf(sinks) else sinks * math.tanh(H / sinks)
        exact = 2.0 * OMEGA * length / (FARADAY * D_LITHIUM)
        value = report.measures["contact_supersaturation"] - 1.0
        checks.append(check_relative(NAME, f"s - 1 at 0.2 mA/cm2, {told}", value, exact, 1e-6, SOURCE))
    plain, source = critical(), "F D (s_c - 1)/(Omega L)"
    checks += [
        check_relative(NAME, "critical current of twice the diffusivity over that of one",
                       critical(diffusivity=2 * D_LITHIUM) / plain, 2.0, 1e-5, source),
        check_relative(NAME, "critical current [A/m2] of 100 um without sinks", plain,
                       FARADAY * D_LITHIUM / (OMEGA * H), 1e-5, source),
        check_relative(NAME, "critical current [A/m2] of 100 um with sinks of 1 um", critical(sink_length=1e-6),
                       FARADAY * D_LITHIUM / (OMEGA * 1e-6), 1e-5, source),
    ]  # fmt: skip
    fraction, life = 1e-6, 1e-3
    pair = [
        critical(diffusivity=D, sink_length=contact_loss.sink_length_of_lifetime(D / fraction, life))
        for D in (D_LITHIUM, 4.0 * D_LITHIUM)
    ]
    exponent = math.log(pair[1] / pair[0]) / math.log(4.0)
    told = "exponent of the critical current in D, sinks of a given vacancy lifetime"
    checks.append(check_relative(NAME, told, exponent, 0.5, 1e-2, "Schmalzried and Janek 1998"))
    engine = ElectrodeEngine(lithium(surface_energy=0.0))
    voids = FARADAY * 15e-6 / OMEGA
    told = "capacity to the loss of contact, voids 15 um deep [mAh/cm2]"
    checks.append(check_relative(NAME, told, SHOWN * strip(engine, 10.0, 4.0), SHOWN * voids, 1e-3, "F h/Omega"))
    return checks


def balances() -> list[Check]:
    """Lithium and charge over stripping, a held limit, rest, plating and held voltage."""
    checks = []
    for name, problem in (("alloy", alloy(30e-6, 150, 1e-7)), ("lithium", lithium())):
        engine = ElectrodeEngine(problem)
        for control, duration in ((Control("current", -10.0, 0.5), 7200.0), (Control("current", 0.0), 3600.0),
                                  (Control("current", 5.0), 1800.0), (Control("voltage", 0.05), 600.0)):  # fmt: skip
            hold(engine, control, duration)
        found = engine.ledger.balance(FARADAY)
        for key, most in (("lithium_relative", 1e-8), ("charge_relative", 1e-8), ("worst_step_relative", 1e-10)):
            checks.append(check_at_most(NAME, f"{key}, {name}", found[key], most, "identity"))
    return checks


def orders() -> list[Check]:
    """Order in space, of the depletion time in the lattice frame."""
    reference, errors = lattice_time(), []
    for n in (1, 2, 4):
        engine = ElectrodeEngine(alloy(40e-6, 50 * n, 1.0, 2e-6))
        hold(engine, Control("current", -CURRENT))
        errors.append(abs(engine.time - reference))
    order = math.log2(errors[1] / errors[2])
    return [check_at_least(NAME, "order in space, depletion time", order, 1.9, "method of lines")]


def run(folder: Path | None) -> list[Check]:
    """All of it; the figure shows the composition of the contact in the three frames."""
    checks, curves = depletion()
    save_curves(folder, NAME, curves, ("time [s]", "magnesium at the contact"))
    return [*checks, *thin(), *vacancies(), *balances(), *orders()]


CASE = Case(NAME, "Limits of the planar alloy and lithium electrodes", "10 s", True, SOURCE, run)
