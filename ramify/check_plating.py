"""What can be told of a plating scenario before it runs: its size, scales, and whether the grid can show its physics.

Limiting current, Sand's time, Wagner length and the wavelengths of an unstable front are those of `physics.cell`, at
the initial concentration and the largest plating current of the protocol. What cannot run at all was refused when the
scenario was loaded; what runs but may not mean what one hopes is a warning here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ramify.build import build_electrolyte, build_metal, count_nuclei
from ramify.build_hosts import build_domain, build_host
from ramify.check import Check, Scale
from ramify.check_inputs import input_warnings
from ramify.check_mechanics import stress_memory, stress_warnings
from ramify.check_surface import surface_scales, surface_warnings
from ramify.check_wetting import wetting_warnings
from ramify.physics import cell
from ramify.physics.classical_nucleation import barrier, critical_radius
from ramify.physics.constants import BOLTZMANN, FARADAY, GAS_CONSTANT
from ramify.scenario.grid_rules import resolved, resolved_widths, text
from ramify.scenario.hosts import NoHost
from ramify.scenario.protocol import Step
from ramify.scenario.resolve import largest_edge, spacing
from ramify.scenario.schema import PlatingScenario

FEWEST_CELLS = 4.0
"""Cells across a length below which its shape is the grid's."""
BYTES_PER_CELL = {"petsc": 650.0, "fipy": 6000.0}
"""All fields and solvers of an engine, an upper estimate for large grids."""
BYTES_BEFORE_GRID = 300e6
"""Python, its libraries and compiled kernels."""
UNKNOWNS = ("metal fraction", "concentration", "potential")
"""Of every cell."""
LARGE_FOR_FIPY = 100_000
"""Cells above which engine fipy needs patience: about a millisecond per thousand cells and solve."""


@dataclass(frozen=True)
class _Case:
    """The numbers that every estimate needs."""

    scenario: PlatingScenario
    diffusivity: float
    transference: float
    conductivity: float
    length: float
    """Electrolyte between film and counter electrode [m]."""
    limit: float
    """Limiting current density [A/m^2]."""
    steps: tuple[Step, ...]

    @property
    def current(self) -> float:
        """Largest plating current density of the protocol [A/m^2]; zero where none is given."""
        return max([0.0, *(step.current_density or 0.0 for step in self.steps)])


def check_plating(scenario: PlatingScenario) -> Check:
    """Size, scales and warnings of a resolved scenario.

    Raises
    ------
    ScenarioError
        Where its host cannot be made, or its random nuclei are none or too many.
    """
    domain, case = build_domain(scenario.domain), _case(scenario)
    count = math.prod(domain.cells)
    host_notes = _host_notes(scenario)
    scales = [*_lengths(case), *_transport(case), *_front(case), *_deposit(case), *_nuclei(case)]
    scales += surface_scales(scenario, case.current)
    return Check(
        title=scenario.title,
        cells=domain.cells,
        spacing=domain.spacing,
        dimension=domain.dimension,
        unknowns=len(UNKNOWNS) * count,
        unknown_fields=UNKNOWNS,
        memory_bytes=BYTES_BEFORE_GRID + (BYTES_PER_CELL[scenario.engine] + stress_memory(scenario.mechanics)) * count,
        steps=len(scenario.protocol),
        scales=tuple(scales),
        warnings=(
            *host_notes,
            *input_warnings(scenario, case.current),
            *_grid_warnings(case),
            *_front_warnings(case),
            *wetting_warnings(scenario, case.current, _conductance(case)),
            *surface_warnings(scenario, case.current),
            *_protocol_warnings(case),
            *stress_warnings(scenario.mechanics),
        ),
    )


def _case(scenario: PlatingScenario) -> _Case:
    electrolyte, c0 = build_electrolyte(scenario.electrolyte), scenario.electrolyte.concentration
    D, t_plus = float(electrolyte.diffusivity(c0)), float(electrolyte.transference(c0))
    length = scenario.domain.size[-1] - resolved(scenario.film.thickness)
    return _Case(
        scenario=scenario,
        diffusivity=D,
        transference=t_plus,
        conductivity=float(electrolyte.conductivity(c0)),
        length=length,
        limit=cell.limiting_current(D, c0, t_plus, length, scenario.counter_electrode.kind),
        steps=tuple(step for _, step in scenario.protocol.distinct()),
    )


def _lengths(case: _Case) -> list[Scale]:
    width, edge = resolved(case.scenario.interface.width), largest_edge(case.scenario.domain)
    return [
        Scale("interface width", width, "m", f"profile of {4.0 * width / edge:.1f} cells"),
        Scale("film thickness", resolved(case.scenario.film.thickness), "m"),
    ]


