"""Planar electrodes of the validation cases: from the shipped scenarios, or of constant properties; and a cycler."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ramify.alloy.engine import ElectrodeEngine
from ramify.alloy.problem import Alloy, Contact, ElectrodeProblem, Numerics, PureLithium
from ramify.models.alloy_stripping.build import build_electrode
from ramify.phasefield.engine import Control, StepReport
from ramify.phasefield.problem import Domain
from ramify.scenario import load_scenario

VOLUME = 0.9 / 68_700.0
"""Molar volume [m^3/mol] that gives an alloy of 10 at.% its 68 700 mol/m^3 of lithium."""
D_ALLOY, D_LITHIUM = 2.4e-15, 1.6e-14
"""[m^2/s]."""
CONTACT = Contact(130.0, 0.5, 0.5, 303.15, 1e-2, 0.1)
SHOWN = 1.0 / 36e3
"""mAh/cm^2 in one C/m^2."""


def alloy(thickness: float, cells: int, smallest: float, tolerance: float = 1e-4, **changes: Any) -> ElectrodeProblem:
    """An ideal alloy of 10 at.% and constant D, unless told otherwise."""
    metal = replace(Alloy(0.1, (0.0,), (D_ALLOY,), (0.0,), VOLUME, VOLUME), **changes)
    domain = Domain((1.0, 1.0, thickness), (1, 1, cells))
    concentration = (1.0 - metal.magnesium) / VOLUME
    numerics = Numerics(time_tolerance=tolerance)
    return ElectrodeProblem(thickness, cells, smallest, metal, CONTACT, domain, concentration, numerics)


def lithium(thickness: float = 100e-6, **changes: Any) -> ElectrodeProblem:
    """Pure lithium whose voids nucleate at twice the equilibrium vacancies."""
    metal = replace(PureLithium(D_LITHIUM, 1.3e-5, 0.52, 2.0, 15e-6, contact_spacing=15e-6), **changes)
    domain = Domain((1.0, 1.0, thickness), (1, 1, 100))
    return ElectrodeProblem(thickness, 100, 1e-6, metal, CONTACT, domain, 1.0 / metal.molar_volume)


def shipped(name: str, *overrides: str) -> ElectrodeEngine:
    """The engine of a shipped scenario."""
    return ElectrodeEngine(build_electrode(load_scenario(name, list(overrides))))


def hold(engine: ElectrodeEngine, control: Control, duration: float = math.inf) -> list[StepReport]:
    """Hold a control for a time, or until the contact is empty or the limit holds."""
    engine.set_control(control)
    end, reports = engine.time + duration, []
    while engine.time < end:
        reports.append(engine.step(end))
        if reports[-1].exhausted or (math.isinf(duration) and reports[-1].limited):
            break
    return reports


def strip(engine: ElectrodeEngine, current: float, limit: float | None = None) -> float:
    """Strip to the limit, or without one until the contact is empty; the areal charge taken out [C/m^2]."""
    before = engine.ledger.charge
    hold(engine, Control("current", -current, limit))
    return before - engine.ledger.charge
