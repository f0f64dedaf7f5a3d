"""A slightly rough front is compact until Sand's time and ramifies at it: the shipped scenarios, 2-D and 3-D.

The exact depletion time is that of a flat front, from the front-fixing solver. The linearised problem of
references/stability.py gives what a low ripple does before it, exp(int w dt), and the most that roughness can grow, as
its fastest mode (the fronts are too steep for every mode to grow on its own). It also gives when a front begins to grow
at half of the diffusion-limited rate v k (ramify/run/marks.py), and the cut-off wavelength at the salt that the surface
has. Its front is at rest; moments are compared as shares of the depletion time. Halving width and grid shows that
neither onset nor tip depend on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from ramify.build import build_problem
from ramify.phasefield.engine import Control, StepReport
from ramify.phasefield.problem import PlatingProblem
from ramify.physics import cell
from ramify.physics.constants import FARADAY
from ramify.run.marks import RAMIFIED, Marks
from ramify.scenario import load_scenario
from ramify.validate import Case, Check, check_at_least, check_at_most, check_relative
from ramify.validation import cells
from ramify.validation.figures import save_curves
from ramify.validation.references.front_fixing import FrontFixingCell, galvanostatic
from ramify.validation.references.stability import StabilityCell

NAME = "sand-ramification"
EXACT = "front-fixing finite volumes (validation/references/front_fixing.py)"
LINEAR = "linearised problem on the transient salt profile (validation/references/stability.py)"
COMPACT, RAMIFYING, END = 0.9, (1.1, 1.3), 1.35
"""Shares of the depletion time: compact until, tips watched between, end of the runs."""
ONSET_TOLERANCE, WIDTH_ONSET, WIDTH_TIP = 0.10, 0.03, 0.05
RIPPLE_TOLERANCE = 0.05
RIPPLE = (
    "domain.size=[80 nm, 1.0496 um]",
    "domain.cells=[50, 656]",
    "film.roughness={amplitude: 1 nm, wavelength: 80 nm}",
)
"""What makes the front of the 2-D scenario a single low ripple."""
FEWEST_CELLS = 4.0
"""Of the cut-off wavelength."""


@dataclass(frozen=True)
class Growth:
    """One run through depletion: columns over time, and the exact depletion time."""

    problem: PlatingProblem
    current: float
    depletion: float
    """[s]."""
    onset: float
    """Of the roughness [s]."""
    gap: float
    """Electrolyte above the mean front at the start [m]."""
    modes: tuple[np.ndarray, np.ndarray]
    """Wavenumbers [1/m] of the initial front and the squares of their amplitudes [m^2]."""
    columns: dict[str, np.ndarray]

    def at(self, share: float, name: str) -> float:
        """A column at a share of the depletion time."""
        return float(np.interp(share * self.depletion, self.columns["time"], self.columns[name]))

    @property
    def edge(self) -> float:
        """Cell edge [m]."""
        return self.problem.domain.spacing[2]

    def tip_velocity(self, start: float, end: float) -> tuple[float, float]:
        """Mean velocity of the tip [m/s] between two shares of the depletion time, and its ratio to the front's."""
        tip, mean = (self.at(end, name) - self.at(start, name) for name in ("tip_height", "mean_height"))
        return tip / ((end - start) * self.depletion), tip / mean

    @property
    def tip_onset(self) -> float:
        """When the tip's lead grows at half the diffusion-limited rate [s]; steps of one cell of the mean front."""
        c = self.columns
        mean = np.arange(c["mean_height"][0], c["mean_height"][-1], self.edge)
        tip, time, wave = (
            np.interp(mean, c["mean_height"], c[n]) for n in ("tip_height", "time", "roughness_wavelength")
        )
        growth = (tip[2:] - tip[:-2]) / (2.0 * self.edge) - 1.0
        share = growth / (tip - mean)[1:-1] * wave[1:-1] / (2.0 * np.pi)
        above = int(np.argmax(share >= RAMIFIED))
        return (
            float(np.interp(RAMIFIED, share[above - 1 : above + 1], time[above : above + 2])) if above else float("nan")
        )


