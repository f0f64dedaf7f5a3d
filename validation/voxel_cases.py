"""Small mechanical cases with closed solutions, for the validation and the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ramify.phasefield.grid import OWNED, Grid
from ramify.phasefield.kernels import voxels
from ramify.phasefield.mechanics.problem import MechanicsNumerics, Phases, Supports
from ramify.phasefield.mechanics.solver import VoxelSolver
from ramify.phasefield.problem import Domain
from ramify.physics.elasticity import Elasticity
from ramify.physics.interface import equilibrium_profile, interface_weight
from ramify.physics.viscoplasticity import elastic, power_law_creep
from ramify.validation.references.pressed_bump import traction_per_amplitude

MICRON = 1e-6
LITHIUM = Elasticity(7.81e9, 0.38)
FINE = MechanicsNumerics(tolerance=1e-8)


def lame(solid: Elasticity) -> tuple[float, float]:
    """Lambda and mu [Pa]."""
    return solid.bulk_modulus - 2.0 / 3.0 * solid.shear_modulus, solid.shear_modulus


@dataclass
class Disc:
    """A disc of radius 0.5 um in a quarter square of 1 um, plane strain, the exact displacement at the far edges.

    u = alpha r + beta/r outside; the core has its own moduli and an eigenstrain e*, the same along x, y, z.
    """

    shell: Elasticity
    core: Elasticity
    eigenstrain: float
    alpha: float
    edge: float = MICRON
    radius: float = 0.5 * MICRON

    def __post_init__(self) -> None:
        (l1, m1), (l2, m2) = lame(self.shell), lame(self.core)
        pull = 3.0 * self.core.bulk_modulus * self.eigenstrain
        self.inner = (2.0 * (l1 + m1) * self.alpha + 2.0 * m1 * self.alpha + pull) / (2.0 * (l2 + m2) + 2.0 * m1)
        """Strain in the plane of the core."""
        self.stress = 2.0 * (l2 + m2) * self.inner - pull
        """Radial stress in the core [Pa]."""
        self.scale = abs(2.0 * (l1 + m1) * self.alpha) + abs(self.stress)

    def solve(self, n: int, width: float = 1.0) -> dict[str, float]:
        """Relative errors of displacement (L2), core's stress and surface's traction; `width` in cells."""
        L = self.edge
        grid = Grid(Domain((L, 1.0, L), (n, 1, n)))
        l = width * L / n

        def far(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
            return (x > L * (1.0 - 1e-9)) | (z > L * (1.0 - 1e-9)) | (y > 1e9)

        supports = Supports("symmetric", "sliding", "loaded")
        solver = VoxelSolver(grid, Phases(elastic(self.core), self.shell), supports, l, FINE, far)
        x, y, z = solver.nodes()
        r = np.maximum(np.hypot(x, z) + 0.0 * y, 1e-12)
        ratio = np.where(r < self.radius, self.inner, self.alpha + self.radius**2 * (self.inner - self.alpha) / r**2)
        exact = np.stack(np.broadcast_arrays(ratio * x, 0.0 * ratio, ratio * z), axis=-1) / solver.finest
        solver.displacement[:] = np.where(far(x, y, z)[..., None], exact, 0.0)
        x, y, z = grid.centres()
        xi = grid.zeros()
        xi[:] = equilibrium_profile(np.hypot(x, z) + 0.0 * y - self.radius, l)
        grid.fill_outer_ghosts(xi)
        solver.set_cells(xi)
        solver.inelastic[..., :3] = self.eigenstrain
        effort = solver.advance(0.0)
        here = solver.box.owned
        gap, weight = solver.displacement[here] - exact[here], interface_weight(xi[OWNED])
        sums = grid.sums(
            np.array([(gap**2).sum(), (exact[here] ** 2).sum(), (weight * solver.traction[OWNED]).sum(), weight.sum()])
        )
        core = solver.stress[1, 1, 1, 0] if solver.box.start == (0, 0, 0) else -1e30
        return {
            "displacement": float(np.sqrt(sums[0] / sums[1])),
            "core": (grid.max(float(core)) - self.stress) / self.scale,
            "traction": (sums[2] / sums[3] + self.stress) / self.scale,
            "iterations": effort.krylov_iterations,
        }


ESHELBY_CYLINDER = Disc(LITHIUM, LITHIUM, 0.01, 0.0)
SOFT_CORE = Disc(LITHIUM, Elasticity(0.02 * 7.81e9, 0.3), 0.0, 1e-3)


def eshelby_sphere(n: int) -> float:
    """Relative error of the stress in a sphere with a dilatational eigenstrain, against -2 E e*/[3 (1 - nu)]."""
    L, a, e = MICRON, 0.5 * MICRON, 0.01
    grid = Grid(Domain((L, L, L), (n, n, n)))
    K, G = LITHIUM.bulk_modulus, LITHIUM.shear_modulus
    inner = 3.0 * K * e / (3.0 * K + 4.0 * G)

    def far(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return (x > L * (1.0 - 1e-9)) | (y > L * (1.0 - 1e-9)) | (z > L * (1.0 - 1e-9))

    solver = VoxelSolver(
        grid, Phases(elastic(LITHIUM), LITHIUM), Supports("symmetric", "sliding"), L / n, FINE, prescribed=far
    )
    x, y, z = solver.nodes()
    r = np.maximum(np.sqrt(x**2 + y**2 + z**2), 1e-12)
    outside = inner * a**3 / r**3
    exact = np.stack(np.broadcast_arrays(outside * x, outside * y, outside * z), axis=-1) / solver.finest
    solver.displacement[:] = np.where(far(x, y, z)[..., None], exact, 0.0)
    x, y, z = grid.centres()
    xi = grid.zeros()
    xi[:] = equilibrium_profile(np.sqrt(x**2 + y**2 + z**2) - a, L / n)
    grid.fill_outer_ghosts(xi)
    solver.set_cells(xi)
    solver.inelastic[..., :3] = e
    solver.advance(0.0)
    return (
        float(solver.stress[1, 1, 1, 0] / (-2.0 * LITHIUM.youngs_modulus * e / (3.0 * (1.0 - LITHIUM.poissons_ratio))))
        - 1.0
    )


def cantilever(n: int) -> float:
    """Relative error of the tip's deflection of a beam ten times as long as high, n cells high, nu = 0."""
    H, L, solid = MICRON, 10.0 * MICRON, Elasticity(7.81e9, 0.0)
    grid = Grid(Domain((H, 1.0, L), (n, 1, 10 * n)))
    solver = VoxelSolver(grid, Phases(elastic(solid), solid), Supports("free", "bonded"), 1e-7, FINE)
    xi = grid.zeros()
    xi[:] = 1.0
    solver.set_cells(xi)
    share = np.full(n + 1, 1.0 / n)
    share[[0, -1]] *= 0.5
    force = 1e-6 * solid.youngs_modulus * H
    solver.load[-1, 1, 1:, 0] = force * share / (solver.stiffest * solver.finest)
    solver.advance(0.0)
    exact = 4.0 * force * L**3 / (solid.youngs_modulus * H**3) + 1.2 * force * L / (solid.shear_modulus * H)
    return float(solver.displacement[-1, 1, 1:, 0] @ share) * solver.finest / exact - 1.0


