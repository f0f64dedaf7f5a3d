"""Current that spreads from a partial contact into a conductor: closed forms, and what a layered slab does to a wave.

The slab lies at depths 0 <= d <= L below a contact plane; j is the normal current density into it, phi its potential.

**Strips** of width w, one in each period b, on a deep conductor (conformal map t = sin(pi z/b) of a half strip on a
half plane, where the contact |t| < sin(pi w/2b) is an equipotential and the rest insulates; far away
phi = (I/pi kappa)[pi d/b - ln sin(pi w/2b)]):

    R_strips = (b/(pi kappa)) ln(1/sin(pi w/2b))                                                          [ohm m^2]

beyond the uniform current's; a finite depth changes the potential by exp(-4 pi L/b) of that of the first wave.

**Circular spot** of radius a: R = 1/(4 kappa a) on a half space. In a square array of pitch b (or in a cell whose sides
are planes of symmetry) every spot also stands in the potential of the others less the uniform current's,
(I/2 pi kappa)[(sum' 1/r - integral dA/(b^2 r)) + (x^2 + y^2)/4 sum' 1/r^3 + ...] with the sums over the square lattice
-3.900264920/b and 9.033621683/b^3. Spots as sources and as probes carry 1/sqrt(1 - r^2/a^2), <r^2> = 2a^2/3, each once:

    R_array = 1/(4 kappa a) + (1/2 pi kappa)[-3.900265/b + 3.011207 a^2/b^3 + O(a^4/b^5)]                     [ohm]
            = [1 - 2.48299 a/b + 1.91699 (a/b)^3 + ...]/(4 kappa a)

**Part of a cell's face**: current that enters a cell through a share a of its face, while equations know the mean
potential of the face, passes (h/kappa)(4/pi) ln(1/sin(pi a/2)) more, per area of the face: twice the strips'
resistance for b = 2h, because a face without contact follows on one side. A fit: it puts the edge of a strip where it
is, within 0.12 h, for every a (tests/test_void_contact.py), while without it the whole face counts as contact.

**Layered slab**: a wave cos(kx) of the lateral coordinates obeys (kappa phi')' = kappa k^2 phi. Of one layer,
phi = Z j on both faces, j into the layer, Z11 = Z22 = coth(kL)/(kappa k), Z12 = csch(kL)/(kappa k); of two, where their
common face carries no charge, Z11 = A11 - A12^2/(A22 + B11), Z12 = A12 B12/(A22 + B11), Z22 = B22 - B12^2/(A22 + B11).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

LATTICE_POTENTIAL = 3.900264920
"""-(sum' 1/r - integral) of the square lattice of pitch one."""
LATTICE_CUBES = 9.033621683
"""Sum' 1/r^3 of the square lattice of pitch one."""
OPAQUE = 300.0
"""k L beyond which no wave reaches the other face."""


def strip_spreading(width: float, period: float, conductivity: float) -> float:
    """Areal resistance [ohm m^2] of periodic strips of a width in a period [m], beyond that of the whole area."""
    return period / (math.pi * conductivity) * -math.log(math.sin(0.5 * math.pi * width / period))


def spot_resistance(radius: float, conductivity: float) -> float:
    """Spreading resistance [ohm] of one circular contact [m] on a half space [S/m]."""
    return 1.0 / (4.0 * conductivity * radius)


def spot_array_resistance(radius: float, pitch: float, conductivity: float) -> float:
    """Spreading resistance [ohm] of each circular contact of a square array; error of order (radius/pitch)^5 in it."""
    others = -LATTICE_POTENTIAL / pitch + LATTICE_CUBES * radius**2 / (3.0 * pitch**3)
    return spot_resistance(radius, conductivity) + others / (2.0 * math.pi * conductivity)


def face_spreading(share: np.ndarray) -> np.ndarray:
    """Resistance of the part of a face in contact, times that part's area, over h/kappa; none for a whole face."""
    covered = np.clip(share, 1e-300, 1.0)
    return np.asarray(-4.0 / math.pi * covered * np.log(np.sin(0.5 * math.pi * covered)))


Impedance = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Z11, Z12, Z22 [ohm m^2] of a slab; 1 is the face at the contact."""


def layer_impedance(k: np.ndarray, thickness: float, conductivity: float) -> Impedance:
    """Impedances of one layer [m], [S/m] for waves of number k > 0 [1/m]."""
    depth = k * thickness
    fading = np.exp(-np.minimum(depth, OPAQUE))
    own = (1.0 + fading**2) / -np.expm1(-2.0 * np.minimum(depth, OPAQUE)) / (conductivity * k)
    across = 2.0 * fading / -np.expm1(-2.0 * np.minimum(depth, OPAQUE)) / (conductivity * k)
    return own, np.where(depth < OPAQUE, across, 0.0), own


def stacked(upper: Impedance, lower: Impedance) -> Impedance:
    """Impedances of two slabs on one another, `upper` at the contact."""
    middle = upper[2] + lower[0]
    return (
        upper[0] - upper[1] ** 2 / middle,
        upper[1] * lower[1] / middle,
        lower[2] - lower[1] ** 2 / middle,
    )


def slab_impedance(k: np.ndarray, layers: Sequence[tuple[float, float]]) -> Impedance:
    """Impedances of layers (thickness [m], conductivity [S/m]), the first at the contact, for waves of number k > 0."""
    whole = layer_impedance(k, *layers[0])
    for layer in layers[1:]:
        whole = stacked(whole, layer_impedance(k, *layer))
    return whole


def series_resistance(layers: Sequence[tuple[float, float]]) -> float:
    """Areal resistance [ohm m^2] of the layers for a uniform current."""
    return sum(thickness / conductivity for thickness, conductivity in layers)
