"""Meshes in a scenario: boxes, arrays of round pillars, and mesh files, for the models on unstructured meshes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ramify.scenario.errors import Key, ScenarioError, nearest
from ramify.scenario.fields import Length, Section
from ramify.scenario.host_files import sha256_of

if TYPE_CHECKING:
    import numpy as np
    from mpi4py import MPI

    from ramify.fem.mesh import Mesh

Element = Literal["interval", "triangle", "quadrilateral", "tetrahedron", "hexahedron"]
DIMENSIONS: dict[str, int] = {"interval": 1, "triangle": 2, "quadrilateral": 2, "tetrahedron": 3, "hexahedron": 3}
DEFAULT_ELEMENTS: dict[int, Element] = {1: "interval", 2: "triangle", 3: "hexahedron"}
BOX_SIDES = {1: ("bottom", "top"), 2: ("left", "right", "bottom", "top"),
             3: ("left", "right", "front", "back", "bottom", "top")}  # fmt: skip
PILLAR_SIDES = ("pillar surface", "floor", "counter", "foot")

Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(min_length=1, strict=False)]


class GradingSection(Section):
    """Cells along z that grow away from one or both ends."""

    towards: Literal["bottom", "top", "both"] = "bottom"
    finest: Length
    """Edge of the first cell."""


class BoxMesh(Section):
    """A box: one length is z, two x and z, three x, y, z. Boundaries: left, right, front, back, bottom, top."""

    type: Literal["box"]
    size: Annotated[tuple[Length, ...], Field(min_length=1, max_length=3, strict=False)]
    cells: Annotated[
        tuple[Annotated[int, Field(ge=1, le=100_000)], ...], Field(min_length=1, max_length=3, strict=False)
    ]
    element: Element | None = None
    """Interval, triangle and hexahedron by default."""
    grading: GradingSection | None = None


class PillarMesh(Section):
    """A quarter cell of a square array of round pillars. Boundaries: pillar surface, floor, counter, foot."""

    type: Literal["pillars"]
    diameter: Length
    pitch: Length
    height: Length
    counter_height: Length
    """Of the counter electrode above the collector."""
    element_size: Length
    pillar: Literal["hollow", "meshed"] = "hollow"
    """Meshed: with the region `pillar` and the boundary `foot`, for ohmic electrons."""


class FileMesh(Section):
    """A mesh file, `.msh` or anything meshio reads; names of regions and boundaries are the file's."""

    type: Literal["file"]
    file: Annotated[str, Field(min_length=1, max_length=4096)]
    unit: Length = 1.0
    """Length of one unit of the file's coordinates."""
    refine: Annotated[int, Field(ge=0, le=6)] = 0
    """Times that every cell is cut into 2^dimension."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """Filled in when the scenario is resolved."""


MeshSection = Annotated[BoxMesh | PillarMesh | FileMesh, Field(discriminator="type")]
AnyMesh = BoxMesh | PillarMesh | FileMesh


def complete_mesh(section: AnyMesh, folder: Path) -> AnyMesh:
    """The section with defaults, the file's path and its hash; ScenarioError for what cannot be."""
    if isinstance(section, BoxMesh):
        return _complete_box(section)
    if isinstance(section, FileMesh):
        path = (folder / section.file).resolve()
        if not path.is_file():
            raise ScenarioError("no such file", ("mesh", "file"), section.file, f"a path from {folder.resolve()}")
        digest = sha256_of(path)
        if section.sha256 not in (None, digest):
            problem = f"the file {path.name} is another one: its SHA-256 is {digest}"
            raise ScenarioError(problem, ("mesh", "sha256"), section.sha256)
        return section.model_copy(update={"file": str(path), "sha256": digest})
    if section.diameter >= section.pitch:
        raise ScenarioError("pillars overlap", ("mesh", "diameter"), allowed="less than the pitch")
    if section.height >= section.counter_height:
        raise ScenarioError(
            "pillars reach the counter electrode", ("mesh", "height"), allowed="less than counter_height"
        )
    if section.element_size > 0.5 * min(section.diameter, section.pitch - section.diameter):
        problem = "does not resolve the pillars and the gaps between them"
        raise ScenarioError(problem, ("mesh", "element_size"), allowed="at most half of either")
    return section


