"""What `ramify check` says of a scenario of `model: mechanics`."""

from __future__ import annotations

from ramify.build_mechanics import build_elasticity
from ramify.check import Check, Scale
from ramify.check_mechanics import LARGEST_CONTRAST
from ramify.check_meshed import BYTES_BEFORE_MESH, NODES_PER_CELL
from ramify.models.mechanics.complete import AXES, flows
from ramify.models.mechanics.schema import MechanicsScenario, SolidBoundary
from ramify.scenario.grid_rules import resolved
from ramify.scenario.histories import LARGEST_STRAIN, largest
from ramify.scenario.meshes import FileMesh
from ramify.scenario.solid_meshes import cell_count, dimension_of, element_of

BYTES_PER_UNKNOWN = {0: 6e3, 2: 3e3, 3: 6e3}
"""Of matrix, factors or multigrid, and tangent, by dimension, an upper estimate."""
BYTES_PER_POINT = 400.0
"""Of stresses, strains and history at a quadrature point."""
POINTS = {"triangle": (1, 3), "quadrilateral": (4, 9), "tetrahedron": (1, 4), "hexahedron": (8, 27)}
SIMPLICES = ("triangle", "tetrahedron")
STIFF = 0.45
"""Poisson's ratio above which simplices of first order lock."""


def check_mechanics(scenario: MechanicsScenario) -> Check:
    """Size, scales and warnings of a resolved scenario."""
    mesh, order = scenario.mesh, resolved(scenario.numerics.order)
    dimension, element = dimension_of(mesh), element_of(mesh) or "hexahedron"
    cells = cell_count(mesh)
    unknowns = round(cells * NODES_PER_CELL[element][order - 1]) * max(dimension, 2)
    points = cells * POINTS[element][order - 1]
    moduli = {name: build_elasticity(region) for name, region in scenario.regions.items()}
    names = AXES.get(dimension, ("x", "y", "z"))
    return Check(
        title=scenario.title,
        cells=(cells,),
        spacing=(),
        dimension=dimension,
        unknowns=unknowns,
        memory_bytes=BYTES_BEFORE_MESH + unknowns * BYTES_PER_UNKNOWN[dimension] + points * BYTES_PER_POINT,
        steps=0,
        scales=tuple(
            Scale(f"modulus of {name}", solid.youngs_modulus / 1e9, "GPa", f"Poisson's ratio {solid.poissons_ratio:g}")
            for name, solid in moduli.items()
        ),
        unknown_fields=tuple(f"displacement {axis}" for axis in names),
        warnings=(*_mesh_warnings(scenario), *_load_warnings(scenario)),
    )


def _mesh_warnings(scenario: MechanicsScenario) -> list[str]:
    notes = []
    if isinstance(scenario.mesh, FileMesh):
        notes.append("the size of a mesh file is known when it is read: cells and memory are not estimated")
    moduli = {name: build_elasticity(region) for name, region in scenario.regions.items()}
    simplices = element_of(scenario.mesh) in SIMPLICES and scenario.numerics.order == 1
    if simplices and flows(scenario):
        notes.append("triangles and tetrahedra of order 1 lock where metal flows: take numerics.order: 2, or bricks")
    if element_of(scenario.mesh) == "hexahedron" and scenario.numerics.order == 1 and flows(scenario):
        notes.append(
            "in bricks of order 1 the pressure of flowing metal may alternate from cell to cell; means and forces do "
            "not: take numerics.order: 2 where it matters"
        )
    for name, solid in moduli.items():
        if simplices and solid.poissons_ratio > STIFF:
            notes.append(
                f"regions.{name}: with a Poisson's ratio of {solid.poissons_ratio:g} triangles and tetrahedra of order "
                "1 lock: take numerics.order: 2, or bricks"
            )
    stiffest = max(solid.youngs_modulus for solid in moduli.values())
    softest = min(solid.youngs_modulus for solid in moduli.values())
    if stiffest > LARGEST_CONTRAST * softest:
        notes.append(f"the stiffest region is {stiffest / softest:.3g} times stiffer than the softest: iterations slow")
    return notes


def _load_warnings(scenario: MechanicsScenario) -> list[str]:
    notes = []
    strains = {}
    for name, region in scenario.regions.items():
        strain = largest(region.eigenstrain)
        strain += abs(region.thermal_expansion or 0.0) * largest(scenario.temperature_change)
        if region.composition is not None:
            strain += region.composition.partial_molar_volume * largest(region.composition.change) / 3.0
        strains[name] = strain
        if strain > LARGEST_STRAIN:
            notes.append(f"regions.{name}: an eigenstrain of {strain:.3g} is beyond small strains, {LARGEST_STRAIN:g}")
    softest = min(build_elasticity(region).uniaxial_modulus for region in scenario.regions.values())
    pressure = 0.0
    acting = any(strains.values())
    for said in scenario.boundaries.values():
        if not isinstance(said, SolidBoundary):
            continue
        pressures = [said.pressure, said.plate.pressure if said.plate is not None else None]
        if said.traction is not None:
            pressures += [said.traction.x, said.traction.y, said.traction.z]
        lengths = [said.plate.displacement if said.plate is not None else None]
        if said.displacement is not None:
            lengths += [said.displacement.x, said.displacement.y, said.displacement.z]
        pressure = max(pressure, *map(largest, pressures))
        acting = acting or any(largest(value) > 0.0 for value in (*pressures, *lengths))
    if pressure / softest > LARGEST_STRAIN:
        notes.append(
            f"a pressure of {pressure:.3g} Pa strains the softest region by {100.0 * pressure / softest:.3g} %: above "
            "5 % strains are not small"
        )
    if not acting:
        notes.append("nothing acts on the solid: no load, no displacement and no eigenstrain other than zero")
    return notes
