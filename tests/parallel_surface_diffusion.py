"""A drop of metal on a wall that diffuses along its surface, on however many ranks; prints JSON on rank 0.

mpiexec -n N python parallel_surface_diffusion.py
"""

from __future__ import annotations

import json

import numpy as np
from surface_cells import Surface


def main() -> None:
    def drop(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.sqrt((x - 12.0) ** 2 + 0.0 * y + (1.4 * (z - 14.0)) ** 2) - 8.0

    surface = Surface((24, 1, 32), drop)
    before = surface.metal()
    surface.run(400.0, 4)
    numbers = {
        "gained": surface.metal() / before - 1.0,
        "height": surface.moment(lambda x, y, z: (z - 14.0) ** 2 + 0.0 * (x + y)),
        "aside": surface.moment(lambda x, y, z: (x - 12.0) ** 2 + 0.0 * (y + z)),
        "part": surface.diffusion.longest,
    }
    if surface.grid.comm.rank == 0:
        print(json.dumps(numbers))


if __name__ == "__main__":
    main()
