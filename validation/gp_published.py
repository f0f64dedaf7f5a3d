"""The published grand-potential model: FiPy, grid and time step on a small domain, and what the interface width does.

The lithium parameters of 2018 on cells that resolve the front, which the published grid does not. The width is changed
at constant front energy, kappa with l and W with 1/l, as one would to afford a coarser grid; the same is done to the
flagship model at a held voltage. In the published model the reaction is a rate of the phase, so that a flat front far
from any limit of transport moves with 6 l L_eta drive: with the width.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control, Engine
from ramify.phasefield.grand_potential import problem as gp
from ramify.phasefield.problem import CounterElectrode, Domain, Interface
from ramify.physics.grand_potential_scales import front_width
from ramify.validate import Case, Check, check, check_at_least, check_at_most
from ramify.validation import cells
from ramify.validation.figures import save_curves

NAME = "gp-published"
SOURCE = "Hong and Viswanathan, ACS Energy Lett. 3 (2018) 1737; each other"
UM = 1e-6
KAPPA, BARRIER = 0.3 * UM**2, 2.4


def lithium(size: tuple[float, float], counts: tuple[int, int], stretch: float = 1.0) -> gp.GrandPotentialProblem:
    """Published lithium in x and z [um], its front `stretch` times as wide at the same energy."""
    lateral = size[0] * UM if counts[0] > 1 else 1.0
    bump = 0.5 * UM if counts[0] > 1 else 0.0
    return gp.GrandPotentialProblem(
        domain=Domain((lateral, 1.0, size[1] * UM), (counts[0], 1, counts[1])),
        interface=gp.PhaseInterface(KAPPA * stretch, BARRIER / stretch, 6.25),
        reaction=gp.Reaction(0.001, 38.69),
        electrolyte=gp.Electrolyte(317.9 * UM**2, 1.19, 2.631, 1.0 / 14.89, 14890.0),
        electrode=gp.Electrode(1e6, -13.8, 5.5, 7.4e9),
        start=gp.Start(
            lambda x, y, z: z - 3.0 * UM - bump * np.cos(np.pi * x / lateral) + 0.0 * y,
            front_width(KAPPA * stretch, BARRIER / stretch),
        ),
        collector=gp.Side(1.0),
        counter=gp.Side(0.0, 0.0, 0.0),
    )


def run_to(problem: gp.GrandPotentialProblem, voltage: float, until: float, engine: str = "petsc") -> Engine:
    """The engine at a time [s]."""
    from ramify.models.grand_potential import make_engine

    solver = make_engine(engine, problem)
    solver.set_control(Control("voltage", voltage))
    for _ in cells.run_through(solver, [until]):
        pass
    return solver


def with_steps(problem: gp.GrandPotentialProblem, step: float, tolerance: float = 1e-8) -> gp.GrandPotentialProblem:
    """The problem with a fixed time step [s]."""
    return replace(problem, numerics=gp.Numerics(fixed_step=step, newton_tolerance=tolerance))


def engines() -> list[Check]:
    """Both discretisations, 1-D, on two grids."""
    found: list[dict[str, float]] = []
    for count in (32, 64):
        problem = with_steps(lithium((1.0, 8.0), (1, count), stretch=2.0), 5e-3, 1e-7)
        one, other = (run_to(problem, -0.3, 0.015, engine) for engine in ("petsc", "fipy"))
        pairs = {name: (cells.field(one, name), cells.field(other, name)) for name in ("xi", "c", "phi")}
        found.append({name: float(np.linalg.norm(a - b) / np.linalg.norm(b)) for name, (a, b) in pairs.items()})
    checks = []
    for name, fine in found[1].items():
        checks.append(check_at_most(NAME, f"FiPy: L2 difference of {name}, relative", fine, 5e-3, SOURCE))
        checks.append(check_at_most(NAME, f"FiPy: {name}, finer over coarser grid", fine / found[0][name], 0.5, SOURCE))
    return checks


def resolution(folder: Path | None) -> list[Check]:
    """A bump in 2-D: tip over cells per width, and the phase over the time step."""
    until, counts = 0.02, (8, 16, 32, 64)
    tips, means = [], []
    for count in counts:
        engine = run_to(with_steps(lithium((2.0, 8.0), (count, 4 * count)), 2e-3), -0.45, until)
        tips.append(engine.measure()["tip_height"] / UM - 3.5)
        blocks = cells.field(engine, "xi").reshape(32, count // 8, 8, count // 8)
        means.append(blocks.mean(axis=(1, 3)))
    steps, fields = (4e-3, 2e-3, 1e-3), []
    for step in steps:
        fields.append(cells.field(run_to(with_steps(lithium((2.0, 8.0), (16, 64)), step), -0.45, until), "xi"))
    errors = [float(np.abs(a - fields[-1]).max()) for a in fields[:-1]]
    labels = ("cells across 2 µm, l = 0.25 µm", "advance of the tip in 20 ms (µm)")
    save_curves(folder, NAME, [("tip", counts, tips, "o-")], labels)
    before, last = (float(np.linalg.norm(means[n] - means[n + 1])) for n in (1, 2))
    return [
        check_at_most(NAME, "tip's advance, l = 4 h to 8 h, relative change", tips[-1] / tips[-2] - 1.0, 0.02, SOURCE),
        check_at_least(NAME, "order of the phase in h, l = 2 h to 8 h", float(np.log2(before / last)), 1.7, SOURCE),
        # A reference at half the second step: errors fall by (4^2 - 1)/(2^2 - 1) = 5 at second order.
        check_at_least(NAME, "order in the time step", float(np.log2(errors[0] / errors[1] - 1.0)), 1.7, SOURCE),
    ]


def front_height(engine: Engine, problem: gp.GrandPotentialProblem) -> float:
    """Thickness of all metal of a 1-D cell [m]."""
    return float(np.sum(cells.field(engine, "xi"))) * problem.domain.spacing[2]


def kinetic_speed(stretch: float) -> float:
    """Velocity of a flat front at -0.1 V, potential and lithium all but uniform [m/s]."""
    problem = lithium((1.0, 8.0), (1, 128), stretch)
    problem = replace(
        problem,
        electrolyte=replace(problem.electrolyte, diffusivity=1e-6),
        electrode=replace(problem.electrode, charge_density=1e3),
        counter=gp.Side(0.0, 0.0, -0.1),
        # In the middle: the tails of a slow front feel the faces otherwise.
        start=replace(problem.start, distance=lambda x, y, z: z - 4.0 * UM + 0.0 * (x + y)),
    )
    engine = run_to(with_steps(problem, 0.1), 0.0, 1.0)
    first = front_height(engine, problem)
    for _ in cells.run_through(engine, [2.0]):
        pass
    return front_height(engine, problem) - first


def published_advance(stretch: float) -> float:
    """Advance of a flat front at -0.45 V in 20 ms [m], fed through 5 um of electrolyte."""
    problem = replace(lithium((1.0, 8.0), (1, 128), stretch), numerics=gp.Numerics())
    return front_height(run_to(problem, -0.45, 0.02), problem) - 3.0 * UM


def flagship_current(stretch: float) -> float:
    """Plating current density of the flagship model at 30 mV [A/m^2], same change of width."""
    problem = cells.planar_problem(
        8e-6, 128, 3e-6, interface=Interface(0.25 * UM * stretch), counter=CounterElectrode("reservoir")
    )
    engine = cells.make_engine(problem)
    engine.set_control(Control("voltage", -0.03))
    return [report.current_density for report in cells.run_through(engine, [1.0])][-1]


def width() -> list[Check]:
    """Rates at twice the width over rates at the published one."""
    kinetic, fed, flagship = (rate(2.0) / rate(1.0) for rate in (kinetic_speed, published_advance, flagship_current))
    return [
        check(NAME, "published model, kinetic velocity at 2 l over l", kinetic, 2.0, 0.05, SOURCE),
        check_at_least(NAME, "published model, advance at -0.45 V at 2 l over l: depends on l", fed, 1.3, SOURCE),
        check_at_most(NAME, "flagship, |current at 2 l over l - 1|", abs(flagship - 1.0), 0.01, SOURCE),
    ]


def run(folder: Path | None) -> list[Check]:
    """All three."""
    return [*engines(), *resolution(folder), *width()]


CASE = Case(NAME, "Published grand-potential model", "1 min", False, SOURCE, run)