def _complete_box(section: BoxMesh) -> BoxMesh:
    dimension = len(section.size)
    if len(section.cells) != dimension:
        problem = f"gives {len(section.cells)} counts for {dimension} lengths in size"
        raise ScenarioError(problem, ("mesh", "cells"), allowed="one count for each length")
    element = section.element or DEFAULT_ELEMENTS[dimension]
    if DIMENSIONS[element] != dimension:
        fits = ", ".join(name for name, d in DIMENSIONS.items() if d == dimension)
        raise ScenarioError(f"is not a cell of {dimension} dimensions", ("mesh", "element"), element, fits)
    if section.grading is not None:
        most = section.size[-1] / section.cells[-1] / (2.0 if section.grading.towards == "both" else 1.0)
        if section.grading.finest >= most:
            problem = "is not finer than a uniform mesh"
            raise ScenarioError(problem, ("mesh", "grading", "finest"), allowed=f"less than {most:.3g} m")
        if section.grading.towards == "both" and section.cells[-1] % 2:
            raise ScenarioError("an even count is needed for a grading to both ends", ("mesh", "cells"))
    return section.model_copy(update={"element": element})


def known_boundaries(section: AnyMesh) -> tuple[str, ...] | None:
    """Boundaries that a mesh has, None where only its file tells."""
    if isinstance(section, BoxMesh):
        return BOX_SIDES[len(section.size)]
    if isinstance(section, PillarMesh):
        return PILLAR_SIDES if section.pillar == "meshed" else PILLAR_SIDES[:3]
    return None


def require_boundaries(section: AnyMesh, names: tuple[str, ...], key: Key) -> None:
    """ScenarioError, with the nearest match, for a boundary that the mesh is known not to have."""
    known = known_boundaries(section)
    for number, name in enumerate(names):
        if known is not None and name not in known:
            problem = "the mesh has no boundary of that name"
            raise ScenarioError(problem, (*key, number), name, ", ".join(known), nearest(name, known))


def cell_count(section: AnyMesh) -> int:
    """Cells of the mesh; zero where only the file tells."""
    from ramify.fem.divisions import pillar_divisions

    if isinstance(section, BoxMesh):
        count = 1
        for n in section.cells:
            count *= n
        return count * {"triangle": 2, "tetrahedron": 6}.get(section.element or "", 1)
    if isinstance(section, PillarMesh):
        lengths = (section.diameter, section.pitch, section.height, section.counter_height, section.element_size)
        return pillar_divisions(*lengths).cells(with_metal=section.pillar == "meshed")
    return 0


def dimension_of(section: AnyMesh) -> int:
    """Dimensions of the mesh; zero where only the file tells."""
    if isinstance(section, BoxMesh):
        return len(section.size)
    return 3 if isinstance(section, PillarMesh) else 0


def build_mesh(section: AnyMesh, comm: MPI.Comm) -> Mesh:
    """The distributed mesh; ScenarioError where it cannot be made, on every rank alike. Collective."""
    from ramify.fem.boxes import raw_box
    from ramify.fem.mesh import Mesh, MeshError, read_mesh
    from ramify.fem.pillars import raw_pillars

    try:
        if isinstance(section, FileMesh):
            mesh = read_mesh(Path(section.file), comm, section.unit)
            return mesh.refined(section.refine) if section.refine else mesh
        if isinstance(section, BoxMesh):
            assert section.element is not None
            raw = raw_box(section.element, _axes(section))
        else:
            raw = raw_pillars(
                section.diameter,
                section.pitch,
                section.height,
                section.counter_height,
                section.element_size,
                with_metal=section.pillar == "meshed",
            )
        return Mesh.build(raw if comm.rank == 0 else None, comm)
    except MeshError as refusal:
        raise ScenarioError(str(refusal), ("mesh",)) from None


def _axes(section: BoxMesh) -> list[np.ndarray]:
    import numpy as np

    axes = [np.linspace(0.0, length, n + 1) for length, n in zip(section.size, section.cells, strict=True)]
    grading, length, count = section.grading, section.size[-1], section.cells[-1]
    if grading is None:
        return axes
    if grading.towards == "both":
        half = _graded(0.5 * length, count // 2, grading.finest)
        axes[-1] = np.concatenate([half, length - half[-2::-1]])
    else:
        graded = _graded(length, count, grading.finest)
        axes[-1] = graded if grading.towards == "bottom" else length - graded[::-1]
    return axes


def _graded(length: float, count: int, finest: float) -> np.ndarray:
    """Coordinates from 0 to `length` whose steps grow by one factor from `finest`."""
    import numpy as np
    from scipy.optimize import brentq

    def surplus(growth: float) -> float:
        return float(finest * np.expm1(count * growth) / np.expm1(growth) - length)

    growth = brentq(surplus, 1e-9, 50.0 / count, xtol=1e-14)
    points = finest * np.expm1(growth * np.arange(count + 1)) / np.expm1(growth)
    return np.asarray(points * (length / points[-1]))
