"""LAMMPS unit styles: factors to SI. The style is always stated or found in a file, never guessed.

Source: LAMMPS manual, command `units`. Style `lj` has no SI meaning of its own and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from ramify.atomistic.errors import AtomisticError, nearest, shown
from ramify.physics.constants import AVOGADRO, ELEMENTARY_CHARGE

ANGSTROM, FEMTOSECOND, PICOSECOND = 1e-10, 1e-15, 1e-12
BOHR, HARTREE = 5.29177210903e-11, 4.3597447222071e-18
"""CODATA 2018 [m], [J]."""


@dataclass(frozen=True)
class UnitStyle:
    """What one unit of a style is in SI."""

    name: str
    length: float
    """[m]."""
    time: float
    """[s]."""
    mass: float
    """Of one atom [kg]."""
    energy: float
    """[J]."""
    default_timestep: float
    """That LAMMPS takes where no `timestep` command is given [s]."""

    @property
    def velocity(self) -> float:
        """[m/s]; style electron has one that is not length over time."""
        return BOHR / 1.03275e-15 if self.name == "electron" else self.length / self.time


DALTON = 1e-3 / AVOGADRO
KCAL_PER_MOL = 4184.0 / AVOGADRO

STYLES: dict[str, UnitStyle] = {
    style.name: style
    for style in (
        UnitStyle("metal", ANGSTROM, PICOSECOND, DALTON, ELEMENTARY_CHARGE, 0.001 * PICOSECOND),
        UnitStyle("real", ANGSTROM, FEMTOSECOND, DALTON, KCAL_PER_MOL, 1.0 * FEMTOSECOND),
        UnitStyle("si", 1.0, 1.0, 1.0, 1.0, 1e-8),
        UnitStyle("cgs", 1e-2, 1.0, 1e-3, 1e-7, 1e-8),
        UnitStyle("electron", BOHR, FEMTOSECOND, DALTON, HARTREE, 0.001 * FEMTOSECOND),
        UnitStyle("micro", 1e-6, 1e-6, 1e-15, 1e-15, 2.0 * 1e-6),
        UnitStyle("nano", 1e-9, 1e-9, 1e-21, 1e-21, 0.00045 * 1e-9),
    )
}


def unit_style(name: str) -> UnitStyle:
    """The style of that name.

    Raises
    ------
    AtomisticError
        For `lj`, which fixes no unit, and for what LAMMPS does not know.
    """
    if name in STYLES:
        return STYLES[name]
    allowed = ", ".join(STYLES)
    if name == "lj":
        raise AtomisticError("reduced units fix no length and no time", value=name, allowed=allowed)
    raise AtomisticError(
        "no unit style of LAMMPS", value=shown(name), allowed=allowed, suggestion=nearest(name, STYLES)
    )
