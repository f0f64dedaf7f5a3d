"""Small arithmetic in a study: `2 * pore + 10 * um`, `ceil(height / (0.5 * um))`, "plate at {current} for 600 s".

Names are factors, expressions and units; a unit stands for one of itself. Evaluated by simpleeval, with the operators
and functions below and nothing else: no attributes, items, comparisons or text.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ramify.scenario.errors import ScenarioError, nearest, shown
from ramify.scenario.units import unit_factor
from ramify.study.amounts import Amount, Value, exponents_of, measured, parts

LONGEST = 200
"""Characters that an expression may have."""
LARGEST_POWER = 16
BRACES = re.compile(r"\{([^{}]*)\}")
NODES = (ast.Expr, ast.Constant, ast.Name, ast.UnaryOp, ast.BinOp, ast.Call)


def _power(base: Any, power: Any) -> Any:
    if not isinstance(power, int | float) or abs(power) > LARGEST_POWER:
        raise TypeError(f"a power beyond {LARGEST_POWER}")
    return base**power if isinstance(base, Amount) else float(base) ** power


def _plain(function: Any) -> Any:
    """A function of plain numbers."""

    def of(value: Any) -> Any:
        number, exponents = parts(value)
        if exponents:
            raise TypeError("takes a plain number: divide by a quantity of the same kind")
        return function(number)

    return of


def _root(value: Any) -> Any:
    number, exponents = parts(value)
    return measured(math.sqrt(number), tuple((name, exponent / 2) for name, exponent in exponents))


FUNCTIONS = {
    "ceil": _plain(math.ceil),
    "floor": _plain(math.floor),
    "round": _plain(round),
    "exp": _plain(math.exp),
    "log": _plain(math.log),
    "sqrt": _root,
    "abs": abs,
    "min": min,
    "max": max,
}
OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def evaluate(text: str, names: Mapping[str, Value]) -> Value:
    """The value of an expression.

    Parameters
    ----------
    text : str
        Arithmetic, at most `LONGEST` characters.
    names : mapping
        Values of factors and earlier expressions.

    Raises
    ------
    ScenarioError
        Saying what in the expression cannot be.
    """
    if len(text) > LONGEST:
        raise ScenarioError(f"longer than {LONGEST} characters", (), shown(text))
    try:
        value = _evaluator(names).eval(text.strip())
    except ScenarioError:
        raise
    except RecursionError:
        raise ScenarioError("nested too deeply", (), shown(text)) from None
    except Exception as failure:  # simpleeval and the operands raise many kinds; each is the user's input
        problem = shown(str(failure) or type(failure).__name__, 120)
        raise ScenarioError(f"cannot be worked out: {problem}", (), shown(text), allowed()) from None
    return _finite(value, text)


def allowed() -> str:
    """What expressions may hold, for messages."""
    return f"factors, expressions, units, numbers, + - * / ** and {', '.join(FUNCTIONS)}"


def fill(text: str, names: Mapping[str, Value]) -> str:
    """A text with the values of its expressions in braces put in place: 'plate at {current} for 600 s'."""

    def value(found: re.Match[str]) -> str:
        known = names.get(found[1].strip())
        return known if isinstance(known, str) else str(plain(evaluate(found[1], names)))

    return BRACES.sub(value, text)


def derive(entry: Any, names: Mapping[str, Value]) -> Any:
    """The value that a derived key takes: lists item by item, text with braces filled in, other text evaluated."""
    if isinstance(entry, list | tuple):
        return [derive(item, names) for item in entry]
    if isinstance(entry, dict):
        return {key: derive(item, names) for key, item in entry.items()}
    if not isinstance(entry, str):
        return entry
    return fill(entry, names) if BRACES.search(entry) else plain(evaluate(entry, names))


def plain(value: Value) -> int | float | str:
    """A value as a scenario file holds it."""
    return value.text if isinstance(value, Amount) else value


def _evaluator(names: Mapping[str, Value]) -> Any:
    from simpleeval import SimpleEval

    def look_up(node: ast.Name) -> Value:
        if node.id in names:
            value = names[node.id]
            if isinstance(value, str):
                raise ScenarioError("is text: it cannot be calculated with", (), node.id)
            return value
        unit = _unit(node.id)
        if unit is None:
            known = [*names, *FUNCTIONS]
            raise ScenarioError("unknown name", (), node.id, allowed(), nearest(node.id, known))
        return unit

    evaluator = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=look_up)
    evaluator.nodes = {kind: handler for kind, handler in evaluator.nodes.items() if kind in NODES}
    return evaluator


@cache
def _unit(name: str) -> Amount | None:
    """One of a unit; None where there is no such unit."""
    found, exponents = unit_factor(name), exponents_of(name)
    return Amount(float(found[0]), exponents) if found and exponents else None


def _finite(value: Any, text: str) -> Value:
    number = value.value if isinstance(value, Amount) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise ScenarioError("is not a finite number", (), shown(text), allowed())
    return value
