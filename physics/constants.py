"""Physical constants (CODATA 2018; the first four are exact in the SI of 2019)."""

from __future__ import annotations

AVOGADRO = 6.02214076e23
"""[1/mol]."""
BOLTZMANN = 1.380649e-23
"""[J/K]."""
ELEMENTARY_CHARGE = 1.602176634e-19
"""[C]."""
ZERO_CELSIUS = 273.15
"""[K]."""
FARADAY = AVOGADRO * ELEMENTARY_CHARGE
"""96485.33... [C/mol]."""
GAS_CONSTANT = AVOGADRO * BOLTZMANN
"""8.31446... [J/(mol K)]."""
VACUUM_PERMITTIVITY = 8.8541878128e-12
"""[F/m]."""
