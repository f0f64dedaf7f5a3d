"""Triangle surfaces in files: STL, PLY and legacy VTK. Only closed, consistently oriented ones are taken."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

SUFFIXES = (".stl", ".ply", ".vtk")
LARGEST_FILE = 500_000_000
"""Bytes."""
MOST_TRIANGLES = 5_000_000


def read_surface(path: Path) -> Any:
    """The closed surface in a file, as a trimesh.Trimesh with its normals outward."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"'{suffix or path.name}' is no surface format that is read; allowed: {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ValueError("no such file")
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"is larger than {LARGEST_FILE // 1_000_000} MB")
    try:
        mesh = _read_vtk(path) if suffix == ".vtk" else _read_trimesh(path, suffix)
    except (ValueError, ImportError) as refusal:
        raise ValueError(f"cannot be read as {suffix}: {str(refusal)[:120]}") from None
    except Exception as failure:  # whatever a broken file makes its reader raise is the user's input
        raise ValueError(f"cannot be read as {suffix}: {str(failure)[:120] or type(failure).__name__}") from None
    if not 4 <= len(mesh.faces) <= MOST_TRIANGLES:
        raise ValueError(f"holds {len(mesh.faces)} triangles; allowed: 4 to {MOST_TRIANGLES}")
    if not (mesh.is_watertight and mesh.is_winding_consistent):
        raise ValueError("is not a closed surface: every edge must belong to two triangles that are oriented alike")
    if not math.isfinite(mesh.volume) or mesh.volume == 0.0:
        raise ValueError("encloses no volume")
    if mesh.volume < 0.0:
        mesh.invert()
    return mesh


def _read_trimesh(path: Path, suffix: str) -> Any:
    try:
        import trimesh
    except ImportError:
        raise ImportError("a surface needs the [hosts] extra: pip install 'ramify[hosts]'") from None
    return trimesh.load(path, file_type=suffix[1:], force="mesh")


def _read_vtk(path: Path) -> Any:
    try:
        import meshio
        import trimesh
    except ImportError:
        raise ImportError("a surface needs the [hosts] extra: pip install 'ramify[hosts]'") from None
    found = meshio.read(path, file_format="vtk")
    faces = [block.data for block in found.cells if block.type == "triangle"]
    if not faces:
        raise ValueError("holds no triangles")
    return trimesh.Trimesh(found.points, np.concatenate(faces))
