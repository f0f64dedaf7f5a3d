"""E1: isotope tracer experiments on lithium and lithium-magnesium, simulated and fitted back.

A film of 5 um, profiles 60 min after the start of deposition. That the deposition takes 10 min and that values scatter
by 1 % of the pure film are assumptions of this case; the publication gives neither here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ramify.physics import diffusion
from ramify.tracer.fit import Fit, fit
from ramify.tracer.model import Experiment, History, Kind
from ramify.tracer.problem import Task, with_data
from ramify.tracer.profile import DepthProfile
from ramify.tracer.report import runs_deviation
from ramify.tracer.solver import Couple, Resolution, solve
from ramify.validate import Case, Check, check, check_at_least, check_at_most, check_relative
from ramify.validation.figures import Curve, save_curves
from ramify.validation.references import tracer

NAME = "e1-tracer"
SOURCE = "Siniscalchi et al., ACS Energy Lett. 7 (2022) 3593 (validation/references/tracer_diffusivities.csv)"
FILM, TIME, DEPOSITION = 5e-6, 3600.0, 600.0
"""[m], [s], [s]."""
POINTS, NOISE = 60, 0.01
SEEDS, BARRIER_SEEDS = 100, 30
LITHIUM = 1.6e-14
"""D of lithium [m^2/s]."""
BLOCKED = 6.6e-10
"""Transfer coefficient [m/s] at which a fit that knows of no barrier finds a tenth of D in lithium."""
CM2 = 1e4


def depths(D: float, points: int = POINTS) -> np.ndarray:
    """Depths from 0.02 to 3 diffusion lengths 2 sqrt(Dt) [m]."""
    return np.linspace(0.02, 3.0, points) * 2.0 * math.sqrt(D * TIME)


def task(
    depth: np.ndarray, values: np.ndarray, kind: Kind = "film", free: tuple[str, ...] = ("diffusivity", "amplitude"),
    deposition: float = 0.0, from_interface: bool = False,
) -> Task:  # fmt: skip
    """A fit of a profile, the film's thickness known."""
    known = {"diffusivity": math.nan, "film": FILM, "barrier": math.inf, "roughness": 0.0}
    experiment = Experiment(kind, TIME, deposition)
    profile = DepthProfile(depth, values, None, "fraction", "1")
    return Task(profile, experiment, known | {"amplitude": 1.0, "background": 0.0}, free, from_interface=from_interface)


def half_width(found: Fit) -> float:
    """Of the interval of D, its longer side [m^2/s]."""
    D = found.diffusivity
    return max(D.high - D.value, D.value - D.low)


def fitted_back() -> tuple[list[Check], list[Curve]]:
    """Each material's profile from finite volumes, with noise, fitted with the closed form of a deposited film."""
    checks, curves = [], []
    for seed, material in enumerate(tracer.measured()):
        x, D = depths(material.diffusivity), material.diffusivity
        exact = solve(Couple(FILM, D, TIME, DEPOSITION)).at(x)
        noisy = exact + np.random.default_rng(seed).normal(0.0, NOISE, x.size)
        found = fit(task(x, noisy, deposition=DEPOSITION))
        quantity = f"D fitted back from a noisy profile [cm2/s], {material.name}: within its 95 % interval"
        value = CM2 * found.diffusivity.value
        checks.append(check(NAME, quantity, value, CM2 * D, CM2 * half_width(found), material.source))
        curves.append((material.name, 1e6 * x, noisy, "."))
        curves.append((f"D = {value:.2g} cm2/s", 1e6 * x, found.model, "-"))
    return checks, curves


def lithium_on_alloy() -> Check:
    """A film of lithium, in which the tracer is fast, on the alloy of 10 at.%: fitted by finite volumes."""
    material = tracer.measured()[1]
    x, D = depths(material.diffusivity), material.diffusivity
    exact = solve(Couple(FILM, D, TIME, DEPOSITION, film_diffusivity=LITHIUM), Resolution(120, 320, 200)).at(x)
    noisy = exact + np.random.default_rng(0).normal(0.0, NOISE, x.size)
    plain = task(x, noisy, deposition=DEPOSITION)
    found = fit(replace(plain, experiment=replace(plain.experiment, film_diffusivity=LITHIUM)))
    quantity = f"D fitted back [cm2/s], {material.name} under a film of lithium: within its 95 % interval"
    return check(NAME, quantity, CM2 * found.diffusivity.value, CM2 * D, CM2 * half_width(found), material.source)


