"""Material records in scenarios: `!record FILE` where a quantity is expected, and what was taken from it.

    materials:
      D: !record {file: li.yaml, temperature: 298 K}      # once, with a name ...
    metal: {surface_energy: !record gamma.yaml}           # ... or where it is needed
    ...: {diffusivity: !material D}

A record is read, its unit goes through the same check as a quantity written by hand, and the resolved scenario keeps
what was taken: file, hash, value, uncertainty. `quantile` (0.5 by default) draws the value from the record's
distribution: a study that varies `materials.D.quantile` between 0 and 1 propagates the uncertainty. Nothing in a
record is ever executed.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramify.scenario.errors import Key, ScenarioError, key_text, nearest, shown
from ramify.scenario.units import TEMPERATURE, parse_quantity

if TYPE_CHECKING:
    from ramify.atomistic.record import Record
    from ramify.scenario.load import Document

RECORD, MATERIAL = "record", "material"
"""Keys (and tags) that make a mapping the inclusion of a record, or of a named one."""
KEYS = (RECORD, "temperature", "quantile")
"""Keys of an inclusion."""


@cache
def shipped_records() -> dict[str, Path]:
    """Shipped material records by name."""
    folder = Path(str(files("ramify.scenarios"))) / "materials"
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def include_records(document: Document) -> None:
    """Put values in the place of records, and what was taken into `materials`.

    Raises
    ------
    ScenarioError
        With file, line and key: no such record, a record that is refused, a temperature outside its range.
    """
    try:
        taken = _named(document)
        document.data.update({name: _included(value, (name,), document, taken) for name, value in document.data.items()
                              if name != "materials"})  # fmt: skip
    except ScenarioError as error:
        raise document.locate(error) from None
    if taken:
        document.data["materials"] = taken


def _named(document: Document) -> dict[str, Any]:
    """The section `materials`, each entry read; entries that a run has settled stay as they are."""
    section = document.data.get("materials")
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ScenarioError("not a mapping of names to records", ("materials",), shown(section), "{D: !record li.yaml}")
    taken: dict[str, Any] = {}
    for name, entry in section.items():
        key = ("materials", name)
        if not isinstance(entry, dict) or RECORD not in entry:
            raise ScenarioError("not a material record", key, shown(entry), "!record FILE")
        if "value" not in entry:
            taken[name] = _take(entry, key, document)
            continue
        overridden = [origin for origin in document.origins if origin[:2] == key]
        if overridden:
            problem = "a resolved scenario has taken its values already"
            raise ScenarioError(problem, overridden[0], None, "the scenario that it was resolved from")
        taken[name] = entry
    return taken


def _included(value: Any, key: Key, document: Document, taken: dict[str, Any]) -> Any:
    """A value with the inclusions in it replaced."""
    if isinstance(value, list):
        return [_included(item, (*key, k), document, taken) for k, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if set(value) == {MATERIAL}:
        name = str(value[MATERIAL])
        if name not in taken:
            allowed = ", ".join(taken) or "the names under materials, of which there are none"
            raise ScenarioError("no such material", key, shown(name), allowed, nearest(name, taken))
        return taken[name]["value"]
    if RECORD in value:
        entry = _take(value, key, document)
        taken[key_text(key)] = entry
        return entry["value"]
    return {name: _included(item, (*key, name), document, taken) for name, item in value.items()}


def _take(entry: dict[str, Any], key: Key, document: Document) -> dict[str, Any]:
    """What an inclusion takes from its record."""
    from ramify.atomistic.errors import AtomisticError
    from ramify.atomistic.record import hashed
    from ramify.atomistic.record_file import read_record

    for name in entry:
        if name not in KEYS:
            raise ScenarioError("unknown key", (*key, name), None, ", ".join(KEYS), nearest(name, KEYS))
    path = _path(entry[RECORD], key, Path(document.file).parent)
    try:
        record = read_record(path)
    except AtomisticError as error:
        raise ScenarioError(f"record refused: {error}", key) from None
    temperature = _temperature(entry, key, record)
    quantile = entry.get("quantile", 0.5)
    if isinstance(quantile, bool) or not isinstance(quantile, int | float) or not 0.0 < quantile < 1.0:
        raise ScenarioError(
            "not a quantile", (*key, "quantile"), shown(quantile), "a number between 0 and 1, neither of them"
        )
    try:
        value = record.quantile(float(quantile), temperature)
        uncertainty = record.uncertainty.combined if temperature is None else record.at(temperature)[1]
    except ValueError as failure:
        raise ScenarioError(str(failure), (*key, "temperature"), None, "a temperature in the record's range") from None
    taken = {
        RECORD: path.name,
        "sha256": hashed(path).sha256,
        "quantity": record.quantity,
        "value": _text(value, record.unit),
        "standard_uncertainty": _text(uncertainty, record.unit),
        "quantile": float(quantile),
    }
    return taken if temperature is None else taken | {"temperature": f"{temperature!r} K"}


def _text(value: float, unit: str) -> str | float:
    """A quantity as a scenario holds it; a plain number where it has no dimension."""
    return value if unit == "1" else f"{value!r} {unit}"


def _temperature(entry: dict[str, Any], key: Key, record: Record) -> float | None:
    """The temperature at which a record is evaluated [K]; one with a law needs it."""
    if "temperature" in entry:
        try:
            return parse_quantity(entry["temperature"], TEMPERATURE)
        except ScenarioError as error:
            raise error.below((*key, "temperature")) from None
    if record.law is None:
        return None
    low, high = record.valid.temperature or (0.0, 0.0)
    problem = "missing: the record is a law over the temperature"
    raise ScenarioError(problem, (*key, "temperature"), None, f"{low:g} to {high:g} K")


def _path(name: object, key: Key, folder: Path) -> Path:
    """The file of a record: beside the scenario, or shipped under that name."""
    if not isinstance(name, str) or not name:
        raise ScenarioError("not the name of a record", key, shown(name), "a file, or the name of a shipped record")
    path, shipped = folder / name, shipped_records()
    if path.is_file() or Path(name).suffix:
        return path
    if name in shipped:
        return shipped[name]
    raise ScenarioError("no such record file, and none of that name is shipped", key, shown(name),
                        f"a file, or one of {', '.join(shipped)}", nearest(name, shipped))  # fmt: skip
