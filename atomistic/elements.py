"""Standard atomic weights (IUPAC, conventional values) of the elements met in battery simulations."""

from __future__ import annotations

from ramify.atomistic.errors import AtomisticError, nearest, shown
from ramify.atomistic.unit_styles import DALTON

WEIGHTS: dict[str, float] = {
    "H": 1.008, "He": 4.0026, "Li": 6.94, "Be": 9.01218, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999,
    "F": 18.9984, "Ne": 20.1797, "Na": 22.9898, "Mg": 24.305, "Al": 26.9815, "Si": 28.085, "P": 30.9738, "S": 32.06,
    "Cl": 35.45, "Ar": 39.948, "K": 39.0983, "Ca": 40.078, "Sc": 44.9559, "Ti": 47.867, "V": 50.9415, "Cr": 51.9961,
    "Mn": 54.938, "Fe": 55.845, "Co": 58.9332, "Ni": 58.6934, "Cu": 63.546, "Zn": 65.38, "Ga": 69.723, "Ge": 72.63,
    "As": 74.9216, "Se": 78.971, "Br": 79.904, "Kr": 83.798, "Rb": 85.4678, "Sr": 87.62, "Y": 88.9058, "Zr": 91.224,
    "Nb": 92.9064, "Mo": 95.95, "Ru": 101.07, "Rh": 102.906, "Pd": 106.42, "Ag": 107.868, "Cd": 112.414,
    "In": 114.818, "Sn": 118.71, "Sb": 121.76, "Te": 127.6, "I": 126.904, "Xe": 131.293, "Cs": 132.905,
    "Ba": 137.327, "La": 138.905, "Ce": 140.116, "Hf": 178.49, "Ta": 180.948, "W": 183.84, "Re": 186.207,
    "Os": 190.23, "Ir": 192.217, "Pt": 195.084, "Au": 196.967, "Hg": 200.592, "Tl": 204.38, "Pb": 207.2,
    "Bi": 208.98,
}  # fmt: skip
"""[g/mol]."""
AGREEMENT = 0.005
"""Relative difference up to which a simulated mass is that of an element; isotopes differ by more."""


def mass(element: str) -> float:
    """Mass of an atom [kg]; AtomisticError for what is no element here."""
    if element not in WEIGHTS:
        raise AtomisticError(
            "no element that is known here", value=shown(element), allowed="symbols such as Li or Mg",
            suggestion=nearest(element, WEIGHTS),
        )  # fmt: skip
    return WEIGHTS[element] * DALTON


def element_of(mass_kg: float) -> str | None:
    """The element of that mass [kg]; None where none, or none alone, agrees."""
    near = [symbol for symbol, weight in WEIGHTS.items() if abs(mass_kg / (weight * DALTON) - 1.0) < AGREEMENT]
    return near[0] if len(near) == 1 else None
