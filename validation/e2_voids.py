"""E2 with lithium's voids resolved: an imperfect contact in place of a critical current.

`e2-stripping` gives lithium a critical current, below which no void opens, and so misses two orderings. Here the
contact is imperfect from the start, as in a cell without pressure: half tunnels in its plane, which are the nearest
sinks of vacancies at any current. What was fixed beforehand, and where it is from:

    D               1.6e-14 m2/s at 25 degC, 53 kJ/mol to 30 degC (isotopes, the same paper)
    r               15 um, the void radius of Zhao, Wang and Martinez-Paneda (arXiv 2206.14753)
    thickness       100 um, the back face a sink, no sinks in the bulk: as in `strip_li`
    electrolyte     1 mm of 0.1 S/m, 2 ohm cm2 at the contact, as in `strip_li`
    contact         no source gives it: 0.7, the middle of 0.5 to 0.9, and with it the spacing b = 2r/(1 - contact)

Nothing is fitted. No void is born, and the alloy compared is the planar one of `e2-stripping`, which keeps its contact
by assumption; `beside_voids` gives it the same voids, which sweep magnesium together (its mobility is assumed).

**The rim.** In the metal all is linear in the current, but not at the rim of a void: between an injecting contact and
a wall that holds s the flux rises without bound, the wall runs ahead along the contact, and only capillarity keeps the
void there from getting thinner, at about the rim length sqrt(Gamma F D/(Omega i)): 0.2 um at 1 mA/cm2, 0.6 um at a
tenth. A thin void costs little lithium, and less the larger the current. Where all lengths scale with r the capacity is
r f(i r^2): a cell of a fifth of the size, at currents at which a grid shows the rim, tells how it goes with i. At E2's
size and currents the grid is too coarse, the void too thick and the capacity too large: an upper bound.

`sensitivity` varies contact, radius and more; with a folder it is written to `e2-voids.csv`, and both electrodes with
the same voids over the length of their sinks to `e2-voids-alloy.csv`.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

from ramify.models.voids.build import build_problem
from ramify.phasefield.engine import Control, SolverFailure
from ramify.phasefield.voids.contact_area import shares_of
from ramify.phasefield.voids.engine import VoidEngine
from ramify.scenario import scenario_from_text
from ramify.validate import Case, Check, check, check_at_most, check_relative
from ramify.validation import e2_stripping as planar
from ramify.validation.electrodes import SHOWN
from ramify.validation.figures import Curve, save_curves

NAME = "e2-voids"
BOOKS, ITSELF = "identity", "the same with l and h twice as large"
TEXT = """\
model: voids
domain: {{size: [{size}], cells: [{cells}]}}
voids: [{{position: [{place}], radius: {radius} um}}]
electrolyte: {{thickness: 1 mm, conductivity: 1 mS/cm, temperature: 30 degC}}
kinetics: {{exchange_current_density: 130 A/m^2}}
protocol: [strip at 1 mA/cm^2 until 4 V]
"""
GONE = 0.01
"""Share of the plane in contact below which a current that finds no way has found the end of the contact."""


@dataclass(frozen=True)
class Imperfect:
    """Lithium whose contact has half tunnels in it, or half balls in a square lattice; a symmetric cell of it."""

    contact: float = 0.7
    """Share at the start."""
    radius: float = 15.0
    """[um]."""
    across: int = 40
    """Cells over half a spacing."""
    dimension: int = 2
    thickness: float = 100.0
    """[um]."""
    overrides: tuple[str, ...] = ()

    @property
    def spacing(self) -> float:
        """Of the voids [um]."""
        covered = 1.0 - self.contact
        return self.radius * (2.0 / covered if self.dimension == 2 else math.sqrt(math.pi / covered))

    def engine(self) -> VoidEngine:
        """At its start."""
        half, lateral = 0.5 * self.spacing, self.dimension - 1
        up = round(self.thickness * self.across / half)
        text = TEXT.format(
            size=", ".join([f"{half:.9g} um"] * lateral + [f"{self.thickness:g} um"]),
            cells=", ".join(map(str, [self.across] * lateral + [up])),
            place=", ".join(["0 um"] * lateral + [f"{self.thickness:g} um"]),
            radius=self.radius,
        )
        return VoidEngine(build_problem(scenario_from_text(text, list(self.overrides), NAME)))


SMALL = Imperfect(radius=3.0, across=100, thickness=20.0)
"""All lengths of what was fixed over five."""
WEAK = (0.1, 1.0)
"""Its currents [A/m^2], with 18 and 6 cells to the rim length."""
VARIATIONS: dict[str, Imperfect] = {
    "as fixed": Imperfect(),
    "contact 0.5": Imperfect(contact=0.5, across=24),
    "contact 0.6": Imperfect(contact=0.6, across=30),
    "contact 0.8": Imperfect(contact=0.8, across=60),
    "contact 0.9": Imperfect(contact=0.9, across=80),
    "radius 5 um": Imperfect(radius=5.0),
    "sinks of 10 um": Imperfect(overrides=("vacancies.sink_length=10 um",)),
    "thickness 50 um, half the edge": Imperfect(across=80, thickness=50.0),
    "half balls (3-D)": Imperfect(across=12, dimension=3),
}
"""What is varied, one at a time, at grids that bound the capacity from above."""

MAGNESIUM = ("alloy.magnesium=0.1", "alloy.magnesium_mobility=0.1")
"""The alloy; no mobility is measured."""
SINKS = ("1 um", "2 um", "5 um")
"""Of both electrodes beside the same voids."""


def in_contact(engine: VoidEngine) -> float:
    """Share of the plane."""
    return float(shares_of(engine.grid, engine.state.xi, engine.problem.metal.interface.width).mean())


def strip(engine: VoidEngine, current: float) -> Curve:
    """Strip to the cut-off or until the contact is gone: areal charge taken out [mAh/cm^2], and the contact left."""
    area, before = engine.grid.domain.cross_section, engine.ledger.charge
    passed, left = [0.0], [in_contact(engine)]
    engine.set_control(Control("current", -current, planar.CUT_OFF))
    while True:
        try:
            report = engine.step(math.inf)
        except SolverFailure:
            if in_contact(engine) > GONE:
                raise
            break
        passed.append(SHOWN * (before - engine.ledger.charge) / area)
        left.append(report.measures["contact_fraction"])
        if report.exhausted or report.limited:
            break
    return f"Li, {0.1 * current:g} mA/cm2", passed, left, "-"


def rest(engine: VoidEngine) -> None:
    """Two hours without a current."""
    engine.set_control(Control("current", 0.0))
    end = engine.time + planar.REST
    while engine.time < end:
        engine.step(end)


@dataclass(frozen=True)
class Found:
    """What one contact gives."""

    capacities: planar.Capacities
    curves: tuple[Curve, Curve]
    to_back: float
    """Share of the vacancies of the fast stripping that no void took."""
    imbalance: float
    """Worst step."""


def find(contact: Imperfect) -> Found:
    """The strippings of one contact."""
    engine = contact.engine()
    fast = strip(engine, planar.FAST)
    books = engine.state.ledger
    rest(engine)
    again = strip(engine, planar.FAST)
    slowly = contact.engine()
    slow = strip(slowly, planar.SLOW)
    worst = max(engine.state.ledger.worst_step, slowly.state.ledger.worst_step)
    for each in (engine, slowly):
        each.destroy()
    capacities = planar.Capacities(fast[1][-1], again[1][-1], slow[1][-1])
    return Found(capacities, (fast, slow), (books.annihilated + books.left) / books.stripped, worst)


def sensitivity(path: Path, alloy: planar.Capacities) -> None:
    """The comparison for every variation, as CSV."""
    kinds = ("at 1", "at 1 after rest", "at 0.1")
    heads = ["varied", "contact", "spacing [um]", *(f"Li {kind} mA/cm2 [mAh/cm2]" for kind in kinds)]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*heads, "vacancies not taken by voids", "orderings met"])
        for name, contact in VARIATIONS.items():
            found = find(contact)
            lithium = found.capacities
            met = sum(each.passed for each in planar.comparison(alloy, lithium, NAME))
            numbers = (contact.contact, contact.spacing, lithium.fast, lithium.fast_again, lithium.slow, found.to_back)
            writer.writerow([name, *(f"{number:.4g}" for number in numbers), f"{met} of 6"])
            file.flush()


def beside_voids(path: Path) -> None:
    """Lithium and the alloy with the same voids over the length of their sinks, as CSV."""
    heads = ["sinks", "electrode", "at 1 mA/cm2 [mAh/cm2]", "after rest", "at 0.1", "contact at 1", "contact at 0.1"]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heads)
        for sinks in SINKS:
            for name, magnesium in (("Li", ()), ("Li0.9Mg0.1", MAGNESIUM)):
                found = find(Imperfect(overrides=(*magnesium, f"vacancies.sink_length={sinks}")))
                given, (fast, slow) = found.capacities, found.curves
                numbers = (given.fast, given.fast_again, given.slow, fast[2][-1], slow[2][-1])
                writer.writerow([sinks, name, *(f"{number:.4g}" for number in numbers)])
                file.flush()


def capacity(contact: Imperfect, current: float) -> float:
    """Of one stripping [mAh/cm^2]."""
    engine = contact.engine()
    passed = strip(engine, current)[1][-1]
    engine.destroy()
    return passed


def run(folder: Path | None) -> list[Check]:
    """The six orderings on the grid that is affordable, what one that resolves the rim says, and the books."""
    alloy, found, coarse = (
        planar.capacities(planar.ALLOY),
        find(Imperfect()),
        capacity(Imperfect(across=20), planar.FAST),
    )
    if folder is not None:
        save_curves(folder, NAME, found.curves, ("capacity [mAh/cm2]", "contact left"))
        sensitivity(folder / "e2-voids.csv", alloy)
        beside_voids(folder / "e2-voids-alloy.csv")
    weak, strong = (capacity(SMALL, current) for current in WEAK)
    weak_coarse = capacity(replace(SMALL, across=SMALL.across // 2), WEAK[0])
    ratio = "rim resolved: capacity of Li at a tenth of the current over that at the whole"
    return [
        *planar.comparison(alloy, found.capacities, NAME),
        check_relative(NAME, "Li: capacity at 1 mA/cm2", found.capacities.fast, coarse, 0.03, ITSELF),
        check_relative(NAME, "rim resolved: capacity of Li", weak, weak_coarse, 0.03, ITSELF),
        check(NAME, ratio, weak / strong, 1.0, planar.ABOUT_THE_SAME, planar.SOURCE),
        check_at_most(NAME, "lithium in a step", found.imbalance, 1e-10, BOOKS),
    ]


CASE = Case(NAME, "Stripping of Li with an imperfect contact: orderings", "2 min", False, planar.SOURCE, run)
