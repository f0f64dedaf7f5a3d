"""What can be told of a scenario on an unstructured mesh before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramify.build import build_electrolyte
from ramify.check import Check, Scale
from ramify.physics import cell
from ramify.scenario.grid_rules import resolved
from ramify.scenario.meshes import AnyMesh, BoxMesh, FileMesh, PillarMesh, cell_count, dimension_of

if TYPE_CHECKING:
    from ramify.models.current_distribution import CurrentDistributionScenario
    from ramify.models.double_layer import DoubleLayerScenario

BYTES_BEFORE_MESH = 350e6
BYTES_PER_UNKNOWN = {1: 2e3, 2: 4e3, 3: 9e3}
"""Of matrix and factors by dimension, an upper estimate."""
NODES_PER_CELL = {
    "interval": (1, 2),
    "triangle": (0.5, 2),
    "quadrilateral": (1, 4),
    "tetrahedron": (0.19, 1.4),
    "hexahedron": (1, 8),
}


def nodes_of(mesh: AnyMesh, order: int) -> int:
    """Nodes of a mesh, about."""
    element = mesh.element if isinstance(mesh, BoxMesh) else "hexahedron"
    return round(cell_count(mesh) * NODES_PER_CELL[element or "hexahedron"][order - 1])


def length_of(mesh: AnyMesh) -> float | None:
    """Of the mesh along z [m], None where only its file tells."""
    if isinstance(mesh, FileMesh):
        return None
    return mesh.counter_height if isinstance(mesh, PillarMesh) else mesh.size[-1]


def check_current_distribution(scenario: CurrentDistributionScenario) -> Check:
    """Size, scales and warnings of a resolved scenario."""
    mesh, order = scenario.mesh, scenario.numerics.order
    tertiary, ohmic = scenario.distribution == "tertiary", scenario.electrons is not None
    fields = (*(("concentration",) if tertiary else ()), "potential", *(("electrons",) if ohmic else ()))
    unknowns = nodes_of(mesh, order) * len(fields)
    electrolyte, c0 = build_electrolyte(scenario.electrolyte), scenario.electrolyte.concentration
    conductivity = float(electrolyte.conductivity(c0))
    kinetics = scenario.kinetics
    f = 1.0 / electrolyte.thermal_voltage
    alpha_a = resolved(kinetics.anodic_transfer_coefficient)
    current = scenario.working_electrode.current_density
    conductance = cell.charge_transfer_conductance(
        current or 0.0,
        kinetics.exchange_current_density,
        alpha_a,
        kinetics.transfer_coefficient,
        f,
        kinetics.film_resistance,
    )
    scales = [Scale("Wagner length", cell.wagner_length(conductivity, conductance), "m", "conduction against kinetics")]
    warnings = []
    length = length_of(mesh)
    if length is not None and tertiary:
        D, t_plus = float(electrolyte.diffusivity(c0)), float(electrolyte.transference(c0))
        limit = cell.limiting_current(D, c0, t_plus, length, scenario.counter_electrode.kind)
        scales.append(Scale("limiting current", limit, "A/m^2", "flat electrodes at the mesh's distance"))
        scales.append(Scale("diffusion time", cell.diffusion_time(D, length), "s"))
        if current is not None and current > limit:
            warnings.append("the current exceeds the limiting one of flat electrodes: a steady state may not exist")
    return _checked(scenario, unknowns, fields, scales, warnings)


def check_double_layer(scenario: DoubleLayerScenario) -> Check:
    """Size, scales and warnings of a resolved scenario."""
    from ramify.models.double_layer import net_charge
    from ramify.physics.constants import FARADAY, GAS_CONSTANT, VACUUM_PERMITTIVITY

    mesh = scenario.mesh
    fields = ("potential", *(ion.name for ion in scenario.ions))
    unknowns = nodes_of(mesh, 1) * len(fields)
    strength = sum(ion.charge**2 * ion.concentration for ion in scenario.ions)
    permittivity = scenario.relative_permittivity * VACUUM_PERMITTIVITY
    debye = (permittivity * GAS_CONSTANT * scenario.temperature / (FARADAY**2 * strength)) ** 0.5
    thermal = GAS_CONSTANT * scenario.temperature / FARADAY
    scales = [
        Scale("Debye length", debye, "m", "of the solution at the start"),
        Scale("thermal voltage", thermal, "V", "RT/F"),
        Scale("capacitance", permittivity / debye, "F/m^2", "of the diffuse layer at small voltage"),
    ]
    warnings = []
    if charge := net_charge(scenario):
        warnings.append(
            f"the solution is not neutral at the start: the charges add up to {charge:.4g} mol/m^3, which the "
            "electrodes have to make up for"
        )
    length = length_of(mesh)
    if length is not None:
        slowest = min(ion.diffusivity for ion in scenario.ions)
        scales.append(
            Scale("charging time", debye * length / slowest, "s", "Debye length times distance over diffusivity")
        )
        scales.append(Scale("diffusion time", cell.diffusion_time(slowest, length), "s"))
    if isinstance(mesh, BoxMesh):
        finest = mesh.grading.finest if mesh.grading else mesh.size[-1] / mesh.cells[-1]
        if finest > 0.5 * debye:
            warnings.append(f"the finest cell, {finest:.3g} m, is more than half a Debye length, {debye:.3g} m")
    return _checked(scenario, unknowns, fields, scales, warnings)


def _checked(
    scenario: CurrentDistributionScenario | DoubleLayerScenario,
    unknowns: int,
    fields: tuple[str, ...],
    scales: list[Scale],
    warnings: list[str],
) -> Check:
    mesh = scenario.mesh
    dimension = dimension_of(mesh)
    if isinstance(mesh, FileMesh):
        warnings.append("the size of a mesh file is known when it is read: cells and memory are not estimated")
    return Check(
        title=scenario.title,
        cells=(cell_count(mesh),),
        spacing=(),
        dimension=dimension,
        unknowns=unknowns,
        memory_bytes=BYTES_BEFORE_MESH + unknowns * BYTES_PER_UNKNOWN[dimension or 3],
        steps=0,
        scales=tuple(scales),
        unknown_fields=fields,
        warnings=tuple(warnings),
    )
