"""Charge, lithium and salt balance to round-off in every kind of run, and islands carry no net current."""

from dataclasses import replace

import numpy as np
import pytest
from plating_cells import CONCENTRATED, LITHIUM, SALT, H, advance, ball, flat, gathered, plating_problem, rough, union

from ramify.phasefield.engine import Control
from ramify.phasefield.plating import PlatingSolver
from ramify.phasefield.problem import ContactAngles, CounterElectrode, Electrons, Geometry, Interface, Kinetics
from ramify.physics import electrolyte
from ramify.physics.constants import FARADAY

LARGEST = 1e-10
PLATE, REST, STRIP, HOLD = (
    (Control("current", 40.0), 4.0),
    (Control("current", 0.0), 2.0),
    (Control("current", -30.0), 3.0),
    (Control("voltage", -0.03), 2.0),
)
LINE, PLANE, SPACE = (1, 1, 40), (12, 1, 30), (8, 6, 24)
PRESET = electrolyte.preset(CONCENTRATED)


def bumpy(cells):
    """A rough front at a height of six cells."""
    return Geometry(rough(6.0 * H, 0.8 * H, (cells[0] * H, cells[1] * H if cells[1] > 1 else 1.0, 1.0)))


def pillar(x, y, z):
    return np.maximum(x - 1.6 * H, z - 9.0 * H) + 0.0 * y


def with_ball(cells, spacing=(H, H, H)):
    """A flat front and a ball above it that touches nothing."""
    centre = tuple(0.5 * n * h for n, h in zip(cells, spacing, strict=True))
    radius = 2.4 * max(spacing[0], spacing[2])
    return Geometry(
        union(flat(4.5 * spacing[2]), ball((centre[0], centre[1], 13.0 * spacing[2]), radius, cells[1] == 1))
    )


CASES = {
    "line": plating_problem(LINE),
    "line, concentrated": plating_problem(LINE, electrolyte=PRESET),
    "line, reservoir": plating_problem(LINE, counter=CounterElectrode("reservoir"), electrolyte=PRESET),
    "line, butler_volmer": plating_problem(LINE, counter=CounterElectrode("lithium", "butler_volmer")),
    "line, frozen": plating_problem(LINE, interface=Interface(H, motion="frozen")),
    "line, film": plating_problem(LINE, kinetics=Kinetics(30.0, SALT, 0.7, 0.3, film_resistance=5e-3)),
    "plane": plating_problem(PLANE, geometry=bumpy(PLANE), electrolyte=PRESET),
    "plane, first order": plating_problem(PLANE, geometry=bumpy(PLANE)),
    "plane, allen_cahn": plating_problem(PLANE, geometry=bumpy(PLANE), interface=Interface(H, curvature="allen_cahn")),
    "plane, capillarity": plating_problem(PLANE, geometry=bumpy(PLANE), metal=replace(LITHIUM, surface_energy=1.0)),
    "plane, periodic": plating_problem(
        PLANE,
        periodic=True,
        geometry=Geometry(lambda x, y, z: z - 6.0 * H - 0.5 * H * np.cos(2.0 * np.pi * x / (12 * H)) + 0.0 * y),
    ),
    "plane, host": plating_problem(PLANE, geometry=replace(bumpy(PLANE), host_distance=pillar), electrolyte=PRESET),
    "plane, host, contact angles": plating_problem(
        PLANE,
        geometry=replace(bumpy(PLANE), host_distance=pillar),
        contact_angles=ContactAngles(1.9, 0.8),
        metal=replace(LITHIUM, surface_energy=1.0),
    ),
    "plane, host, contact angles, allen_cahn": plating_problem(
        PLANE,
        geometry=Geometry(ball((7.0 * H, 0.0, 0.0), 5.0 * H, planar=True), host_distance=pillar),
        contact_angles=ContactAngles(1.9, 0.8),
        interface=Interface(H, curvature="allen_cahn"),
    ),
    "plane, inert host, reservoir": plating_problem(
        PLANE,
        geometry=replace(bumpy(PLANE), host_distance=pillar, host_conducting=False),
        counter=CounterElectrode("reservoir"),
    ),
    "plane, stretched cells": plating_problem(
        PLANE, (H, H, 0.6 * H), geometry=Geometry(rough(6.0 * H, 0.8 * H, (12 * H, 1.0, 1.0)))
    ),
    "plane, floating island": plating_problem(PLANE, geometry=with_ball(PLANE), electrolyte=PRESET),
    "plane, inactive island": plating_problem(
        PLANE, geometry=with_ball(PLANE), electrons=Electrons(islands="inactive"), electrolyte=PRESET
    ),
    "plane, ohmic electrons, floating island": plating_problem(
        PLANE, geometry=with_ball(PLANE), electrons=Electrons("ohmic"), electrolyte=PRESET
    ),
    "plane, ohmic electrons in a poor host": plating_problem(
        PLANE,
        geometry=replace(bumpy(PLANE), host_distance=pillar, host_conductivity=1e-2),
        electrons=Electrons("ohmic"),
    ),
    "space": plating_problem(SPACE, geometry=bumpy(SPACE)),
    "space, host, films, butler_volmer": plating_problem(
        SPACE,
        geometry=replace(bumpy(SPACE), host_distance=pillar, activity=lambda x, y, z: 1.0 - 2e4 * z + 0.0 * (x + y)),
        kinetics=Kinetics(30.0, SALT, 0.7, 0.3, film_resistance=5e-3),
        counter=CounterElectrode("lithium", "butler_volmer"),
        electrolyte=PRESET,
    ),
    "space, island, stretched cells": plating_problem(
        SPACE, (H, 0.8 * H, 1.2 * H), geometry=with_ball(SPACE, (H, 0.8 * H, 1.2 * H)), electrolyte=PRESET
    ),
}
CASES["plane, first order"] = replace(
    CASES["plane, first order"], numerics=replace(CASES["plane, first order"].numerics, order=1)
)


