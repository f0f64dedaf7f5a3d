"""Small LAMMPS files written for tests, and trajectories with a known answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramify.atomistic.facts import Stated, gather
from ramify.atomistic.sources import open_sources
from ramify.atomistic.trajectory import Trajectory, gather_trajectory

SAMPLES = Path(__file__).parent / "data" / "md"
LIQUID = ("log.liquid550.lammps.gz", "start.data.gz")
"""Samples that say what run the dumps of the liquid come from."""


def close(value: Any, rel: float = 1e-6) -> Any:
    """Relative agreement alone: in SI units these quantities are far below pytest's absolute tolerance of 1e-12."""
    return pytest.approx(value, rel=rel, abs=0.0)


def brownian(seed: int, frames: int = 200, atoms: int = 40, D: float = 1e-9, interval: float = 1e-12) -> np.ndarray:
    """Paths of independent Brownian particles [frame, atom, 3] [m]."""
    steps = np.random.default_rng(seed).normal(0.0, np.sqrt(2.0 * D * interval), (frames, atoms, 3))
    return steps.cumsum(axis=0)


def persistent(seed: int, frames: int, atoms: int, D: float, interval: float, persistence: float) -> np.ndarray:
    """Paths of particles whose velocity forgets itself over `persistence`: D = <v^2> persistence/3."""
    rng = np.random.default_rng(seed)
    kept = np.exp(-interval / persistence)
    speed = np.sqrt(D / persistence)
    velocity = rng.normal(0.0, speed, (atoms, 3))
    paths = np.zeros((frames, atoms, 3))
    for k in range(1, frames):
        # exact joint step of velocity and position of an Ornstein-Uhlenbeck process
        mean = persistence * (1.0 - kept) * velocity
        var_v = speed**2 * (1.0 - kept**2)
        var_x = speed**2 * persistence**2 * (2.0 * interval / persistence - 3.0 + 4.0 * kept - kept**2)
        cov = speed**2 * persistence * (1.0 - kept) ** 2
        a = rng.normal(size=(atoms, 3))
        b = rng.normal(size=(atoms, 3))
        dv = np.sqrt(var_v) * a
        dx = cov / np.sqrt(var_v) * a + np.sqrt(max(var_x - cov**2 / var_v, 0.0)) * b
        paths[k] = paths[k - 1] + mean + dx
        velocity = kept * velocity + dv
    return paths


def trajectory(
    paths: np.ndarray, interval: float = 1e-12, species: list[str] | None = None, neighbours: float | None = 3e-10
) -> Trajectory:
    """A trajectory of such paths."""
    atoms = paths.shape[1]
    return Trajectory(
        interval=interval,
        positions=np.ascontiguousarray(paths),
        species=np.array(species or ["Li"] * atoms),
        atoms=atoms,
        volume=None,
        boxes=None,
        periodic=(False, False, False),
        frames_read=len(paths),
        proof="",
        neighbours=neighbours,
    )


def dump_text(
    paths: np.ndarray, edge: float, columns: str, every: int = 100, types: np.ndarray | None = None, head: str = ""
) -> str:
    """A LAMMPS dump of paths in angstrom [frame, atom, 3] in a cubic box; atoms in changing order."""
    rng = np.random.default_rng(0)
    images = np.floor(paths / edge).astype(int)
    folded = paths - images * edge
    types = np.ones(paths.shape[1], int) if types is None else types
    parts = [head]
    for k, frame in enumerate(paths):
        parts.append(f"ITEM: TIMESTEP\n{k * every}\nITEM: NUMBER OF ATOMS\n{len(frame)}\nITEM: BOX BOUNDS pp pp pp\n")
        parts.append(3 * f"0 {edge}\n" + f"ITEM: ATOMS {columns}\n")
        for i in rng.permutation(len(frame)):
            values = {"id": str(i + 1), "type": str(types[i]), "element": "Li"}
            for d, axis in enumerate("xyz"):
                values |= {axis: repr(float(folded[k, i, d])), axis + "u": repr(float(frame[i, d]))}
                values |= {axis + "s": repr(float(folded[k, i, d] / edge)), "i" + axis: str(images[k, i, d])}
                values |= {axis + "su": repr(float(frame[i, d] / edge))}
            parts.append(" ".join(values[name] for name in columns.split()) + "\n")
    return "".join(parts)


def load(*names: Path, stated: Stated | None = None, **options) -> Trajectory:
    """The trajectory that files and stated facts make together; options of `gather_trajectory`."""
    sources = open_sources(list(names))
    facts = gather(stated or Stated(), sources.log, sources.data, sources.outputs)
    return gather_trajectory(sources.frames(), facts, **options)
