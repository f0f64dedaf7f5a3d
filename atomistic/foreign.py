"""Trajectories that ASE or MDAnalysis reads, when these are installed.

Only formats that hold no code are opened. Neither library says whether coordinates are folded, so that they are taken
as unknown: image counts are restored where that can be proven (unwrap.py), or coordinates are stated to be unwrapped.
Lengths are in angstrom, which both convert to.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ramify.atomistic.errors import AtomisticError, shown
from ramify.atomistic.frames import Box, Frame

ASE_FORMATS = {".traj": "traj", ".xdatcar": "vasp-xdatcar", "XDATCAR": "vasp-xdatcar", ".pdb": "proteindatabank"}
MDANALYSIS_SUFFIXES = (".xtc", ".trr", ".dcd", ".nc", ".ncdf")
SUFFIXES = (*ASE_FORMATS, *MDANALYSIS_SUFFIXES)


def read_foreign(path: Path, topology: Path | None) -> Iterator[Frame]:
    """The frames of a trajectory in a format of another code.

    Raises
    ------
    AtomisticError
        Where the library is not installed, the topology is missing, or the file cannot be read.
    """
    key = path.name if path.name in ASE_FORMATS else path.suffix.lower()
    frames = _ase(path, ASE_FORMATS[key]) if key in ASE_FORMATS else _mdanalysis(path, topology)
    count = 0
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            return
        except (AtomisticError, ImportError):
            raise
        except Exception as failure:  # whatever a broken file makes its reader raise is the user's input
            told = shown(failure) or type(failure).__name__
            raise AtomisticError(f"cannot be read after frame {count}: {told}", path, allowed="a whole file") from None
        count += 1
        yield frame


def _ase(path: Path, kind: str) -> Iterator[Frame]:
    try:
        from ase.io import iread
    except ImportError:
        raise missing_library("ASE", "ase", path) from None
    atoms: Any
    for k, atoms in enumerate(iread(path, index=":", format=kind)):
        yield _frame(
            k, np.array(atoms.get_chemical_symbols()), atoms.get_positions(), np.asarray(atoms.cell[:]), atoms.pbc
        )


def _mdanalysis(path: Path, topology: Path | None) -> Iterator[Frame]:
    try:
        import MDAnalysis
    except ImportError:
        raise missing_library("MDAnalysis", "MDAnalysis", path) from None
    if topology is None:
        raise AtomisticError(
            "the file does not say what its atoms are",
            path,
            subject="--topology",
            allowed="--topology FILE with elements",
        )
    universe = MDAnalysis.Universe(str(topology), str(path))
    elements = np.array(universe.atoms.elements)
    for k, step in enumerate(universe.trajectory):
        vectors = np.zeros((3, 3)) if step.dimensions is None else np.asarray(step.triclinic_dimensions, float)
        yield _frame(k, elements, np.asarray(step.positions, float), vectors, np.full(3, bool(np.any(vectors))))


def _frame(k: int, elements: np.ndarray, positions: np.ndarray, vectors: np.ndarray, periodic: Any) -> Frame:
    flags = (bool(periodic[0]), bool(periodic[1]), bool(periodic[2]))
    box = Box(np.zeros(3), vectors, flags) if abs(np.linalg.det(vectors)) > 0.0 else None
    return Frame(None, None, box, None, (elements, "element"), positions, None, "unknown", k + 1)


def missing_library(name: str, package: str, path: Path | None = None) -> AtomisticError:
    """The error where an optional library is needed."""
    return AtomisticError(f"needs {name}, which is not installed", path, allowed=f"pip install '{package}'")
