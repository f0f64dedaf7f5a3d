"""Laws through several records: Arrhenius over temperatures, a surface layer over particle sizes.

    ln D = ln D0 - E/(R T)            weighted by the records' statistical errors, covariance scaled up by a poor fit
    D(d) = D_bulk + (D_surface - D_bulk) 6 a/d = D_bulk + B/d

Where the scatter around the law is larger than the errors explain, the errors of the law are scaled up; it is never
scaled down. Records of different phases are never fitted together: melting is no activation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.record import Law, Range, Record, Uncertainty, hashed
from ramify.physics.constants import GAS_CONSTANT

FEWEST = 3
ONE_PHASE = 0.3
"""Range of crystalline fractions of particles in one phase: surfaces count as disordered, the more the smaller."""


def _alike(records: Sequence[Record], paths: Sequence[Path]) -> None:
    """Records that may be fitted together: one quantity, species, phase, composition and potential, with errors."""
    if len(records) < FEWEST:
        raise AtomisticError(f"{len(records)} records are too few for a law", allowed=f"{FEWEST} or more")
    first = records[0]
    for record, path in zip(records, paths, strict=True):
        for name in ("quantity", "species", "phase", "composition", "potential"):
            a, b = getattr(first, name), getattr(record, name)
            if a != b:
                raise AtomisticError(
                    f"{name} {b} beside {a} in {paths[0]}",
                    path,
                    subject=name,
                    allowed="records that differ in one thing alone",
                )
        if not record.uncertainty.statistical or record.value <= 0.0:
            raise AtomisticError(
                "has no statistical uncertainty to weigh it by", path, subject="uncertainty.statistical"
            )
        if record.law is not None:
            raise AtomisticError("is a law already", path, subject="law", allowed="records at one temperature")


def _line(x: np.ndarray, y: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Weighted line: coefficients (intercept, slope), their covariance, and chi-square per degree of freedom."""
    model = np.stack([np.ones_like(x), x], axis=1)
    weighted = model / error[:, None]
    covariance = np.linalg.inv(weighted.T @ weighted)
    found = covariance @ weighted.T @ (y / error)
    scatter = float(np.sum(((y - model @ found) / error) ** 2)) / (x.size - 2)
    return found, covariance * max(1.0, scatter), scatter


def _largest_relative(records: Sequence[Record], name: str) -> float | None:
    """Largest relative finite-size or model uncertainty, which all points share; None where nobody has looked."""
    parts = [getattr(record.uncertainty, name) for record in records]
    return None if None in parts else max(part / abs(record.value) for part, record in zip(parts, records, strict=True))


def arrhenius(records: Sequence[Record], paths: Sequence[Path], at: float | None = None) -> Record:
    """The record of an Arrhenius law.

    Parameters
    ----------
    records : sequence of Record
        Diffusivities at three temperatures or more.
    paths : sequence of Path
        Their files.
    at : float, optional
        Temperature of the record's value [K]; the middle of the range by default.

    Raises
    ------
    AtomisticError
        For records that do not belong together, and temperatures beyond those of the records.
    """
    _alike(records, paths)
    temperatures = np.array([record.temperature or math.nan for record in records])
    if np.isnan(temperatures).any() or len(np.unique(temperatures)) < FEWEST:
        raise AtomisticError("the records are of fewer than three temperatures", paths[0], subject="temperature")
    values = np.array([record.value for record in records])
    errors = np.array([record.uncertainty.statistical or math.nan for record in records]) / values
    found, covariance, scatter = _line(1.0 / temperatures, np.log(values), errors)
    low, high = float(temperatures.min()), float(temperatures.max())
    middle = 1.0 / (0.5 / low + 0.5 / high) if at is None else at
    if not low <= middle <= high:
        raise AtomisticError(
            f"{middle:g} K is outside the records' range", subject="--at", allowed=f"{low:g} to {high:g} K"
        )
    value = float(np.exp(found[0] + found[1] / middle))
    gradient = np.array([1.0, 1.0 / middle])
    relative = float(np.sqrt(gradient @ covariance @ gradient))
    parts = {
        name: None if (part := _largest_relative(records, name)) is None else part * value
        for name in ("finite_size", "model")
    }
    from scipy.stats import t

    spread = float(t.ppf(0.975, len(records) - 2)) * relative if scatter > 1.0 else 1.96 * relative
    return records[0].model_copy(
        update={
            "value": value,
            "uncertainty": Uncertainty(
                statistical=relative * value, interval_95=(value * math.exp(-spread), value * math.exp(spread)), **parts
            ),
            "distribution": "lognormal",
            "temperature": middle,
            "valid": Range(temperature=(low, high)),
            "law": Law(
                prefactor=float(np.exp(found[0])),
                activation_energy=float(-GAS_CONSTANT * found[1]),
                covariance=(
                    (float(covariance[0, 0]), float(-covariance[0, 1])),
                    (float(-covariance[0, 1]), float(covariance[1, 1])),
                ),
            ),
            "method": f"Arrhenius law through {len(records)} records; {records[0].method}",
            "sources": tuple(hashed(path) for path in paths),
            "details": {
                "activation_energy_J_per_mol": float(-GAS_CONSTANT * found[1]),
                "activation_energy_error_J_per_mol": float(GAS_CONSTANT * np.sqrt(covariance[1, 1])),
                "chi_square_per_degree": scatter,
            },
            "warnings": (),
        }
    )


