"""Metals of the published Allen-Cahn voids for tests."""

from __future__ import annotations

from ramify.phasefield.grid import Grid
from ramify.phasefield.problem import Domain
from ramify.phasefield.voids.allen_cahn.metal import AllenCahnMetal
from ramify.phasefield.voids.allen_cahn.problem import AllenCahnProblem, PhaseField
from ramify.phasefield.voids.problem import VacancyTransport

D, OMEGA, T = 7.5e-13, 13.1e-6, 298.0


def phase_metal(cells, h, void=None, diffusivity=D, back="sink", periodic=False, **phase):
    """A metal on cubes of edge h [m]."""
    domain = Domain(tuple(n * h for n in cells), cells, periodic)
    parameters = PhaseField(**phase)
    transport = VacancyTransport(diffusivity, OMEGA, parameters.surface_energy, T, back=back)
    return AllenCahnMetal(Grid(domain), AllenCahnProblem(domain, transport, parameters, void))
