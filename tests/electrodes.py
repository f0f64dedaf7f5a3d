"""Planar electrodes for tests, and a drive through them."""

import math
from dataclasses import replace

from ramify.alloy.engine import ElectrodeEngine
from ramify.alloy.problem import Alloy, Contact, ElectrodeProblem, Numerics, PureLithium
from ramify.phasefield.engine import Control
from ramify.phasefield.problem import Domain

VOLUME = 0.9 / 68_700.0
"""Molar volume [m^3/mol] that gives an alloy of 10 at.% its 68 700 mol/m^3 of lithium."""
D = 2.4e-15
CONTACT = Contact(130.0, 0.5, 0.5, 303.15, 1e-2, 0.1)
FAST = Contact(1e5, 0.5, 0.5, 303.15, 0.0, 0.1)
"""Kinetics and electrolyte that cost next to nothing."""


def alloy(thickness=200e-6, cells=200, smallest=1e-7, contact=CONTACT, numerics=None, **changes):
    """An alloy of 10 at.%, ideal and of constant D, unless told otherwise."""
    metal = replace(Alloy(0.1, (0.0,), (D,), (0.0,), VOLUME, VOLUME), **changes)
    volume = (1.0 - metal.magnesium) * metal.lithium_volume + metal.magnesium * metal.magnesium_volume
    concentration = (1.0 - metal.magnesium) / volume
    domain = Domain((1.0, 1.0, 1.25 * thickness), (1, 1, cells))
    return ElectrodeProblem(thickness, cells, smallest, metal, contact, domain, concentration, numerics or Numerics())


def lithium(thickness=100e-6, contact=CONTACT, **changes):
    """Pure lithium, whose voids nucleate at twice the equilibrium vacancies."""
    metal = replace(PureLithium(1.6e-14, 1.3e-5, 0.52, 2.0, 15e-6, contact_spacing=15e-6), **changes)
    domain = Domain((1.0, 1.0, thickness), (1, 1, 100))
    return ElectrodeProblem(thickness, 100, 1e-6, metal, contact, domain, 1.0 / metal.molar_volume)


def drive(engine, control, duration=math.inf, on_step=None):
    """Hold a control for a time, or until the contact is empty or a limit holds; the last report."""
    engine.set_control(control)
    end = engine.time + duration
    while engine.time < end:
        report = engine.step(end)
        if on_step is not None:
            on_step(report)
        if report.exhausted or (math.isinf(duration) and report.limited):
            break
    return report


def depleted(problem, current=10.0):
    """Engine and last report of an electrode stripped until its contact is empty."""
    engine = ElectrodeEngine(problem)
    return engine, drive(engine, Control("current", -current))
