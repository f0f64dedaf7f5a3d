"""`model: alloy_stripping`: a planar electrode of lithium or Li-Mg at a solid electrolyte, in one dimension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ramify.models import TimedModel, timed
from ramify.models.alloy_stripping import quantities
from ramify.models.alloy_stripping.rules import complete
from ramify.models.alloy_stripping.schema import AlloyScenario

if TYPE_CHECKING:
    from ramify.check import Check
    from ramify.run.driver import Driver


def check(scenario: AlloyScenario) -> Check:
    """Size, scales and warnings."""
    from ramify.models.alloy_stripping.check import check_alloy

    return check_alloy(scenario)


def driver() -> Driver:
    """Problem and engine for the runner."""
    from ramify.alloy.engine import ElectrodeEngine
    from ramify.models.alloy_stripping.build import build_electrode
    from ramify.run.driver import Driver

    return Driver(
        build_electrode,
        lambda name, problem: ElectrodeEngine(problem),
        extra_history=quantities.HISTORY,
        extra_fields=quantities.FIELDS,
        left_out=quantities.LEFT_OUT,
        extra_summary=lambda engine, measures: {k: measures.get(name) for k, name in quantities.SUMMARY.items()},
    )


def plot(folder: Path) -> list[Path]:
    """Voltage and state of the contact over capacity, and the profiles."""
    from ramify.results.figures.electrode import plot_electrode

    return plot_electrode(folder)


MODEL = TimedModel(AlloyScenario, complete, check, timed.run, timed.resume, plot, driver, columns=quantities.HISTORY)