def _one_phase(records: Sequence[Record], paths: Sequence[Path]) -> None:
    """Refuse particles that were crystalline in part only, or some of them and others not, as far as records tell."""
    for record, path in zip(records, paths, strict=True):
        ends = [record.details.get(f"crystalline_at_{end}") for end in ("start", "end")]
        first = [other.details.get("crystalline_at_start") for other in records]
        told = [float(each) for each in (*ends, *first) if each is not None]
        if told and max(told) - min(told) > ONE_PHASE:
            raise AtomisticError(
                f"from {100 * min(told):.0f} to {100 * max(told):.0f} % of the atoms are crystalline", path,
                subject="details.crystalline_at_start", allowed="particles in one phase, which stay in it",
            )  # fmt: skip


def over_sizes(records: Sequence[Record], paths: Sequence[Path], at: float) -> Record:
    """The record of a particle of diameter `at` [m], from records of several diameters.

    Raises
    ------
    AtomisticError
        For records that do not belong together, of fewer than three sizes or of several temperatures, and sizes beyond
        those of the records.
    """
    _alike(records, paths)
    temperatures = np.array([record.temperature or math.nan for record in records])
    if not np.allclose(temperatures, temperatures[0], rtol=0.02):
        raise AtomisticError("the records are of several temperatures", paths[0], subject="temperature")
    _one_phase(records, paths)
    sizes = np.array([record.diameter or math.nan for record in records])
    if np.isnan(sizes).any() or len(np.unique(sizes)) < FEWEST:
        raise AtomisticError("the records are of fewer than three diameters", paths[0], subject="diameter")
    low, high = float(sizes.min()), float(sizes.max())
    if not low <= at <= high:
        raise AtomisticError(
            f"{at:g} m is outside the records' range",
            subject="--at",
            allowed=f"{low:g} to {high:g} m: the law holds there alone",
        )
    values = np.array([record.value for record in records])
    errors = np.array([record.uncertainty.statistical or math.nan for record in records])
    found, covariance, scatter = _line(1.0 / sizes, values, errors)
    gradient = np.array([1.0, 1.0 / at])
    value, error = float(gradient @ found), float(np.sqrt(gradient @ covariance @ gradient))
    parts = {
        name: None if (part := _largest_relative(records, name)) is None else part * value
        for name in ("finite_size", "model")
    }
    return records[0].model_copy(
        update={
            "value": value,
            "uncertainty": Uncertainty(
                statistical=error, interval_95=(value - 1.96 * error, value + 1.96 * error), **parts
            ),
            "distribution": "normal",
            "diameter": at,
            "valid": Range(temperature=records[0].valid.temperature, diameter=(low, high)),
            "method": f"surface-layer law D = D_bulk + B/d through {len(records)} records; {records[0].method}",
            "sources": tuple(hashed(path) for path in paths),
            "details": {
                "bulk_m2_per_s": float(found[0]),
                "bulk_error_m2_per_s": float(np.sqrt(covariance[0, 0])),
                "B_m3_per_s": float(found[1]),
                "B_error_m3_per_s": float(np.sqrt(covariance[1, 1])),
                "chi_square_per_degree": scatter,
            },
            "warnings": (),
        }
    )
