"""Options of `ramify atomistic ...`: text with units to SI; every refusal names its option."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ramify.atomistic.diffusivity_request import PHASES, Phase, Request, Vacancies
from ramify.atomistic.facts import Stated
from ramify.atomistic.laws import arrhenius, over_sizes
from ramify.atomistic.nucleus_record import METHODS, Thermodynamics
from ramify.atomistic.nucleus_record import Request as NucleusRequest
from ramify.atomistic.record import Record
from ramify.atomistic.record_file import read_record
from ramify.physics.constants import AVOGADRO
from ramify.scenario.errors import ScenarioError, refuse_choice, shown
from ramify.scenario.units import (
    DIFFUSIVITY,
    LENGTH,
    MOLAR_VOLUME,
    NUMBER,
    TEMPERATURE,
    TIME,
    Dimension,
    Sign,
    parse_quantity,
)

ENERGY = Dimension("an energy", "J", ("0.48 eV", "7.7e-20 J"))
MOLAR_ENERGY = Dimension("an energy", "J/mol", ("46 kJ/mol",))
VISCOSITY = Dimension("a viscosity", "Pa*s", ("0.5 mPa*s",))
SPREAD = re.compile(r"^\s*(\S+)\s*(?:\+-|\+/-|±)\s*(\S+)\s*(.*)$")
AXES = ("x", "y", "z")


def quantity(option: str, text: str | None, dimension: Dimension, sign: Sign = "positive") -> float | None:
    """An option in SI units; None where it is not given."""
    if text is None:
        return None
    try:
        return parse_quantity(text, dimension, sign)
    except ScenarioError as error:
        raise error.below((option,)) from None


def with_error(option: str, text: str, dimension: Dimension | None) -> tuple[float, float]:
    """'0.48 +- 0.05 eV' as value and standard uncertainty in SI; a plain number where there is no dimension."""
    found = SPREAD.match(text)
    parts = (found[1], found[2]) if found else (text, None)
    unit = found[3] if found else ""
    numbers = []
    for part in parts:
        if part is None:
            numbers.append(0.0)
        elif dimension is None:
            value = float(part) if NUMBER.fullmatch(part.strip()) and not unit.strip() else math.nan
            if not math.isfinite(value):
                raise ScenarioError("not a number", (option,), shown(text), "such as '1.5 +- 0.5'")
            numbers.append(value)
        else:
            numbers.append(energy(option, f"{part} {unit}"))
    return numbers[0], numbers[1]


def energy(option: str, text: str) -> float:
    """An energy of one atom [J], given for one or for a mole."""
    try:
        return parse_quantity(text, ENERGY, "any")
    except ScenarioError as error:
        try:
            return parse_quantity(text, MOLAR_ENERGY, "any") / AVOGADRO
        except ScenarioError:
            raise error.below((option,)) from None


def stated(given: Mapping[str, Any]) -> Stated:
    """What the options say of the simulation."""
    elements = tuple(word.strip() for word in (given["elements"] or "").split(",") if word.strip())
    return Stated(
        units=given["units"],
        timestep=quantity("--timestep", given["timestep"], TIME),
        interval=quantity("--interval", given["interval"], TIME),
        temperature=quantity("--temperature", given["temperature"], TEMPERATURE),
        elements=elements,
        potential=given["potential"],
    )


def choice(option: str, word: str, choices: tuple[str, ...]) -> str:
    """A word among choices."""
    if word not in choices:
        raise refuse_choice(word, choices, "not one of the choices", (option,))
    return word


def diffusivity_request(given: Mapping[str, Any]) -> Request:
    """The request that the options of `ramify atomistic diffusivity` make."""
    first = quantity("--from", given["first"], TIME)
    last = quantity("--to", given["last"], TIME)
    if (first is None) != (last is None):
        raise ScenarioError("needs the other", ("--from" if last is None else "--to",), None, "both --from and --to")
    if first is not None and last is not None and not first < last:
        raise ScenarioError("is not before --to", ("--from",), given["first"], f"less than {given['last']}")
    if given["vacancy_wind"] != 1.0 and given["thermodynamic_factor"] is None:
        raise ScenarioError("has no use alone", ("--vacancy-wind",), None, "with --thermodynamic-factor")
    if given["layers"] is not None and given["surface"]:
        raise ScenarioError("excludes --layers", ("--surface",), None, "one of the two")
    positive("--thermodynamic-factor", given["thermodynamic_factor"])
    positive("--vacancy-wind", given["vacancy_wind"])
    positive("--model-uncertainty", given["model_uncertainty"])
    return Request(
        files=tuple(Path(file) for file in given["files"]),
        stated=stated(given),
        element=given["element"],
        column=given["column"],
        table=cast(Any, choice("--table", given["table"], ("msd", "vacf"))),
        phase=None if given["phase"] is None else cast(Phase, choice("--phase", given["phase"], PHASES)),
        window=None if first is None or last is None else (first, last),
        drift=cast(Any, choice("--drift", given["drift"], ("remove", "keep"))),
        unwrapped=given["unwrapped"],
        topology=given["topology"],
        viscosity=quantity("--viscosity", given["viscosity"], VISCOSITY),
        vacancies=vacancies(given),
        thermodynamic_factor=given["thermodynamic_factor"],
        vacancy_wind=given["vacancy_wind"],
        reference=quantity("--reference", given["reference"], DIFFUSIVITY),
        model_uncertainty=given["model_uncertainty"],
        diameter=quantity("--diameter", given["diameter"], LENGTH),
        collective=given["collective"],
        layers=given["layers"],
        axis=AXES.index(choice("--axis", given["axis"], AXES)),
        surface=given["surface"],
        kinisi=given["kinisi"],
    )


def positive(option: str, value: float | None) -> None:
    """Refuse numbers that are not positive and finite."""
    if value is not None and not 0.0 < value < math.inf:
        raise ScenarioError("not a positive number", (option,), str(value))


def vacancies(given: Mapping[str, Any]) -> Vacancies | None:
    """The vacancy route, whole or not at all."""
    options = {"--vacancies": given["vacancies"], "--formation-energy": given["formation_energy"],
               "--formation-entropy": given["formation_entropy"]}  # fmt: skip
    absent = [option for option, value in options.items() if value is None]
    if len(absent) == len(options):
        return None
    if absent:
        raise ScenarioError("missing", (absent[0],), None, f"{', '.join(options)} together")
    return Vacancies(
        count=given["vacancies"],
        energy=with_error("--formation-energy", given["formation_energy"], ENERGY),
        entropy=with_error("--formation-entropy", given["formation_entropy"], None),
    )


VOLUME = Dimension("a volume", "m^3", ("27 nm^3",))
HEAT = Dimension("a heat of fusion", "J/mol", ("3.0 kJ/mol",))


def nucleus_request(given: Mapping[str, Any]) -> NucleusRequest:
    """The request that the options of `ramify atomistic nucleus` make."""
    method = choice("--method", given["method"], METHODS)
    positive("--model-uncertainty", given["model_uncertainty"])
    wanted = {
        "--energy-unit": ("energy_unit", ("profile", "depth")),
        "--time-unit": ("time_unit", ("first-passage",)),
        "--length-unit": ("length_unit", ("depth",)),
        "--volume": ("volume", ("first-passage",)),
        "--field": ("field", ("profile", "depth", "first-passage")),
        "--temperature": ("temperature", ("profile", "depth", "first-passage")),
        "--melting-temperature": ("melting_temperature", ("seeds", "first-passage")),
    }
    for option, (name, methods) in wanted.items():
        if given[name] is not None and method not in methods:
            raise ScenarioError(f"has no use with --method {method}", (option,), given[name], ", ".join(methods))
    return NucleusRequest(
        files=tuple(Path(file) for file in given["files"]),
        method=cast(Any, method),
        temperature=quantity("--temperature", given["temperature"], TEMPERATURE),
        energy_unit=given["energy_unit"],
        field=given["field"],
        time_unit=given["time_unit"],
        length_unit=given["length_unit"],
        volume=quantity("--volume", given["volume"], VOLUME),
        thermodynamics=thermodynamics(given),
        potential=given["potential"],
        model_uncertainty=given["model_uncertainty"],
    )


def thermodynamics(given: Mapping[str, Any]) -> Thermodynamics | None:
    """What classical theory needs, whole or not at all."""
    options = {
        "--melting-temperature": quantity("--melting-temperature", given["melting_temperature"], TEMPERATURE),
        "--heat-of-fusion": quantity("--heat-of-fusion", given["heat_of_fusion"], HEAT),
        "--molar-volume": quantity("--molar-volume", given["molar_volume"], MOLAR_VOLUME),
    }
    values = [value for value in options.values() if value is not None]
    if not values:
        return None
    if len(values) < len(options):
        absent = next(option for option, value in options.items() if value is None)
        raise ScenarioError("missing", (absent,), None, f"{', '.join(options)} together")
    return Thermodynamics(*values)


def arrhenius_law(paths: Sequence[Path], at: str | None) -> Record:
    """The law through records, its value at a temperature."""
    return arrhenius([read_record(path) for path in paths], paths, quantity("--at", at, TEMPERATURE))


def size_law(paths: Sequence[Path], at: str) -> Record:
    """The law through records of particles, its value at a diameter."""
    diameter = quantity("--at", at, LENGTH)
    assert diameter is not None
    return over_sizes([read_record(path) for path in paths], paths, diameter)


def record_names(records: Sequence[Any], output: Path) -> list[Path]:
    """A file for each record: the first under the name given, the others beside it."""
    several = len({record.temperature for record in records}) > 1
    names = [output]
    for record in records[1:]:
        at = f"-{record.temperature:g}K" if several else ""
        names.append(output.with_name(f"{output.stem}-{record.quantity}{at}{output.suffix or '.yaml'}"))
    return names