def grow(name: str, overrides: Sequence[str] = ()) -> Growth:
    """Run a shipped scenario to a third beyond depletion, as it is or with other values (`KEY=VALUE`)."""
    scenario = load_scenario(name, overrides)
    problem, step = build_problem(scenario), scenario.protocol[0]
    current, limit = float(step.current_density), float(step.limit)
    engine, marks = cells.make_engine(problem), Marks()
    heights = cells.field(engine, "xi").sum(axis=0) * problem.domain.spacing[2]
    gap = problem.domain.size[2] - float(heights.mean())
    depletion = exact_depletion(problem, gap, current)
    rows: list[dict[str, float]] = []

    def observe(report: StepReport) -> None:
        marks.note(report, 0.0, 0.0)
        rows.append({"time": report.time, "salt": report.surface_concentration, **report.measures})

    engine.set_control(Control("current", current, limit))
    for _ in cells.run_through(engine, [END * depletion], observe):
        pass
    columns = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    onset = float("nan") if marks.ramified_time is None else marks.ramified_time
    return Growth(problem, current, depletion, onset, gap, spectrum(heights, problem), columns)


def exact_depletion(problem: PlatingProblem, gap: float, current: float) -> float:
    """Depletion time [s] of a flat front that moves."""
    model = FrontFixingCell(
        electrolyte=problem.electrolyte,
        concentration=problem.initial_concentration,
        length=gap,
        molar_volume=problem.metal.molar_volume,
        exchange_current_density=problem.kinetics.exchange_current_density,
        reference_concentration=problem.kinetics.reference_concentration,
        reservoir=True,
    )
    unit = gap**2 / float(problem.electrolyte.diffusivity(problem.initial_concentration))
    return galvanostatic(model, current, np.array([4.0 * unit])).depletion_time


def spectrum(heights: np.ndarray, problem: PlatingProblem) -> tuple[np.ndarray, np.ndarray]:
    """Wavenumbers [1/m] and squared amplitudes [m^2] of the strong modes of periodic heights (y, x)."""
    power = np.abs(np.fft.fft2(heights) / heights.size) ** 2
    hx, hy, _ = problem.domain.spacing
    ky, kx = (2.0 * np.pi * np.fft.fftfreq(n, h) for n, h in zip(heights.shape, (hy, hx), strict=True))
    k = np.hypot(ky[:, None], kx[None, :])
    strong = (k > 0.0) & (power > 1e-2 * power[k > 0.0].max())
    return k[strong], power[strong]


class Theory:
    """What linear stability says of a run; times as shares of the depletion time."""

    def __init__(self, run: Growth) -> None:
        problem, c0 = run.problem, run.problem.initial_concentration
        self.run, self.salt = run, c0
        D, t_plus = float(problem.electrolyte.diffusivity(c0)), float(problem.electrolyte.transference(c0))
        # A reservoir at L makes the near half of a closed cell of 2 L.
        self.cell = StabilityCell(
            diffusivity=D,
            transference=t_plus,
            concentration=c0,
            length=2.0 * run.gap,
            current=run.current,
            exchange_current=problem.kinetics.exchange_current_density,
            surface_energy=problem.metal.surface_energy,
            molar_volume=problem.metal.molar_volume,
            temperature=problem.electrolyte.temperature,
        )
        self.unit = self.cell.length**2 / D
        self.depletion = cell.depletion_time(self.cell.overdrive) * self.unit
        self.velocity = problem.metal.molar_volume * run.current / FARADAY

    def share(self, k: float, moment: float) -> float:
        """Growth rate over v k."""
        return self.cell.growth_rate(k, moment * self.depletion) / (self.velocity * k)

    def onset(self, k: float) -> float:
        """When a front of that wavenumber grows at half of v k."""
        return float(brentq(lambda moment: self.share(k, moment) - RAMIFIED, 0.3, 0.999, xtol=1e-4))

    def moment_of(self, salt: float) -> float:
        """When the surface has that much salt [mol/m^3]."""

        def excess(moment: float) -> float:
            time = moment * self.depletion / self.unit
            return float(cell.cathode_concentration(time, self.cell.overdrive)) - salt / self.salt

        return float(brentq(excess, 1e-3, 1.0, xtol=1e-6))

    def cut_off(self, salt: float) -> float:
        """Wavelength [m] that neither grows nor decays where the surface has that much salt."""
        moment, edge = self.moment_of(salt), self.run.edge
        k = brentq(lambda k: self.share(k, moment), 2.0 * np.pi / (200.0 * edge), 2.0 * np.pi / (1.5 * edge), rtol=1e-3)
        return 2.0 * np.pi / float(k)

    def factors(self, moment: float) -> np.ndarray:
        """What the amplitude of every mode of the initial front is multiplied by until then."""
        waves, _ = self.run.modes
        times = (np.arange(24) + 0.5) * moment / 24
        kinds, where = np.unique(np.round(waves, 3), return_inverse=True)
        # The moving front reaches depletion later and meets the same profiles in proportion.
        rates = [sum(self.cell.growth_rate(k, t * self.depletion) for t in times) / times.size for k in kinds]
        return np.asarray(np.exp(np.array(rates)[where] * moment * self.run.depletion))


