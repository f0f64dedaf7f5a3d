"""What `check` tells of `formulation: allen_cahn`: its surface, and what its metal withstands."""

from __future__ import annotations

import math

from ramify.check import Scale
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem
from ramify.physics import contact_loss, double_well, vacancy_stress
from ramify.scenario.grid_rules import NARROWEST_INTERFACE


def published_scales(metal: AllenCahnProblem) -> list[Scale]:
    """Surface energy and width, and the supersaturation at which metal yields."""
    phase = metal.phase
    scales = [
        Scale("surface energy", phase.surface_energy, "J/m2", "sqrt(2 kappa W)/6"),
        Scale("surface width", phase.width, "m", "l = sqrt(kappa/2 W)"),
    ]
    if phase.interpolation == "published":
        scales.append(Scale("withstood supersaturation", _yields(metal), "-", "the metal itself yields beyond"))
    if metal.stack_pressure > 0.0:
        volume, temperature = metal.site
        push = vacancy_stress.stress_potential(metal.stack_pressure, volume, phase.vacancy_volume, temperature)
        scales.append(Scale("ln s by the stack pressure", push, "-", "(Omega - Omega_v) p/RT, at free surfaces"))
    return scales


def published_notes(metal: AllenCahnProblem, strips: float, reach: float) -> list[str]:
    """Warnings, for the largest current density that strips [A/m^2] and the reach of vacancies [m]."""
    notes, transport, phase = [], metal.transport, metal.phase
    edge = max(h for h, n in zip(metal.domain.spacing, metal.domain.cells, strict=True) if n > 1)
    if (share := phase.width / edge) < NARROWEST_INTERFACE:
        told = f"{share:.2g} cells to the width of the surface; below {NARROWEST_INTERFACE:g}"
        notes.append(f"grid: {told} fronts feel the cells")
    if phase.interpolation == "published" and math.isfinite(reach):
        s = contact_loss.supersaturation(strips, transport.diffusivity, reach, transport.molar_volume)
        if s > _yields(metal):
            notes.append(
                f"allen_cahn: a full contact would be supersaturated to {s:.5g}; the published metal withstands "
                f"{_yields(metal):.5g}, and may demix where no void is near; interpolation: quintic does not"
            )
    if phase.interpolation == "published" and metal.stack_pressure > 0.0:
        notes += _pressed(metal)
    return notes


def _pressed(metal: AllenCahnProblem) -> list[str]:
    """Warnings of published metal, which a drive u makes thinner by (RT/Omega) u/2W, under stack pressure."""
    notes, phase, pressure = [], metal.phase, metal.stack_pressure
    if phase.stress_drive == "published":
        thinner = 0.25 * pressure * (1.0 - phase.vacancy_volume / metal.transport.molar_volume) / phase.well
        told = f"the stack pressure makes published metal thinner by {thinner:.2g}, which it takes from voids"
        notes.append(f"allen_cahn: {told}; stress_drive: complete, or interpolation: quintic, does not")
    if metal.transport.back == "sink":
        denser = 0.5 * pressure / phase.well
        told = f"a source behind under the stack pressure makes published metal denser by {denser:.2g}"
        notes.append(f"allen_cahn: {told}; vacancies.back: closed, or interpolation: quintic, does not")
    return notes


def _yields(metal: AllenCahnProblem) -> float:
    """Supersaturation beyond which published metal demixes."""
    transport = metal.transport
    return math.exp(double_well.largest_drive(metal.phase.well, transport.molar_volume, transport.temperature))
