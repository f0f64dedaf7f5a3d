"""What a run reports of an engine: a row of the history after every step, and the numbers it came to."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from typing import Any

from ramify.phasefield.engine import Engine, Ledger, StepReport
from ramify.physics.constants import FARADAY


def history_row(report: StepReport, ledger: Ledger, area: float) -> dict[str, Any]:
    """One row of `history.nc`; `area` is the cross-section that areal quantities refer to [m^2]."""
    return {
        "time": report.time,
        "step": report.step,
        "voltage": report.voltage,
        "current_density": report.current_density,
        "capacity": ledger.charge / area,
        "charge": ledger.charge,
        "limited": float(report.limited),
        "minimum_concentration": report.minimum_concentration,
        "surface_concentration": report.surface_concentration,
        "metal": ledger.metal,
        "salt": ledger.salt,
        "newton_iterations": report.newton_iterations,
        "krylov_iterations": report.krylov_iterations,
        "rejected": report.rejected,
        **report.measures,
        "metal_profile": report.profile,
        **({"nucleus_sizes": report.sizes} if report.sizes is not None else {}),
        **ledger.balance(FARADAY),
    }


def summary(engine: Engine, last: StepReport | None, measures: Mapping[str, float], memory: int) -> dict[str, Any]:
    """The engine's part of `summary.json`; `last` is the last accepted step, `memory` the peak [bytes]."""
    ledger = engine.ledger
    return {
        "time_s": engine.time,
        "peak_memory_bytes": memory,
        "charge_passed_C": ledger.charge,
        "metal_plated_mol": ledger.plated,
        "metal_stripped_mol": ledger.stripped,
        "metal_dead_mol": measures.get("dead_metal", 0.0),
        "coulombic_efficiency": ledger.coulombic_efficiency,
        "filling_fraction": measures.get("filling_fraction", 0.0),
        "tip_height_m": measures.get("tip_height", 0.0),
        "roughness_m": measures.get("roughness", 0.0),
        "top_plating_index": measures.get("top_plating_index"),
        "over_plating_index": measures.get("over_plating_index"),
        "bottom_up_index": measures.get("bottom_up_index"),
        "blocked_fraction": measures.get("blocked_fraction"),
        "nuclei": measures.get("nuclei"),
        "particles": measures.get("particles"),
        "nucleus_radius_m": measures.get("nucleus_radius"),
        **interphase_numbers(measures),
        **order_numbers(measures),
        **stress_numbers(measures),
        "voltage_V": last.voltage if last is not None else None,
        "limited": last.limited if last is not None else False,
        "balance": ledger.balance(FARADAY),
        "largest_correction_relative": ledger.largest_correction,
    }


def interphase_numbers(measures: Mapping[str, float]) -> dict[str, float]:
    """What a run with nucleation in an interphase adds to `summary.json`; nothing without."""
    names = {"nuclei_inside": "nuclei_inside", "nucleus_depth": "nucleus_depth_m"}
    return {key: measures[name] for name, key in names.items() if name in measures}


def order_numbers(measures: Mapping[str, float]) -> dict[str, float]:
    """What a run with crystallinity adds to `summary.json`; nothing without."""
    names = {
        "crystalline_fraction": "crystalline_fraction",
        "orderable_fraction": "orderable_fraction",
        "crystal_size": "crystal_size_m",
    }
    return {key: measures[name] for name, key in names.items() if name in measures}


def stress_numbers(measures: Mapping[str, float]) -> dict[str, Any]:
    """What a run with mechanics adds to `summary.json`; nothing without."""
    if "peak_von_mises" not in measures:
        return {}
    names = {
        "peak_von_mises": "peak_von_mises_Pa",
        "peak_pressure": "peak_pressure_Pa",
        "contact_pressure": "contact_pressure_Pa",
        "peak_contact_pressure": "peak_contact_pressure_Pa",
        "pressure_lag": "pressure_lag_V",
        "largest_strain": "largest_strain",
        "film_stress": "film_stress_Pa",
    }
    numbers: dict[str, Any] = {key: measures[name] for name, key in names.items() if name in measures}
    if "film_failed" in measures:
        numbers["film_failed"] = measures["film_failed"] > 0.0
    return numbers


def peak_memory() -> int:
    """Of this process, so far [bytes]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
