"""Warnings of `ramify.check` about contact angles: starts that contradict them, and how far they reach into a deposit.

Off the wall it is curvature that rounds the surface to its contact angle. On a surface of radius R it balances what the
current drives at R = G gamma Omega/(F i) (conservative: surface energy in the kinetics, G the conductance of charge
transfer) or R = b/v (allen_cahn, v the front velocity): further from the wall the reaction makes the shape.
"""

from __future__ import annotations

import math

from ramify.physics.constants import FARADAY
from ramify.scenario.grid_rules import resolved, text
from ramify.scenario.hosts import NoHost
from ramify.scenario.resolve import largest_edge
from ramify.scenario.schema import PlatingScenario
from ramify.scenario.wetting_rules import contact_angles

REACH_CELLS = 4.0
"""Cells that curvature has to govern for a contact angle to show in the shape of a growing deposit."""
SAME = math.radians(1.0)
"""Angles closer than that start as they go on."""


def wetting_warnings(scenario: PlatingScenario, current: float, conductance: float) -> list[str]:
    """Warnings for a resolved scenario.

    Parameters
    ----------
    current, conductance
        Largest plating current density [A/m^2], zero for none, and di/dphi of charge transfer there [S/m^2].
    """
    if not contact_angles(scenario):
        return []
    notes = _starts(scenario)
    reach, edge = _reach(scenario, current, conductance), largest_edge(scenario.domain)
    if current > 0.0 and reach < REACH_CELLS * edge:
        notes.append(
            f"contact angle: curvature rounds the deposit over {text(reach)}, {reach / edge:.2g} cells, at the largest "
            "current: the angle holds beside the wall, the shape further out is the reaction's"
        )
    return notes


def _reach(scenario: PlatingScenario, current: float, conductance: float) -> float:
    """Radius of a surface on which curvature balances the current [m]; infinite without a current."""
    if current == 0.0:
        return math.inf
    interface, volume = scenario.interface, resolved(scenario.metal.molar_volume)
    if interface.curvature == "conservative":
        return conductance * resolved(scenario.metal.surface_energy) * volume / (FARADAY * current)
    from ramify.phasefield.problem import MOBILITY_FACTOR

    velocity = volume * current / FARADAY
    given = interface.mobility
    return MOBILITY_FACTOR * resolved(interface.width) if given is None else given / velocity


def _starts(scenario: PlatingScenario) -> list[str]:
    """Nuclei whose own contact angle is not that of the wall they sit on."""
    host = scenario.host
    wall = {
        "collector": scenario.collector.contact_angle or 0.5 * math.pi,
        "host": 0.5 * math.pi if isinstance(host, NoHost) else host.contact_angle or 0.5 * math.pi,
    }
    starts = [
        (f"nuclei[{index}]", nucleus.contact_angle, "host" if nucleus.position[-1] > 0.0 else "collector")
        for index, nucleus in enumerate(scenario.nuclei)
    ]
    if scenario.nucleation is not None:
        bearing = ("collector",) if isinstance(host, NoHost) or host.surface == "insulating" else ("collector", "host")
        starts += [("nucleation", scenario.nucleation.contact_angle, name) for name in bearing]
    return [
        f"{name}: its cap meets the {surface} at {math.degrees(angle):.4g} deg, "
        f"the {surface}'s contact angle is {math.degrees(wall[surface]):.4g} deg: it changes shape at once"
        for name, angle, surface in starts
        if angle is not None and abs(angle - wall[surface]) > SAME
    ]
