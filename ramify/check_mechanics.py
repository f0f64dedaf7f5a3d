"""What `ramify check` says of the section `mechanics`: memory, and moduli and loads that make poor sense."""

from __future__ import annotations

from typing import Literal

from ramify.build_mechanics import build_elasticity
from ramify.scenario.mechanics import LARGEST_GROWTH, MechanicsSection

BYTES_PER_CELL = 1100.0
"""Of displacements, stresses, history and multigrid."""
LARGEST_CONTRAST = 1e3
"""Of Young's moduli, beyond which the laminate of a diffuse surface is poor and the solver slow."""


def stress_memory(section: MechanicsSection | Literal["off"]) -> float:
    """Bytes per cell that stress adds."""
    return 0.0 if isinstance(section, str) else BYTES_PER_CELL


def stress_warnings(section: MechanicsSection | Literal["off"]) -> tuple[str, ...]:
    """Moduli too different, and loads beyond small strains."""
    if isinstance(section, str):
        return ()
    phases = {name: getattr(section, name) for name in ("metal", "electrolyte", "host")}
    moduli = {name: build_elasticity(phase) for name, phase in phases.items() if phase is not None}
    notes = []
    soft = min(moduli, key=lambda name: moduli[name].youngs_modulus)
    stiff = max(moduli, key=lambda name: moduli[name].youngs_modulus)
    contrast = moduli[stiff].youngs_modulus / moduli[soft].youngs_modulus
    if contrast > LARGEST_CONTRAST:
        notes.append(
            f"mechanics: {stiff} is {contrast:.3g} times stiffer than {soft}: above {LARGEST_CONTRAST:g} the stress at "
            "the surface is poor and the solver slow"
        )
    strain = section.stack_pressure / moduli[soft].uniaxial_modulus
    if strain > LARGEST_GROWTH:
        notes.append(
            f"mechanics.stack_pressure strains the {soft} by {100.0 * strain:.3g} %: above 5 % strains are not small"
        )
    return tuple(notes)