def follow(run: Growth, words: str) -> list[Check]:
    """Compact before depletion, ramified after it, at the time and on a grid that linear theory gives."""
    theory, k = Theory(run), 2.0 * np.pi / run.at(run.onset / run.depletion, "roughness_wavelength")
    ratio, largest = run.at(COMPACT, "roughness") / run.columns["roughness"][0], theory.factors(COMPACT).max()
    _, early = run.tip_velocity(0.3, 0.6)
    _, late = run.tip_velocity(*RAMIFYING)
    onset = run.onset / run.depletion
    checks = [
        check_relative(NAME, f"onset over depletion time, {words}", onset, 1.0, ONSET_TOLERANCE, EXACT),
        check_relative(
            NAME,
            f"onset of the tip over depletion time, {words}",
            run.tip_onset / run.depletion,
            1.0,
            ONSET_TOLERANCE,
            EXACT,
        ),
        check_relative(NAME, f"onset over depletion time, {words}, linear", onset, theory.onset(k), 0.05, LINEAR),
        check_at_most(NAME, f"roughness at {COMPACT} of depletion over initial, {words}", ratio, largest, LINEAR),
        check_at_most(NAME, f"tip over mean velocity - 1, 0.3 to 0.6 of depletion, {words}", early - 1.0, 0.05, LINEAR),
        check_at_least(NAME, f"tip over mean velocity, 1.1 to 1.3 of depletion, {words}", late, 1.25, LINEAR),
    ]
    for moment, told in ((onset, "the onset"), (1.0, "depletion")):
        wide = theory.cut_off(run.at(moment, "salt")) / run.edge
        checks.append(
            check_at_least(NAME, f"cut-off wavelength in cells at {told}, {words}", wide, FEWEST_CELLS, LINEAR)
        )
    return checks


def ripple() -> Check:
    """A single low ripple in the cell of the 2-D scenario, on a grid twice as fine, as linear theory has it."""
    run = grow("sand_ramification_2d", RIPPLE)
    found, exact = run.at(COMPACT, "roughness") / run.columns["roughness"][0], Theory(run).factors(COMPACT).max()
    quantity = f"ripple of 80 nm at {COMPACT} of depletion over initial"
    return check_relative(NAME, quantity, found, float(exact), RIPPLE_TOLERANCE, LINEAR)


def run(folder: Path | None) -> list[Check]:
    """The 2-D scenario on its grid and on one twice as fine, then the 3-D one."""
    flat = grow("sand_ramification_2d")
    nx, _, nz = flat.problem.domain.cells
    fine = grow("sand_ramification_2d", [f"domain.cells=[{2 * nx}, {2 * nz}]"])
    space = grow("sand_ramification_3d")
    checks = [*follow(flat, "2-D"), *follow(space, "3-D"), ripple()]
    same = "the same on a grid and with a width twice as fine"
    checks.append(check_relative(NAME, "onset [s], 2-D, width halved", flat.onset, fine.onset, WIDTH_ONSET, same))
    tips = [one.tip_velocity(*RAMIFYING)[0] for one in (flat, fine)]
    checks.append(check_relative(NAME, "tip velocity [m/s], 2-D, width halved", tips[0], tips[1], WIDTH_TIP, same))
    curves = [
        (words, one.columns["time"] / one.depletion, one.columns["roughness"] * 1e9, style)
        for words, one, style in (("2-D", flat, "-"), ("2-D, half the width", fine, "--"), ("3-D", space, "-"))
    ]
    save_curves(folder, NAME, curves, ("time over exact depletion time", "roughness [nm]"))
    return checks


CASE = Case(NAME, "Compact until Sand's time, ramified after it", "6 min", False, f"{EXACT}; {LINEAR}", run)
