"""Balances of charge, lithium and salt: identities of the scheme, held to round-off over steps and runs.

A bump beside a conducting pillar is plated, rested, stripped and held at a voltage, with either counter electrode.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ramify.phasefield.engine import Control
from ramify.phasefield.problem import CounterElectrode, Domain, Geometry, Interface, PlatingProblem
from ramify.physics import electrolyte
from ramify.physics.constants import FARADAY
from ramify.validate import Case, Check, check_at_most
from ramify.validation import cells

NAME = "balances"
SOURCE = "conservation of charge, lithium and salt"
H = 0.5e-6
PHASES = (
    (Control("current", 40.0), 20.0),
    (Control("current", 0.0), 10.0),
    (Control("current", -30.0), 10.0),
    (Control("voltage", -0.03), 10.0),
)
"""Control and duration [s]."""


def problem(kind: str) -> PlatingProblem:
    """The cell with one kind of counter electrode."""
    nx, nz = 16, 40

    def film(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(z - 4e-6 - 0.8e-6 * np.cos(np.pi * x / (nx * H)) + 0.0 * y)

    def pillar(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.maximum(x - 1.6e-6, z - 9e-6) + 0.0 * y)

    return cells.planar_problem(
        nz * H,
        nz,
        0.0,
        electrolyte=electrolyte.preset("LiPF6 in EC:DMC"),
        domain=Domain((nx * H, 1.0, nz * H), (nx, 1, nz)),
        interface=Interface(H),
        geometry=Geometry(film, host_distance=pillar),
        counter=CounterElectrode(kind),  # type: ignore[arg-type]
    )


def run(folder: Path | None) -> list[Check]:
    """Every key of the balance, with both counter electrodes."""
    checks = []
    for kind in ("lithium", "reservoir"):
        engine = cells.make_engine(problem(kind))
        time = 0.0
        for control, duration in PHASES:
            engine.set_control(control)
            time += duration
            for _ in cells.run_through(engine, [time]):
                pass
        for key, value in engine.ledger.balance(FARADAY).items():
            largest = 1e-10 if key == "worst_step_relative" else 1e-8
            checks.append(check_at_most(NAME, f"{key}, {kind}", value, largest, SOURCE))
    return checks


CASE = Case(NAME, "Balances of a plating, resting, stripping and holding cell", "5 s", True, SOURCE, run)
