"""Meshes of solids: those of `ramify.scenario.meshes`, stacked layers, and balls."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ramify.scenario import meshes
from ramify.scenario.errors import Key, ScenarioError, nearest
from ramify.scenario.fields import Length, Position, Section
from ramify.scenario.meshes import BOX_SIDES, PILLAR_SIDES, BoxMesh, FileMesh, PillarMesh

if TYPE_CHECKING:
    from mpi4py import MPI

    from ramify.fem.mesh import Mesh, RawMesh

Count = Annotated[int, Field(ge=1, le=10_000)]
SolidElement = Literal["triangle", "quadrilateral", "tetrahedron", "hexahedron"]
DEFAULT_ELEMENTS: dict[int, SolidElement] = {2: "quadrilateral", 3: "hexahedron"}
LAYER_NAME = r"^[A-Za-z][A-Za-z0-9 _-]{0,39}$"


class LayerSection(Section):
    """One of the layers, from the bottom up."""

    name: Annotated[str, Field(pattern=LAYER_NAME)]
    thickness: Length
    cells: Count


class AsperitySection(Section):
    """A cosine bump of an interface at x = 0 (and y = 0): one quarter or half of it, cut by planes of symmetry."""

    interface: str
    """`lower/upper`, of two layers."""
    height: Position
    """Up, or down where negative."""
    width: Length
    """Of the whole bump."""


class VoidSection(Section):
    """A trench in the lower layer at an interface, cut in half by the plane x = 0."""

    interface: str
    depth: Length
    width: Length
    """Of the whole trench."""


class LayerMesh(Section):
    """Stacked layers. Boundaries: those of a box, `lower/upper` for every two layers, `void below`, `void above`."""

    type: Literal["layers"]
    size: Annotated[tuple[Length, ...], Field(min_length=1, max_length=2, strict=False)]
    """Along x, or x and y."""
    cells: Annotated[tuple[Count, ...], Field(min_length=1, max_length=2, strict=False)]
    layers: Annotated[tuple[LayerSection, ...], Field(min_length=1, max_length=20, strict=False)]
    element: SolidElement | None = None
    """Quadrilateral and hexahedron by default."""
    asperity: AsperitySection | None = None
    void: VoidSection | None = None


class BallMesh(Section):
    """An eighth of a ball, with or without a hole. Boundaries: `x`, `y`, `z` (planes), `outer`, `inner`."""

    type: Literal["ball"]
    radii: Annotated[tuple[Length, ...], Field(min_length=1, max_length=20, strict=False)]
    """Outer radii of the regions `shell 0` (the innermost), `shell 1`, ..."""
    layers: Annotated[tuple[Count, ...], Field(min_length=1, max_length=20, strict=False)]
    """Of cells in each region."""
    cells: Count
    """Along each edge of the cube in the middle, or of a third of the hole."""
    hole: Length | None = None
    """Its radius."""


SolidMesh = Annotated[BoxMesh | PillarMesh | FileMesh | LayerMesh | BallMesh, Field(discriminator="type")]
AnySolidMesh = BoxMesh | PillarMesh | FileMesh | LayerMesh | BallMesh
DEEPEST = 0.8
"""Of an asperity or a void, over the thickness of the layer that it takes its room from."""
TYPES = ("box", "pillars", "file", "layers", "ball")


def complete_mesh(section: AnySolidMesh, folder: Path) -> AnySolidMesh:
    """The section with defaults; ScenarioError for what cannot be."""
    if isinstance(section, LayerMesh):
        return _complete_layers(section)
    if isinstance(section, BallMesh):
        return _complete_ball(section)
    if isinstance(section, BoxMesh):
        if len(section.size) == 1:
            raise ScenarioError("a solid has two or three dimensions", ("mesh", "size"), allowed="two or three lengths")
        section = section.model_copy(update={"element": section.element or DEFAULT_ELEMENTS[len(section.size)]})
    return meshes.complete_mesh(section, folder)


def _complete_layers(section: LayerMesh) -> LayerMesh:
    dimension = len(section.size) + 1
    if len(section.cells) != len(section.size):
        problem = f"gives {len(section.cells)} counts for {len(section.size)} lengths in size"
        raise ScenarioError(problem, ("mesh", "cells"), allowed="one count for each length")
    element = section.element or DEFAULT_ELEMENTS[dimension]
    if meshes.DIMENSIONS[element] != dimension:
        fits = ", ".join(name for name, d in meshes.DIMENSIONS.items() if d == dimension)
        raise ScenarioError(f"is not a cell of {dimension} dimensions", ("mesh", "element"), element, fits)
    names = [layer.name for layer in section.layers]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ScenarioError("is given twice", ("mesh", "layers", number, "name"), name)
    if section.asperity is not None and section.void is not None:
        raise ScenarioError("cannot be combined with a void", ("mesh", "asperity"), allowed="the one or the other")
    if section.void is not None and dimension == 3:
        raise ScenarioError("is a trench across a plane mesh", ("mesh", "void"), allowed="one length in mesh.size")
    if section.asperity is not None and section.asperity.height == 0.0:
        raise ScenarioError("is flat", ("mesh", "asperity", "height"), "0 m", "any other height")
    for key in ("asperity", "void"):
        feature = getattr(section, key)
        if feature is not None and feature.interface not in (known := _interfaces(section)):
            problem = "there is no interface of that name"
            raise ScenarioError(problem, ("mesh", key, "interface"), feature.interface, ", ".join(known) or "none",
                                nearest(feature.interface, known))  # fmt: skip
    _require_room(section)
    return section.model_copy(update={"element": element})


def _require_room(section: LayerMesh) -> None:
    """An asperity or a void leaves something of the layers and of the contact."""
    for key, name in (("asperity", "height"), ("void", "depth")):
        feature = getattr(section, key)
        if feature is None:
            continue
        size, below = getattr(feature, name), _interfaces(section).index(feature.interface)
        layer = section.layers[below + (key == "asperity" and size > 0.0)]
        if abs(size) > DEEPEST * layer.thickness:
            problem = f"leaves too little of the layer {layer.name}"
            raise ScenarioError(problem, ("mesh", key, name), allowed=f"at most {DEEPEST * layer.thickness:.4g} m")
    if section.void is not None and (section.void.width >= 2.0 * section.size[0] or section.cells[0] < 2):
        problem = "leaves no contact, or no cell for it"
        raise ScenarioError(
            problem, ("mesh", "void", "width"), allowed="less than twice mesh.size, on two cells or more"
        )


def _complete_ball(section: BallMesh) -> BallMesh:
    bounds = (*((section.hole,) if section.hole is not None else ()), *section.radii)
    if any(b <= a for a, b in itertools.pairwise(bounds)):
        raise ScenarioError("the radii do not ascend from the hole", ("mesh", "radii"))
    if len(section.layers) != len(section.radii):
        problem = f"gives {len(section.layers)} counts for {len(section.radii)} radii"
        raise ScenarioError(problem, ("mesh", "layers"), allowed="one count for each radius")
    return section


def _interfaces(section: LayerMesh) -> tuple[str, ...]:
    names = [layer.name for layer in section.layers]
    return tuple(f"{below}/{above}" for below, above in itertools.pairwise(names))


def known_interfaces(section: AnySolidMesh) -> tuple[str, ...]:
    """Boundaries between regions that a mesh is known to have."""
    if isinstance(section, LayerMesh):
        return _interfaces(section)
    return ("pillar surface",) if isinstance(section, PillarMesh) and section.pillar == "meshed" else ()


def known_boundaries(section: AnySolidMesh) -> tuple[str, ...] | None:
    """Boundaries that a mesh has, None where only its file tells."""
    if isinstance(section, FileMesh):
        return None
    if isinstance(section, LayerMesh):
        sides = BOX_SIDES[len(section.size) + 1]
        return (*sides, *_interfaces(section), *(("void below", "void above") if section.void is not None else ()))
    if isinstance(section, BallMesh):
        return ("x", "y", "z", "outer", *(("inner",) if section.hole is not None else ()))
    if isinstance(section, PillarMesh):
        named = PILLAR_SIDES if section.pillar == "meshed" else PILLAR_SIDES[:3]
        return (*named, *BOX_SIDES[3][:4])
    return BOX_SIDES[len(section.size)]


def known_regions(section: AnySolidMesh) -> tuple[str, ...] | None:
    """Regions that a mesh has, None where only its file tells."""
    if isinstance(section, FileMesh):
        return None
    if isinstance(section, LayerMesh):
        return tuple(layer.name for layer in section.layers)
    if isinstance(section, BallMesh):
        return tuple(f"shell {number}" for number in range(len(section.radii)))
    if isinstance(section, PillarMesh):
        return ("electrolyte", "pillar") if section.pillar == "meshed" else ("electrolyte",)
    return ("box",)


def require_boundary(section: AnySolidMesh, name: str, key: Key) -> None:
    """ScenarioError, with the nearest match, for a boundary that the mesh is known not to have."""
    known = known_boundaries(section)
    if known is not None and name not in known:
        problem = "the mesh has no boundary of that name"
        raise ScenarioError(problem, key, name, ", ".join(known), nearest(name, known))


def dimension_of(section: AnySolidMesh) -> int:
    """Dimensions of the mesh; zero where only the file tells."""
    if isinstance(section, LayerMesh):
        return len(section.size) + 1
    return 3 if isinstance(section, BallMesh) else meshes.dimension_of(section)


def element_of(section: AnySolidMesh) -> str | None:
    """Kind of cell; None where only the file tells."""
    if isinstance(section, BoxMesh | LayerMesh):
        return section.element
    return None if isinstance(section, FileMesh) else "hexahedron"


def cell_count(section: AnySolidMesh) -> int:
    """Cells of the mesh; zero where only the file tells."""
    if isinstance(section, LayerMesh):
        count = sum(layer.cells for layer in section.layers)
        for n in section.cells:
            count *= n
        return count * {"triangle": 2, "tetrahedron": 6}.get(section.element or "", 1)
    if isinstance(section, BallMesh):
        cube = section.cells**3 if section.hole is None else 0
        return cube + 3 * section.cells**2 * sum(section.layers)
    return meshes.cell_count(section)


def build_mesh(section: AnySolidMesh, comm: MPI.Comm) -> Mesh:
    """The distributed mesh; ScenarioError where it cannot be made, on every rank alike. Collective."""
    if not isinstance(section, LayerMesh | BallMesh):
        return meshes.build_mesh(section, comm)
    from ramify.fem.mesh import Mesh, MeshError
    from ramify.fem.spheres import ball, hollow_ball

    try:
        if isinstance(section, LayerMesh):
            raw = _raw_layers(section)  # small beside what follows; every rank comes to the same refusal
            return Mesh.build(raw if comm.rank == 0 else None, comm)
        if section.hole is not None:
            return hollow_ball(section.hole, section.radii, section.layers, section.cells, comm)
        return ball(section.radii, section.layers, section.cells, comm)
    except MeshError as refusal:
        raise ScenarioError(str(refusal), ("mesh",)) from None


def _raw_layers(section: LayerMesh) -> RawMesh:
    from ramify.fem.layers import Feature, Layer, lateral, raw_layers

    assert section.element is not None
    feature, void = None, section.void
    interfaces = _interfaces(section)
    if void is not None:
        feature = Feature(interfaces.index(void.interface), void.width, void.depth, True)
    elif section.asperity is not None:
        bump = section.asperity
        feature = Feature(interfaces.index(bump.interface), bump.width, bump.height, False)
    width = void.width if void is not None else None
    sides = [lateral(length, n, width) for length, n in zip(section.size, section.cells, strict=True)]
    layers = [Layer(layer.name, layer.thickness, layer.cells) for layer in section.layers]
    return raw_layers(section.element, sides, layers, feature)
