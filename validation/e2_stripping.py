"""E2: stripping of Li and Li0.9Mg0.1 at a garnet electrolyte, 1 and 0.1 mA/cm2, with and without two hours of rest.

Experiment: Siniscalchi et al., ACS Energy Lett. 7 (2022) 3593 (Ta-doped LLZO, 30 degC, no pressure, cut-off 4 V). Its
orderings and ratios are compared; nothing is fitted to them. The parameters were fixed before, in the shipped scenarios
`li_mg_rest` and `strip_li`:

    D(x_Mg)                tracer values of the same paper at 25 degC, 53 kJ/mol to 30 degC; lattice frame, intrinsic
    activity               Saunders 1990
    electrolyte, contact   0.1 S/m (Li et al. 2012), 1 mm; 2 ohm cm2 (Sharafi et al. 2017)
    critical current       0.2 mA/cm2: Schmalzried and Janek's sqrt(D) through 0.05 mA/cm2 at 1e-11 cm2/s, the lower end
                           of what the paper quotes for lithium, to D = 1.6e-10 cm2/s
    void depth             15 um, the void radius of Zhao, Wang and Martinez-Paneda (arXiv 2206.14753)
    thickness              100 um, an assumption: the paper gives none here

`sensitivity` varies them one at a time; with a folder it is written to `e2-sensitivity.csv`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from ramify.phasefield.engine import Control
from ramify.validate import Case, Check, check, check_at_least, check_at_most
from ramify.validation.electrodes import SHOWN, hold, shipped, strip
from ramify.validation.figures import Curve, save_curves

NAME = "e2-stripping"
SOURCE = "Siniscalchi et al., ACS Energy Lett. 7 (2022) 3593"
FAST, SLOW, CUT_OFF, REST = 10.0, 1.0, 4.0, 7200.0
"""[A/m^2], [A/m^2], [V], [s]."""
ABOUT_THE_SAME = 0.3
"""How far "a similar capacity" may be from one."""
SOME = 0.05
"""Share of the first capacity that counts as some additional one; a fifth of it counts as none."""
ALLOY, LITHIUM = "li_mg_rest", "strip_li"

VARIATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "as fixed": ((), ()),
    "critical current 0.05 mA/cm2": ((), ("vacancies.critical_current_density=0.05 mA/cm^2",)),
    "critical current 0.1 mA/cm2": ((), ("vacancies.critical_current_density=0.1 mA/cm^2",)),
    "void depth 5 um": ((), ("vacancies.void_depth=5 um",)),
    "void depth 50 um": ((), ("vacancies.void_depth=50 um",)),
    "initial contact 0.3": ((), ("vacancies.initial_contact=0.3",)),
    "voids as caps (exponent 2/3)": ((), ("vacancies.exponent=0.6667",)),
    "sinks of 10 um": ((), ("vacancies.sink_length=10 um",)),
    "thickness 50 um": (("electrode.thickness=50 um",), ("electrode.thickness=50 um",)),
    "thickness 300 um": (("electrode.thickness=300 um", "electrode.cells=400"), ("electrode.thickness=300 um",)),
    "D at 25 degC": (("diffusion.activation_energy=0 kJ/mol",), ("diffusion.activation_energy=0 kJ/mol",)),
    "alloy D constant, 2.4e-11 cm2/s": (("diffusion={diffusivity: 2.4e-11 cm^2/s}",), ()),
    "alloy D a tracer's": (("diffusion.meaning=tracer",), ()),
    "alloy D an interdiffusivity": (("diffusion.frame=volume",), ()),
    "alloy boundary at rest": (("diffusion.frame=fixed",), ()),
    "alloy ideal": (("thermodynamics.preset=ideal",), ()),
    "electrolyte 0.01 S/m": (("electrolyte.conductivity=0.01 S/m",), ("electrolyte.conductivity=0.01 S/m",)),
    "critical current 0.05, void depth 15 um, alloy 300 um": (
        ("electrode.thickness=300 um", "electrode.cells=400"),
        ("vacancies.critical_current_density=0.05 mA/cm^2", "electrode.thickness=300 um"),
    ),
}
"""What is varied: overrides of the alloy's scenario and of lithium's. The critical current is that of the thickness."""


@dataclass(frozen=True)
class Capacities:
    """Areal charges [mAh/cm^2] of one electrode."""

    fast: float
    fast_again: float
    """After two hours of rest."""
    slow: float


def capacities(name: str, overrides: tuple[str, ...] = ()) -> Capacities:
    """The four strippings of one electrode."""
    engine = shipped(name, *overrides)
    fast = strip(engine, FAST, CUT_OFF)
    hold(engine, Control("current", 0.0), REST)
    again = strip(engine, FAST, CUT_OFF)
    return Capacities(SHOWN * fast, SHOWN * again, SHOWN * strip(shipped(name, *overrides), SLOW, CUT_OFF))


def comparison(alloy: Capacities, lithium: Capacities, case: str = NAME) -> list[Check]:
    """The orderings and ratios of the experiment, as checks of a case."""
    fast, slow = lithium.fast / alloy.fast, alloy.slow / lithium.slow
    ratio, gain = lithium.slow / lithium.fast, alloy.slow / alloy.fast
    rested, left = alloy.fast_again / alloy.fast, lithium.fast_again / lithium.fast
    return [
        check_at_least(case, "1 mA/cm2: capacity of Li over that of Li0.9Mg0.1", fast, 1.0, SOURCE),
        check(case, "Li: capacity at 0.1 over that at 1 mA/cm2", ratio, 1.0, ABOUT_THE_SAME, SOURCE),
        check_at_least(case, "Li0.9Mg0.1: capacity at 0.1 over that at 1 mA/cm2", gain, 4.0, SOURCE),
        check_at_least(case, "0.1 mA/cm2: capacity of Li0.9Mg0.1 over that of Li", slow, 1.0, SOURCE),
        check_at_least(case, "Li0.9Mg0.1: capacity after 2 h rest over the first", rested, SOME, SOURCE),
        check_at_most(case, "Li: capacity after 2 h rest over the first", left, 0.2 * SOME, SOURCE),
    ]


def sensitivity(path: Path | None = None) -> list[tuple[str, Capacities, Capacities, list[Check]]]:
    """The comparison for every variation; written as CSV to a path."""
    rows = []
    for name, (of_alloy, of_lithium) in VARIATIONS.items():
        alloy, lithium = capacities(ALLOY, of_alloy), capacities(LITHIUM, of_lithium)
        rows.append((name, alloy, lithium, comparison(alloy, lithium)))
    if path is not None:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            kinds = ("at 1", "at 1 after rest", "at 0.1")
            heads = [f"{metal} {kind} mA/cm2 [mAh/cm2]" for metal in ("Li", "Li0.9Mg0.1") for kind in kinds]
            writer.writerow(["varied", *heads, *(each.quantity for each in rows[0][3]), "orderings met"])
            for name, alloy, lithium, checks in rows:
                numbers = [n for c in (lithium, alloy) for n in (c.fast, c.fast_again, c.slow)]
                met = sum(each.passed for each in checks)
                values = [f"{n:.4g}" for n in (*numbers, *(each.value for each in checks))]
                writer.writerow([name, *values, f"{met} of {len(checks)}"])
    return rows


def curves(name: str, label: str) -> list[Curve]:
    """Voltage over capacity at both currents."""
    drawn: list[Curve] = []
    for current in (FAST, SLOW):
        reports = hold(shipped(name), Control("current", -current, CUT_OFF))
        passed = [SHOWN * current * report.time for report in reports]
        told = f"{label}, {0.1 * current:g} mA/cm2"
        drawn.append((told, passed, [report.voltage for report in reports], "-"))
    return drawn


def run(folder: Path | None) -> list[Check]:
    """The comparison with the parameters as fixed; the sensitivity goes to the folder."""
    if folder is not None:
        lines = [*curves(LITHIUM, "Li"), *curves(ALLOY, "Li0.9Mg0.1")]
        save_curves(folder, NAME, lines, ("capacity [mAh/cm2]", "voltage [V]"))
        sensitivity(folder / "e2-sensitivity.csv")
    return comparison(capacities(ALLOY), capacities(LITHIUM))


CASE = Case(NAME, "Stripping of Li and Li-Mg: orderings of an experiment", "30 s", False, SOURCE, run)
