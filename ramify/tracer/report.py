"""What a fit says: numbers for `tracer.json`, lines for the terminal, warnings, the figure."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ramify.tracer.fit import CONFIDENCE, Estimate, Fit
from ramify.tracer.problem import LINEAR, UNITS

RESULT, FIGURE = "tracer.json", "tracer.png"
PER_CM2 = 1e4
"""cm^2 per m^2."""
SUSPICIOUS = 0.01
"""Probability of a pattern by chance below which it is reported."""
FEWEST_FOR_PATTERN = 12


def runs_deviation(residuals: np.ndarray) -> float:
    """Standard deviations by which the residuals change sign less often than chance would have it.

    A. Wald, J. Wolfowitz, Ann. Math. Stat. 11 (1940) 147; negative where they change sign more often.
    """
    signs = residuals > 0.0
    up, down = float(np.sum(signs)), float(np.sum(~signs))
    n = up + down
    if up == 0.0 or down == 0.0:
        return math.sqrt(n)
    runs = 1.0 + float(np.sum(signs[1:] != signs[:-1]))
    expected = 1.0 + 2.0 * up * down / n
    variance = (expected - 1.0) * (expected - 2.0) / (n - 1.0)
    return (expected - runs) / math.sqrt(variance) if variance > 0.0 else 0.0


def warnings(fit: Fit) -> list[str]:
    """What a reader of the result has to know."""
    from scipy.stats import chi2, norm

    told = []
    task, n = fit.task, fit.residuals.size
    pattern = runs_deviation(fit.residuals)
    if n >= FEWEST_FOR_PATTERN and norm.sf(pattern) < SUSPICIOUS:
        told.append(
            f"the residuals form a pattern ({pattern:.1f} standard deviations fewer changes of sign than by chance): "
            "the model does not describe the profile, and the interval is too narrow"
        )
    if task.absolute and chi2.sf(fit.chi_square, fit.degrees) < SUSPICIOUS:
        told.append(
            f"chi-square is {fit.chi_square:.4g} for {fit.degrees} degrees of freedom: the scatter is larger than the "
            "uncertainties given; intervals are widened accordingly"
        )
    film, time = fit.estimates["film"].value, task.experiment.equivalent_time
    if task.experiment.kind == "gaussian" and math.isfinite(film):
        excess = film**2 / (6.0 * time)
        D = fit.diffusivity.value
        if excess > 0.02 * D:
            told.append(
                f"the thin-film formula reads a film of {film * 1e6:.3g} um as diffusion: about {100 * excess / D:.2g} "
                "% of D when depths count from the surface; model film does not"
            )
    if fit.estimates["amplitude"].fitted and task.profile.unit == "1" and fit.estimates["amplitude"].low > 1.0:
        told.append("the amplitude is above one, more than a fraction can be: check film thickness and background")
    return told


def numbers(fit: Fit) -> dict[str, Any]:
    """The content of `tracer.json`, units in the keys."""
    task, experiment = fit.task, fit.task.experiment
    D = fit.diffusivity
    estimates = {}
    for name, estimate in fit.estimates.items():
        estimates[f"{name}{_suffix(name, task.profile.unit)}"] = {
            "value": estimate.value,
            "low": estimate.low,
            "high": estimate.high,
            "fitted": estimate.fitted,
        }
    return {
        "model": experiment.kind,
        "confidence": CONFIDENCE,
        "diffusivity_m2_per_s": D.value,
        "diffusivity_cm2_per_s": PER_CM2 * D.value,
        "diffusivity_interval_m2_per_s": [D.low, D.high],
        "diffusivity_interval_cm2_per_s": [PER_CM2 * D.low, PER_CM2 * D.high],
        "parameters": estimates,
        "temperature_K": experiment.temperature,
        "time_s": experiment.time,
        "equivalent_time_s": experiment.equivalent_time,
        "deposition_time_s": experiment.deposition_time,
        "film_diffusivity_m2_per_s": experiment.film_diffusivity,
        "substrate_thickness_m": experiment.substrate,
        "depth_origin": "interface" if task.from_interface else "surface",
        "noise": "uncertainty column" if task.profile.uncertainty is not None else task.noise,
        "points": int(fit.residuals.size),
        "degrees_of_freedom": fit.degrees,
        "chi_square": fit.chi_square if task.absolute else None,
        "noise_scale": float(np.median(fit.deviation)),
        "runs_deviation": runs_deviation(fit.residuals),
        "warnings": warnings(fit),
        "profile": {
            "depth_m": task.profile.depth,
            "measured": task.profile.value,
            "fitted": fit.model,
            "residual": fit.residuals,
        },
    }


def _suffix(name: str, unit: str) -> str:
    """The unit of a parameter as the end of a key."""
    if name in LINEAR:
        return "" if unit == "1" else f"_{unit}".replace("/", "_per_").replace("^", "").replace(".", "")
    return {"m^2/s": "_m2_per_s", "m": "_m", "m/s": "_m_per_s"}[UNITS[name]]


def lines(fit: Fit) -> list[str]:
    """The result for a terminal."""
    D, task = fit.diffusivity, fit.task
    told = [
        f"D = {D.value:.4g} m^2/s   (95 %: {D.low:.4g} to {D.high:.4g})",
        f"  = {PER_CM2 * D.value:.4g} cm^2/s  (95 %: {PER_CM2 * D.low:.4g} to {PER_CM2 * D.high:.4g})",
    ]
    for name, estimate in fit.estimates.items():
        if name != "diffusivity" and estimate.fitted:
            told.append(f"{name} = {_shown(estimate, UNITS.get(name, task.profile.unit))}")
    if task.absolute:
        told.append(f"chi-square {fit.chi_square:.4g} for {fit.degrees} degrees of freedom")
    else:
        told.append(f"scatter {float(np.median(fit.deviation)):.3g}, {fit.degrees} degrees of freedom")
    return [*told, *(f"warning: {warning}" for warning in warnings(fit))]


def _shown(estimate: Estimate, unit: str) -> str:
    unit = "" if unit == "1" else f" {unit}"
    if estimate.low == 0.0:
        return f"{estimate.value:.4g}{unit} (95 %: below {estimate.high:.4g})"
    if math.isinf(estimate.high):
        return f"{estimate.value:.4g}{unit} (95 %: above {estimate.low:.4g}; larger ones cannot be told apart)"
    return f"{estimate.value:.4g}{unit} (95 %: {estimate.low:.4g} to {estimate.high:.4g})"


def write(fit: Fit, folder: Path) -> list[Path]:
    """Result file and figure in a folder, made if it is not there; their paths."""
    from ramify.results.summary import plain, write_atomically

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(plain(numbers(fit)), indent=2, allow_nan=False) + "\n"
    write_atomically(folder / RESULT, text.encode())
    draw(fit, folder / FIGURE)
    return [folder / RESULT, folder / FIGURE]


def draw(fit: Fit, path: Path) -> None:
    """Data with the fit above, residuals below."""
    from matplotlib.figure import Figure

    from ramify.results.figures.style import INK, LINES, house_style

    profile, D = fit.task.profile, fit.diffusivity
    depth = 1e6 * profile.depth
    unit = "" if profile.unit == "1" else f" ({profile.unit})"
    with house_style():
        figure = Figure(figsize=(5.2, 4.4), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        above.errorbar(depth, profile.value, fit.deviation, fmt="o", ms=3.0, lw=0.7, color=INK, label="measured")
        above.plot(depth, fit.model, color=LINES[0], lw=1.5, label=f"model {fit.task.experiment.kind}")
        low, high = (PER_CM2 * end for end in (D.low, D.high))
        above.set_title(f"D = {PER_CM2 * D.value:.3g} cm$^2$/s (95 %: {low:.3g} to {high:.3g})")
        above.set_ylabel(f"{profile.name.capitalize()}{unit}")
        above.legend()
        below.axhline(0.0, color=LINES[0], lw=0.8)
        below.plot(depth, fit.residuals, "o", ms=3.0, color=INK)
        below.set_ylabel("Residual\n(standard deviations)")
        origin = "original interface" if fit.task.from_interface else "surface"
        below.set_xlabel(f"Depth from the {origin} (um)")
        figure.savefig(path)