def gaussian_bias() -> list[Check]:
    """How far the thin-film formula misses D: against its normal equation, and d^2/6Dt where depths count from the top.

    To leading order a film is a thin source smoothed by its own thickness: a Gaussian at Dt + d^2/6.
    """
    checks = []
    for material in tracer.measured():
        D = material.diffusivity
        x, unit = depths(D), 4.0 * D * TIME
        for place, shift in (("surface", 0.0), ("interface", FILM)):
            y = diffusion.film(x + shift, D, TIME, FILM)
            bias = fit(task(x, y, "gaussian", from_interface=shift > 0.0)).diffusivity.value / D - 1.0
            reference = tracer.gaussian_spread(x, y, 0.05 * unit, 20.0 * unit) / unit - 1.0
            quantity = f"bias of the Gaussian fit at 5 um over D, {material.name}, depth from the {place}"
            checks.append(check(NAME, quantity, bias, reference, 1e-4, "normal equation of the least-squares Gaussian"))
    x, thin = depths(LITHIUM), 0.5e-6
    y = diffusion.film(x, LITHIUM, TIME, thin)
    bias = fit(task(x, y, "gaussian")).diffusivity.value / LITHIUM - 1.0
    leading = thin**2 / (6.0 * LITHIUM * TIME)
    quantity = "bias of the Gaussian fit at 0.5 um over D, Li, depth from the surface"
    return [*checks, check_relative(NAME, quantity, bias, leading, 0.01, "d^2/6Dt (derived)")]


def contaminated() -> list[Check]:
    """An interface barrier: what fits without one make of it, and what the fit with one finds."""
    x, D = depths(LITHIUM), LITHIUM
    seen = diffusion.film_behind_barrier(x, D, TIME, FILM, BLOCKED)
    blind = fit(task(x, seen))
    ratio = blind.diffusivity.value / D
    told = f"apparent over true D, barrier of {BLOCKED:.2g} m/s"
    source = "one order of magnitude at ~1 ppm H2O and O2, " + SOURCE
    checks = [check(NAME, f"{told}, film fitted without barrier", ratio, 0.1, 0.01, source)]
    checks.append(
        check_at_least(NAME, f"{told}: pattern of the residuals [standard deviations]",
                       runs_deviation(blind.residuals), 2.33, "Wald-Wolfowitz test at 1 %")
    )  # fmt: skip
    # Below a closed barrier the profile has the shape of constant influx, ierfc, whatever h.
    closed = diffusion.film_behind_barrier(FILM + x, D, TIME, FILM, 1e-3 * BLOCKED)
    closed /= closed[0]
    u, unit = x / (2.0 * math.sqrt(D * TIME)), 4.0 * D * TIME
    influx = np.exp(-(u**2)) / math.sqrt(math.pi) - u * diffusion.erfc(u)
    least = fit(task(x, closed, "gaussian", from_interface=True)).diffusivity.value / D
    reference = tracer.gaussian_spread(x, influx, 0.05 * unit, 20.0 * unit) / unit
    quantity = "least apparent over true D of a Gaussian fit below the interface, any barrier"
    checks.append(check_relative(NAME, quantity, least, reference, 2e-3, "Gaussian fit of ierfc (derived)"))
    return [*checks, *barrier_coverage()]


def barrier_coverage() -> list[Check]:
    """Profiles behind the barrier, fitted with it: how often the intervals of D and h hold the truth."""
    x, D = depths(LITHIUM), LITHIUM
    profile = solve(Couple(FILM, D, TIME, transfer=BLOCKED)).at(x)
    blank = task(x, profile, "barrier", ("diffusivity", "barrier", "amplitude"))
    held = {"diffusivity": 0, "barrier": 0}
    for seed in range(BARRIER_SEEDS):
        found = fit(with_data(blank, profile + np.random.default_rng(seed).normal(0.0, NOISE, x.size)))
        for name, truth in (("diffusivity", D), ("barrier", BLOCKED)):
            held[name] += found.estimates[name].low <= truth <= found.estimates[name].high
    return [
        check(NAME, f"95 % intervals of {BARRIER_SEEDS} blocked profiles that hold the true {name}",
              count, 0.95 * BARRIER_SEEDS, 2.5, "binomial: 1.6 % fall outside")
        for name, count in held.items()
    ]  # fmt: skip


def coverage() -> list[Check]:
    """How often the 95 % interval holds the true D, and how wide it is, over fixed seeds."""
    x, D = depths(LITHIUM, 40), LITHIUM
    exact = diffusion.deposited_film(x, D, TIME, FILM, DEPOSITION)
    held, widths, scatters = 0, [], []
    blank = task(x, exact, deposition=DEPOSITION)
    for seed in range(SEEDS):
        found = fit(with_data(blank, exact + np.random.default_rng(seed).normal(0.0, NOISE, x.size)))
        held += found.diffusivity.low <= D <= found.diffusivity.high
        widths.append((found.diffusivity.high - found.diffusivity.low) / D)
        scatters.append(float(found.deviation[0]))
    ahead, behind = (diffusion.deposited_film(x, f * D, TIME, FILM, DEPOSITION) for f in (1.01, 0.99))
    jacobian = np.stack([(ahead - behind) / 0.02, exact], axis=1)
    deviation = float(np.median(scatters)) * math.sqrt(np.linalg.inv(jacobian.T @ jacobian)[0, 0])
    quantity = f"95 % intervals of {SEEDS} seeds that hold the true D"
    checks = [check(NAME, quantity, held, 94.5, 4.5, "binomial")]
    quantity = "median width of the interval over D, 40 points with 1 % noise"
    # 2.024: Student's t at 97.5 % for 38 degrees of freedom
    expected = 2.0 * 2.024 * deviation
    return [
        *checks,
        check_relative(NAME, quantity, float(np.median(widths)), expected, 0.03, "Cramer-Rao, median scatter"),
    ]