def _transport(case: _Case) -> list[Scale]:
    section, current = case.scenario.electrolyte, case.current
    kind = case.scenario.counter_electrode.kind
    scales = [
        Scale("diffusivity", case.diffusivity, "m2/s", "at the initial concentration"),
        Scale("transference number", case.transference, "-"),
        Scale("conductivity", case.conductivity, "S/m"),
        Scale("limiting current density", case.limit, "A/m2", f"plain cell, {kind} counter electrode"),
        Scale("diffusion time", cell.diffusion_time(case.diffusivity, case.length), "s"),
    ]
    if current > 0.0:
        ratio = current / case.limit
        scales.append(Scale("current density", current, "A/m2", f"{ratio:.3g} of the limiting current"))
        sand = cell.sand_time(case.diffusivity, section.concentration, case.transference, current)
        scales.append(Scale("Sand's time", sand, "s", "unbounded electrolyte"))
    if current > case.limit:
        scales.append(Scale("depletion time", _depletion_time(case, current), "s", "plain cell, front at rest"))
        layer = 2.0 * FARADAY * case.diffusivity * section.concentration / ((1.0 - case.transference) * current)
        scales.append(Scale("depletion layer", layer, "m", "diffusion length at Sand's time"))
    return scales


def _depletion_time(case: _Case, current: float) -> float:
    kind, c0 = case.scenario.counter_electrode.kind, case.scenario.electrolyte.concentration
    return cell.cell_depletion_time(case.diffusivity, c0, case.transference, case.length, current, kind)


def _conductance(case: _Case) -> float:
    """Of charge transfer at the largest current [S/m^2]."""
    kinetics = case.scenario.kinetics
    f = FARADAY / (GAS_CONSTANT * case.scenario.electrolyte.temperature)
    alpha_a = resolved(kinetics.anodic_transfer_coefficient)
    ratio = case.scenario.electrolyte.concentration / resolved(kinetics.reference_concentration)
    return cell.charge_transfer_conductance(
        case.current,
        kinetics.exchange_current_density * ratio**alpha_a,
        alpha_a,
        kinetics.transfer_coefficient,
        f,
        kinetics.film_resistance,
    )


def _front(case: _Case) -> list[Scale]:
    if case.current == 0.0:
        return []
    metal, edge, conductance = build_metal(case.scenario.metal), largest_edge(case.scenario.domain), _conductance(case)
    shape = (metal.molar_volume, metal.surface_energy)
    waves = {
        "cut-off wavelength": cell.cut_off_wavelength(case.current, case.conductivity, *shape),
        "fastest wavelength": cell.fastest_wavelength(case.current, case.conductivity, conductance, *shape),
    }
    scales = [Scale("Wagner length", cell.wagner_length(case.conductivity, conductance), "m")]
    return scales + [Scale(name, value, "m", f"{value / edge:.1f} cells") for name, value in waves.items()]


def _deposit(case: _Case) -> list[Scale]:
    charge = _plated_charge(case)
    if not math.isfinite(charge) or charge <= 0.0:
        return []
    thickness = build_metal(case.scenario.metal).thickness(charge)
    return [Scale("largest deposit", thickness, "m", "as a dense layer over the cross-section")]


def _plated_charge(case: _Case) -> float:
    """Largest charge [C/m^2] above the start that the protocol can plate; infinite where nothing bounds it."""
    return case.scenario.protocol.total(_step_charge)[1]


def _step_charge(step: Step) -> float:
    if step.kind == "rest":
        return 0.0
    sign = math.copysign(1.0, step.current_density if step.current_density is not None else -(step.voltage or 0.0))
    bounds = [step.stop("capacity") or math.inf]
    if step.duration is not None and step.current_density is not None:
        duty = step.time_on / (step.time_on + step.time_off) if step.time_on and step.time_off else 1.0
        bounds.append(abs(step.current_density) * duty * step.duration)
    # a strip without a bound can take no more than there is: leave the running total as it stands
    return 0.0 if sign < 0.0 and math.isinf(min(bounds)) else sign * min(bounds)


def _nuclei(case: _Case) -> list[Scale]:
    """Critical nucleus at the largest overpotential that the protocol allows, without the losses of the cell."""
    section, metal = case.scenario.nucleation, build_metal(case.scenario.metal)
    driven = [abs(v) for step in case.steps for v in (step.voltage, step.limit, step.stop("voltage")) if v]
    if section is None or section.law != "classical" or not driven:
        return []
    law = {"surface_energy": metal.surface_energy, "molar_volume": metal.molar_volume}
    angle, temperature = resolved(section.contact_angle), case.scenario.electrolyte.temperature
    height = float(barrier(-max(driven), contact_angle=angle, **law)) / (BOLTZMANN * temperature)
    note = f"at {max(driven):g} V"
    return [
        Scale("critical nucleus radius", float(critical_radius(-max(driven), **law)), "m", note),
        Scale("nucleation barrier", height, "kT", note),
    ]