def closing_void(n: int, exponent: float, tolerance: float = 1e-5) -> float:
    """Relative error of the rate at which a void in a creeping ball closes under a pressure on the ball.

    (da/dt)/a = -(A/2) {3 p/(2 n)/[1 - (a/b)^(3/n)]}^n, which for b -> infinity is that of a void in an infinite body.
    """
    L, a, b, p, strain, duration = MICRON, 0.3 * MICRON, 0.8 * MICRON, 1e6, 1e-3, 10.0
    grid = Grid(Domain((L, L, L), (n, n, n)))
    law = power_law_creep(LITHIUM, strain, p, exponent)
    numerics = MechanicsNumerics(tolerance=tolerance, newton_iterations=40, strain_tolerance=1.0)
    solver = VoxelSolver(
        grid, Phases(law, Elasticity(3e-5 * 7.81e9, 0.0), None, "voxels"), Supports("symmetric", "sliding"),
        0.6 * L / n, numerics,
    )  # fmt: skip
    x, y, z = grid.centres()
    r = np.sqrt(x**2 + y**2 + z**2)
    ball, xi = equilibrium_profile(r - b, 0.6 * L / n), grid.zeros()
    xi[:] = ball - equilibrium_profile(r - a, 0.6 * L / n)
    grid.fill_outer_ghosts(xi)
    solver.set_cells(xi)
    pressed, brick = np.zeros_like(solver.stress), solver.brick
    pressed[..., :3] = -p / solver.stiffest * ball[..., None]
    voxels.internal_forces(
        solver.displacement, pressed, 0.0 * solver.multigrid.stabiliser, brick.strain, brick.amplitudes,
        brick.hourglass, brick.volume, solver.box.first, solver.load,
    )  # fmt: skip
    inside = np.broadcast_to(r < 0.5 * (a + b), xi.shape)[OWNED]
    volumes = [0.0]
    for _ in range(2):
        solver.next_step = duration
        solver.advance(duration)
        swelling = (
            solver.strain[..., :3].sum(axis=-1) - solver.stress[..., :3].sum(axis=-1) / 3.0 / LITHIUM.bulk_modulus
        )
        volumes.append(float(swelling[OWNED][inside].sum()) * (L / n) ** 3 / (4.0 / 3.0 * np.pi * a**3 / 8.0))
    # The first step holds the elastic response too.
    rate = (volumes[2] - volumes[1]) / 3.0 / duration
    exact = -strain / p**exponent / 2.0 * (1.5 * p / exponent / (1.0 - (a / b) ** (3.0 / exponent))) ** exponent
    return rate / exact - 1.0


MEDIA = {"separator": Elasticity(0.3e9, 0.3), "solid electrolyte": Elasticity(150e9, 0.26)}
"""What a bump of lithium is pressed against."""


def pressed_bump(n: int, medium: Elasticity) -> float:
    """Relative error of p_1/a on a bump of n cells to half a wavelength, a = 0.02 wavelengths, l = h."""
    wavelength, pressure = 10.0 * MICRON, 1e6
    h, a, k = 0.5 * wavelength / n, 0.02 * wavelength, 2.0 * np.pi / wavelength
    grid = Grid(Domain((0.5 * wavelength, 1.0, 2.0 * wavelength), (n, 1, 4 * n)))
    solver = VoxelSolver(grid, Phases(elastic(LITHIUM), medium), Supports(), h, FINE)
    x, y, z = grid.centres()
    xi = grid.zeros()
    slope = a * k * np.sin(k * x)
    xi[:] = equilibrium_profile((z - wavelength - a * np.cos(k * x)) / np.sqrt(1.0 + slope**2), h) + 0.0 * y
    grid.fill_outer_ghosts(xi)
    solver.set_cells(xi)
    solver.advance(0.0, pressure)
    weight, traction = interface_weight(xi[OWNED]), solver.traction[OWNED]
    along = ((weight * traction).sum(axis=0) / weight.sum(axis=0))[0]
    found = 2.0 * float(np.mean(along * np.cos(k * x[0, 0, 1:-1]))) / a
    return found / traction_per_amplitude(LITHIUM, medium, pressure, wavelength) - 1.0