def concentration_dependent() -> list[Check]:
    """D(c): a profile that is exactly straight, and a Boltzmann-Matano inversion; films without end."""
    thick, scale = 60e-6, 1e-7
    straight = _thick_couple(lambda c: scale**2 * c * (1.0 - c), thick)
    errors = []
    for n in (1, 2):
        profile = solve(straight, Resolution(400 * n, 400 * n, 100 * n))
        x = profile.depth - thick
        exact = np.clip(0.5 * (1.0 - x / (scale * math.sqrt(TIME))), 0.0, 1.0)
        errors.append(float(np.sum(np.abs(profile.concentration - exact) * profile.width) / (scale * math.sqrt(TIME))))
    checks = [check_at_most(NAME, "D = a^2 c(1 - c): mean error of the straight profile", errors[1], 1e-3,
                            "Boltzmann similarity (derived)")]  # fmt: skip
    rich = math.log(1.6 / 0.14)

    def law(c: np.ndarray) -> np.ndarray:
        return np.asarray(0.14e-14 * np.exp(rich * c))

    fine = Resolution(600, 400, 200)
    profile = solve(_thick_couple(law, 120e-6), fine)
    at = np.array([0.2, 0.4, 0.6, 0.8])
    D = tracer.boltzmann_matano(profile.depth, profile.concentration, TIME, at)
    worst = float(np.max(np.abs(D / law(at) - 1.0)))
    source = "D = D(Li-Mg 30 at.%) to D(Li), exponential in c"
    checks.append(
        check_at_most(NAME, "D(c) from a Boltzmann-Matano inversion: largest relative error", worst, 5e-3, source)
    )
    early = solve(replace(_thick_couple(law, 120e-6), time=TIME / 4.0), fine)
    stretched = early.at(120e-6 + 0.5 * (profile.depth - 120e-6))
    worst = float(np.max(np.abs(stretched - profile.concentration)))
    checks.append(
        check_at_most(NAME, "D(c): profiles at t/4 and t over x/sqrt(t), largest difference", worst, 2e-3, source)
    )
    return checks


def _thick_couple(law: Callable[[np.ndarray], np.ndarray], thickness: float) -> Couple:
    return Couple(thickness, law, TIME)


def discretisation() -> list[Check]:
    """Orders in space and time, tracer balance, and a temperature history against its equivalent time."""
    D, exact = LITHIUM, "diffusion.deposited_film"
    deposited = Couple(FILM, D, TIME, DEPOSITION)
    spatial = []
    for n in (1, 2, 4):
        profile = solve(deposited, Resolution(10 * n, 25 * n, 600))
        closed = diffusion.deposited_film(profile.depth, D, TIME, FILM, DEPOSITION)
        spatial.append(float(np.max(np.abs(profile.concentration - closed))))
    runs = [solve(deposited, Resolution(60, 160, 50 * n)) for n in (1, 2, 4)]
    steps = [float(np.max(np.abs(a.concentration - b.concentration))) for a, b in itertools.pairwise(runs)]
    checks = [
        check_at_least(NAME, "order in space, deposited film", math.log2(spatial[1] / spatial[2]), 1.9, exact),
        check_at_least(NAME, "order in time, deposited film", math.log2(steps[0] / steps[1]), 1.9, "refinement"),
        check_at_most(NAME, "largest error of the finite volumes over C0", spatial[2], 2e-4, exact),
    ]
    hard = replace(deposited, diffusivity=lambda c: D * np.exp(-2.0 * c), transfer=1e-9, substrate=40e-6)
    worst = max(abs(solve(couple).imbalance) for couple in (deposited, hard))
    checks.append(check_at_most(NAME, "tracer present over deposited, minus one", worst, 1e-12, "identity"))
    history = History(np.array([0.0, 1200.0, 2400.0, 3600.0]), np.array([298.0, 298.0, 333.0, 303.0]), 5e4, 298.15)
    x = depths(D)
    heated = replace(Couple(FILM, D, TIME), factor=history.factor, kinks=(1200.0, 2400.0))
    closed = diffusion.film(x, D, history.equivalent_time(TIME), FILM)
    error = float(np.max(np.abs(solve(heated).at(x) - closed)))
    checks.append(check_at_most(NAME, "temperature history: largest error over C0", error, 5e-4, "film at t*"))
    return checks


def run(folder: Path | None) -> list[Check]:
    """All of it; the figure shows the four materials."""
    checks, curves = fitted_back()
    save_curves(folder, NAME, curves, ("depth from the surface [um]", "tracer fraction"))
    checks.append(lithium_on_alloy())
    return [*checks, *gaussian_bias(), *contaminated(), *coverage(), *concentration_dependent(), *discretisation()]


CASE = Case(NAME, "Tracer diffusion in lithium and lithium-magnesium", "10 s", True, SOURCE, run)
