"""`model: plating`, the flagship: metal that grows and dissolves in a binary electrolyte, as a diffuse surface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ramify.models import TimedModel, timed
from ramify.scenario.grid_rules import refuse_unresolved
from ramify.scenario.host_files import with_host_file
from ramify.scenario.resolve import resolve
from ramify.scenario.rules import refuse_misfits
from ramify.scenario.schema import PlatingScenario

if TYPE_CHECKING:
    from ramify.check import Check
    from ramify.run.driver import Driver


def complete(scenario: PlatingScenario, folder: Path) -> PlatingScenario:
    """The resolved scenario; what it names by a relative path lies in `folder`."""
    scenario = with_host_file(scenario, folder)
    refuse_misfits(scenario)
    resolved = resolve(scenario)
    refuse_unresolved(resolved)
    return resolved


def check(scenario: PlatingScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.check_plating import check_plating

    return check_plating(scenario)


def driver() -> Driver:
    """Problem and engines for the runner."""
    from ramify.build import build_problem
    from ramify.run.driver import Driver
    from ramify.run.engines import make_engine

    return Driver(build_problem, make_engine)


MODEL = TimedModel(PlatingScenario, complete, check, timed.run, timed.resume, timed.plot, driver)
