"""Metals of the published Allen-Cahn voids for tests."""

from __future__ import annotations

from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.allen_cahn.metal import AllenCahnMetal
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem, PhaseField
from ramify.phasefield.voids.problem import VacancyTransport

D, OMEGA, OMEGA_V, T = 7.5e-13, 13.1e-6, 6e-6, 298.0
PRESSED = """\
model: voids
formulation: allen_cahn
domain: {size: [8 um, 6 um], cells: [20, 15]}
voids: [{position: [0 um, 6 um], radius: 3 um}]
electrolyte: {thickness: 20 um, conductivity: 5.5e-3 S/m}
kinetics: {exchange_current_density: 100 A/m^2}
mechanics: {stack_pressure: 1 MPa}
protocol: [strip at 1 mA/cm^2 for 10 min]
"""
"""A void that metal creeps into."""


def phase_metal(cells, h, void=None, diffusivity=D, back="sink", periodic=False, stack_pressure=0.0, **phase):
    """A metal on cubes of edge h [m]."""
    domain = Domain(tuple(n * h for n in cells), cells, periodic)
    parameters = PhaseField(**phase)
    transport = VacancyTransport(diffusivity, OMEGA, parameters.surface_energy, T, back=back)
    return AllenCahnMetal(Grid(domain), AllenCahnProblem(domain, transport, parameters, void, stack_pressure))
