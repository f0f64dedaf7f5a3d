"""`ramify tracer`: what the command line gave, as a task; every refusal names its option."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ramify.scenario.errors import ScenarioError, refuse_choice, shown
from ramify.scenario.units import DIFFUSIVITY, LENGTH, NUMBER, TEMPERATURE, TIME, Dimension, Sign, parse_quantity
from ramify.tracer.fit import Fit, fit
from ramify.tracer.model import KINDS, Experiment, History, Kind
from ramify.tracer.problem import LINEAR, NONLINEAR, Noise, Task
from ramify.tracer.profile import read_history, read_profile

VELOCITY = Dimension("a transfer coefficient", "m/s", ("1e-9 m/s", "1 nm/s"))
ACTIVATION_ENERGY = Dimension("an activation energy", "J/mol", ("50 kJ/mol", "5e4 J/mol"))
NOISES = ("constant", "counts")
ORIGINS = ("surface", "interface")
FREE = tuple(name for name in (*NONLINEAR, *LINEAR) if name != "diffusivity")
"""What --fit may name; D is always fitted."""


@dataclass(frozen=True)
class Request:
    """The options of the command, as text."""

    data: Path
    time: str | None = None
    model: str = "film"
    film: str | None = None
    deposition_time: str | None = None
    film_diffusivity: str | None = None
    substrate: str | None = None
    barrier: str | None = None
    roughness: str | None = None
    amplitude: str | None = None
    background: str | None = None
    fit: Sequence[str] = ()
    noise: str = "constant"
    origin: str = "surface"
    first: str | None = None
    last: str | None = None
    temperature: str | None = None
    history: Path | None = None
    activation_energy: str | None = None


def fit_request(request: Request) -> Fit:
    """Read the profile and fit it. Raises ScenarioError, which names the option or the file, line and column."""
    for option, word, choices in (
        ("--model", request.model, KINDS),
        ("--noise", request.noise, NOISES),
        ("--origin", request.origin, ORIGINS),
        *(("--fit", name, FREE) for name in request.fit),
    ):
        if word not in choices:
            raise refuse_choice(word, choices, "no such choice", (option,))
    refuse_mismatch(request)
    experiment = make_experiment(request)
    profile = read_profile(request.data)
    first, last = (quantity(option, text, LENGTH, "nonnegative") for option, text in
                   (("--from", request.first), ("--to", request.last)))  # fmt: skip
    profile = profile.between(first or 0.0, math.inf if last is None else last)
    if request.noise == "counts" and profile.uncertainty is not None:
        problem = "the profile has its own uncertainties"
        raise ScenarioError(problem, ("--noise",), "counts", "no --noise, or no column of uncertainties")
    values, free = parameters(request)
    try:
        return fit(Task(profile, experiment, values, free, cast(Noise, request.noise), request.origin == "interface"))
    except ScenarioError as error:
        raise error.at(str(request.data), None) from None


def refuse_mismatch(request: Request) -> None:
    """Refuse options that the model makes no use of, and models without what they need."""
    if request.model == "gaussian":
        given = {
            "--deposition-time": request.deposition_time,
            "--film-diffusivity": request.film_diffusivity,
            "--substrate": request.substrate,
        }
        for option, text in given.items():
            if text is not None:
                raise ScenarioError(
                    "not part of model gaussian", (option,), shown(text), "with --model film or barrier"
                )
    elif request.film is None:
        problem = f"missing: model {request.model} needs the film's thickness"
        raise ScenarioError(problem, ("--film",), None, "a length with its unit, such as '5 um'")
    if request.model != "barrier" and (request.barrier is not None or "barrier" in request.fit):
        raise ScenarioError(f"not part of model {request.model}", ("--barrier",), None, "with --model barrier")
    if request.model == "gaussian" and "film" in request.fit:
        raise ScenarioError("not part of model gaussian", ("--fit",), "film", "with --model film or barrier")


def make_experiment(request: Request) -> Experiment:
    """Times, temperatures and materials."""
    history = make_history(request)
    time = quantity("--time", request.time, TIME)
    if time is None:
        if history is None:
            raise ScenarioError("missing", ("--time",), None, "a time with its unit, such as '60 min'")
        time = float(history.times[-1])
    if history is not None and time > float(history.times[-1]):
        end = f"at most the end of the history, {history.times[-1]:g} s"
        raise ScenarioError("beyond the temperature history", ("--time",), shown(request.time), end)
    deposition = quantity("--deposition-time", request.deposition_time, TIME, "nonnegative") or 0.0
    if deposition > time:
        problem = "longer than the whole time, which counts from the start of deposition"
        raise ScenarioError(problem, ("--deposition-time",), shown(request.deposition_time), f"at most {time:g} s")
    return Experiment(
        kind=cast(Kind, request.model),
        time=time,
        deposition_time=deposition,
        film_diffusivity=quantity("--film-diffusivity", request.film_diffusivity, DIFFUSIVITY),
        substrate=quantity("--substrate", request.substrate, LENGTH) or math.inf,
        history=history,
        temperature=quantity("--temperature", request.temperature, TEMPERATURE),
    )


def make_history(request: Request) -> History | None:
    """The temperature history, if there is one."""
    reference = quantity("--temperature", request.temperature, TEMPERATURE)
    energy = quantity("--activation-energy", request.activation_energy, ACTIVATION_ENERGY)
    if request.history is None:
        if energy is not None:
            given = shown(request.activation_energy)
            raise ScenarioError("has no use", ("--activation-energy",), given, "together with --history FILE")
        return None
    if reference is None or energy is None:
        option = "--temperature" if reference is None else "--activation-energy"
        example = "25 degC" if reference is None else "50 kJ/mol"
        raise ScenarioError("missing: a history needs it", (option,), None, f"such as '{example}'")
    times, temperatures = read_history(request.history)
    return History(times, temperatures, energy, reference)


def parameters(request: Request) -> tuple[dict[str, float], tuple[str, ...]]:
    """Value or start of every parameter, and which are free: D, what --fit names, and what has no value."""
    film = quantity("--film", request.film, LENGTH)
    barrier = quantity("--barrier", request.barrier, VELOCITY)
    roughness = quantity("--roughness", request.roughness, LENGTH, "nonnegative")
    amplitude = plain_number("--amplitude", request.amplitude)
    background = plain_number("--background", request.background)
    free = {"diffusivity", *request.fit}
    if amplitude is None:
        free.add("amplitude")
    if request.model == "barrier" and barrier is None:
        free.add("barrier")
    if "roughness" in free and not roughness:
        raise ScenarioError(
            "missing: a fit of it needs a value to begin with", ("--roughness",), None, "such as '0.2 um'"
        )
    values = {
        "diffusivity": math.nan,
        "film": math.inf if film is None else film,
        "barrier": math.inf if barrier is None else barrier,
        "roughness": roughness or 0.0,
        "amplitude": 1.0 if amplitude is None else amplitude,
        "background": background or 0.0,
    }
    return values, tuple(name for name in (*NONLINEAR, *LINEAR) if name in free)


def quantity(option: str, text: str | None, dimension: Dimension, sign: Sign = "positive") -> float | None:
    """An option in SI units; None where it is not given."""
    if text is None:
        return None
    try:
        return parse_quantity(text, dimension, sign)
    except ScenarioError as error:
        raise error.below((option,)) from None


def plain_number(option: str, text: str | None) -> float | None:
    """An option that is a number in the unit of the values; None where it is not given."""
    if text is None:
        return None
    value = float(text) if NUMBER.fullmatch(text.strip()) else math.nan
    if not math.isfinite(value):
        raise ScenarioError("not a finite number", (option,), shown(text), "a number in the unit of the values in SI")
    return value