def _host_notes(scenario: PlatingScenario) -> list[str]:
    host, section = build_host(scenario), scenario.host
    count_nuclei(scenario, host)
    if host is None or isinstance(section, NoHost):
        return []
    domain, edges = build_domain(scenario.domain), spacing(scenario.domain)
    notes = host.check(domain.size, domain.periodic)
    widths = {name: length / edge for name, (_, length, edge) in resolved_widths(section, edges).items()}
    if not section.widths():
        widths["narrowest feature"] = host.feature_size / largest_edge(scenario.domain)
    for name, cells in widths.items():
        if cells < FEWEST_CELLS * (1.0 - 1e-9):
            notes.append(f"host: {cells:.1f} cells across its {name}: the shape is the grid's")
    return notes


def _grid_warnings(case: _Case) -> list[str]:
    scenario, domain = case.scenario, build_domain(case.scenario.domain)
    width, edge = resolved(scenario.interface.width), largest_edge(scenario.domain)
    notes = []
    if 4.0 * width < FEWEST_CELLS * edge * (1.0 - 1e-9):
        notes.append(
            f"interface: its profile spans {4.0 * width / edge:.1f} cells, below {FEWEST_CELLS:g} it feels the grid"
        )
    edges = [h for h, n in zip(domain.spacing, domain.cells, strict=True) if n > 1]
    if max(edges) > 2.0 * min(edges):
        notes.append(f"grid: cells of {text(min(edges))} by {text(max(edges))}: fronts grow differently along the axes")
    thickness = resolved(scenario.film.thickness)
    if 0.0 < thickness < 2.0 * width:
        notes.append(f"film: {text(thickness)} is less than two interface widths: it is not metal throughout")
    if scenario.engine == "fipy" and math.prod(domain.cells) > LARGE_FOR_FIPY:
        notes.append(f"engine fipy: {math.prod(domain.cells)} cells are many for it; engine petsc is made for them")
    return notes


def _front_warnings(case: _Case) -> list[str]:
    edge = largest_edge(case.scenario.domain)
    lateral = any(n > 1 for n in case.scenario.domain.cells[:-1])
    notes = []
    waves = {scale.name: scale.value for scale in _front(case) if scale.name.endswith("wavelength")}
    if lateral and waves and case.scenario.interface.motion == "moving":
        for name, value in waves.items():
            if value < FEWEST_CELLS * edge:
                told = f"{value / edge:.1f} cells" if value else "zero (no surface energy)"
                notes.append(f"front: the {name} is {told}: the morphology is the grid's")
    layers = [scale.value for scale in _transport(case) if scale.name == "depletion layer"]
    height = build_domain(case.scenario.domain).spacing[2]
    if layers and layers[0] < FEWEST_CELLS * height:
        notes.append(f"salt: the depletion layer is {layers[0] / height:.1f} cells: refine z or lower the current")
    return notes


def _protocol_warnings(case: _Case) -> list[str]:
    electrolyte, notes = build_electrolyte(case.scenario.electrolyte), []
    c0 = case.scenario.electrolyte.concentration
    for step in case.steps:
        notes += _current_warnings(case, step)
    swing = min(case.current / case.limit, 1.0)
    notes += electrolyte.extrapolation(c0 * (1.0 - swing), c0 * (1.0 + swing))
    charge = _plated_charge(case)
    if math.isfinite(charge) and charge > 0.0 and case.scenario.interface.motion == "moving":
        thickness = build_metal(case.scenario.metal).thickness(charge)
        if thickness > 0.8 * case.length:
            notes.append(f"deposit: {text(thickness)} of dense metal do not fit: the domain leaves {text(case.length)}")
    return notes


def _current_warnings(case: _Case, step: Step) -> list[str]:
    """Steps that cannot be driven, or never end."""
    current = step.current_density or 0.0
    mean = current * step.time_on / (step.time_on + step.time_off) if step.time_on and step.time_off else current
    if mean <= 0.0:
        return []
    ends = {condition.kind for condition in step.until}
    if mean <= case.limit:
        if ends == {"depletion"} and step.duration is None and isinstance(case.scenario.host, NoHost):
            return [f"protocol: '{step.text}' is below the limiting current {case.limit:.4g} A/m2: it may never end"]
        return []
    depletion = _depletion_time(case, mean)
    charge = step.stop("capacity")
    lasts = min(step.duration or math.inf, charge / mean if charge else math.inf)
    if step.limit is None and not ends & {"depletion", "voltage"} and lasts > depletion:
        return [
            f"protocol: '{step.text}' is {mean / case.limit:.3g} times the limiting current and outlasts the depletion "
            f"time {depletion:.4g} s, when the potential diverges: give a 'limit VOLTAGE' or 'until depletion'"
        ]
    return []