@pytest.mark.parametrize("name", CASES)
def test_balances_close_over_plating_rest_stripping_and_hold(name):
    solver = PlatingSolver(CASES[name])
    time = 0.0
    for control, duration in (PLATE, REST, STRIP, HOLD):
        time += duration
        solver.set_control(control)
        advance(solver, time)
        for key, value in solver.ledger.balance(FARADAY).items():
            assert value <= LARGEST, (control, key, value)
    assert solver.ledger.charge != 0.0
    assert solver.ledger.plated > 0.0
    assert solver.ledger.stripped > 0.0


@pytest.mark.parametrize("name", ["line, concentrated", "plane, host", "space, island, stretched cells"])
def test_ledger_agrees_with_the_fields(name):
    """Metal and salt counted from the gathered fields are those the ledger carries."""
    solver = PlatingSolver(CASES[name])
    solver.set_control(PLATE[0])
    advance(solver, PLATE[1])
    xi, psi, c = (gathered(solver, field) for field in ("xi", "psi", "c"))
    volume = solver.problem.domain.cell_volume
    metal = float(((1.0 - psi) * xi).sum()) * volume / solver.problem.metal.molar_volume
    salt = float(((1.0 - psi) * (1.0 - xi) * c).sum()) * volume
    assert solver.ledger.metal == pytest.approx(metal, rel=1e-12)
    assert solver.ledger.salt == pytest.approx(salt, rel=1e-12)


def net_currents(solver):
    """Net and absolute reaction of each island [A]."""
    source = solver.system.source[1:-1, 1:-1, 1:-1].ravel()
    return [(float(source[cells].sum()), float(np.abs(source[cells]).sum())) for cells in solver.system.islands.cells]


@pytest.mark.parametrize("name", ["plane, floating island", "space, island, stretched cells"])
@pytest.mark.parametrize("control", [PLATE[0], HOLD[0]], ids=lambda c: c.mode)
def test_a_floating_island_carries_no_net_current(name, control):
    """It plates on its side that faces the electrode and strips on the other, by the same amount."""
    solver = PlatingSolver(CASES[name])
    solver.set_control(control)
    for _ in range(5):
        solver.step(10.0)
        ((net, gross),) = net_currents(solver)
        assert gross > 0.0
        assert abs(net) <= 1e-6 * gross


def test_an_inactive_island_does_not_react():
    solver = PlatingSolver(CASES["plane, inactive island"])
    before = gathered(solver, "xi")
    solver.set_control(PLATE[0])
    reports = advance(solver, 1.0)
    far = slice(11, 20)
    assert np.abs(gathered(solver, "s")[far]).max() == 0.0
    assert np.abs(gathered(solver, "s")).max() > 0.0
    assert gathered(solver, "xi")[far].sum() == pytest.approx(before[far].sum(), rel=1e-5)
    assert reports[-1].measures["dead_metal"] > 0.0
