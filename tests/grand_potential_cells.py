"""Small grand-potential problems that the tests share: the published lithium on grids that resolve its front."""

from dataclasses import replace
from typing import Any

import numpy as np

from ramify.phasefield.grand_potential.problem import (
    Electrode,
    Electrolyte,
    GrandPotentialProblem,
    Numerics,
    PhaseInterface,
    Reaction,
    Side,
    Start,
)
from ramify.phasefield.problem import Domain

UM = 1e-6
WIDTH = 0.25 * UM


def flat(height: float) -> Any:
    return lambda x, y, z: z - height + 0.0 * (x + y)


def wavy(height: float, amplitude: float, wavelength: float) -> Any:
    return lambda x, y, z: z - height - amplitude * np.cos(2.0 * np.pi * x / wavelength) + 0.0 * y


def lithium(cells: tuple[int, int, int], size: tuple[float, float, float], **changes: Any) -> GrandPotentialProblem:
    """Lengths in um; a lateral axis of one cell is a metre long. `changes` replace fields of the problem."""
    lengths = tuple(s * UM if n > 1 or axis == 2 else 1.0 for axis, (s, n) in enumerate(zip(size, cells, strict=True)))
    problem = GrandPotentialProblem(
        domain=Domain((lengths[0], lengths[1], lengths[2]), cells),
        interface=PhaseInterface(0.3 * UM**2, 2.4, 6.25),
        reaction=Reaction(0.001, 38.69),
        electrolyte=Electrolyte(317.9 * UM**2, 1.19, 2.631, 1.0 / 14.89, 14890.0),
        electrode=Electrode(1e6, -13.8, 5.5, 7.4e9),
        start=Start(flat(2.0 * UM), WIDTH),
        collector=Side(1.0),
        counter=Side(0.0, 0.0, 0.0),
        numerics=Numerics(),
    )
    return replace(problem, **changes)
