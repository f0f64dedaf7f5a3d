"""What a host may not combine: lengths that do not fit together, keys without a meaning for it.

The rules raise the error of the key to change. Whether the grid resolves a host is for `grid_rules`, what only the
finished shape can tell for `ramify.build_hosts`.
"""

from __future__ import annotations

from ramify.scenario.errors import Key, ScenarioError, nearest, shown
from ramify.scenario.hosts import (
    ChannelHost,
    CoilHost,
    FlatHost,
    FoamHost,
    HollowSphereHost,
    InverseOpalHost,
    MeshHost,
    NoHost,
    PillarHost,
    SolidHost,
    SpherePackHost,
    VoxelHost,
)
from ramify.scenario.hosts.base import CoatingSection
from ramify.scenario.schema import PlatingScenario

AXES = {2: "none, flat, pillars, channels, sphere_pack, random_medium", 1: "none, flat"}
"""Hosts for domains of so many axes."""
AXIS_NAMES = {1: "z", 2: "xz", 3: "xyz"}


def bears_metal(host: SolidHost | NoHost) -> bool:
    """Whether any of the host's surface conducts."""
    if isinstance(host, NoHost):
        return False
    return host.surface == "conducting" or (host.coating is not None and host.coating.kind == "conducting")


def host_rule(scenario: PlatingScenario) -> None:
    """Everything about the host."""
    host = scenario.host
    if isinstance(host, NoHost):
        return
    axes = len(scenario.domain.size)
    if axes < host.axes:
        given = "z alone" if axes == 1 else "x and z"
        needed = "a lateral axis" if host.axes == 2 else "three axes"
        raise ScenarioError(f"needs {needed}: the domain has {given}", ("host", "type"), host.type, AXES[axes])
    lengths_rule(host)
    random_rule(host, axes)
    conduction_rule(host)
    activity_rule(scenario, host)
    if isinstance(host, VoxelHost):
        phases_rule(host)
    if host.coating is not None:
        coating_rule(host, host.coating)


def _below(host: SolidHost, name: str, bound: str, factor: float = 1.0) -> None:
    """A length that must be less than (a factor of) another."""
    length, limit = getattr(host, name), factor * getattr(host, bound)
    if length is not None and length >= limit:
        other = f"the {bound}" if factor == 1.0 else f"{factor:.4g} of the {bound}"
        raise ScenarioError(f"must be less than {other}, {limit:g} m", ("host", name), f"{length:g} m")


def lengths_rule(host: SolidHost) -> None:
    """Widths that leave room for each other."""
    if isinstance(host, PillarHost | ChannelHost):
        _below(host, "diameter", "pitch")
    if isinstance(host, ChannelHost):
        _below(host, "top_diameter", "pitch")
    if isinstance(host, PillarHost) and host.rounded and host.height < 0.5 * host.diameter:
        problem = "hemispherical tops need a height of at least half the diameter"
        raise ScenarioError(problem, ("host", "rounded"), "true", "false")
    if isinstance(host, MeshHost):
        _below(host, "wire_diameter", "pitch")
    if isinstance(host, CoilHost):
        _below(host, "wire_diameter", "rise")
        _below(host, "wire_diameter", "diameter", 0.5)
        _below(host, "diameter", "pitch")
    if isinstance(host, HollowSphereHost):
        _below(host, "wall", "diameter", 0.5)
        _below(host, "pitch", "diameter")
    if isinstance(host, InverseOpalHost):
        _below(host, "window", "diameter")


def random_rule(host: SolidHost, axes: int) -> None:
    """A seed for what is random, and mixtures where there is an arrangement for them."""
    regular = (isinstance(host, SpherePackHost) and host.arrangement != "random") or (
        isinstance(host, FoamHost) and host.tessellation == "kelvin"
    )
    if regular and isinstance(host, SpherePackHost | FoamHost) and host.seed is not None:
        what = f"a {host.arrangement} bed" if isinstance(host, SpherePackHost) else "Kelvin's foam"
        raise ScenarioError(f"{what} is not random", ("host", "seed"), str(host.seed), "no such key")
    if not isinstance(host, SpherePackHost) or not host.mixed:
        return
    if regular:
        problem = "spheres of different sizes or a porosity gradient need a random bed"
        raise ScenarioError(problem, ("host", "arrangement"), host.arrangement, "random")
    if axes < 3:
        name = "second" if host.second is not None else "diameter"
        raise ScenarioError("discs of two dimensions are all alike", ("host", name), allowed="one value")


def conduction_rule(host: SolidHost) -> None:
    """A conductivity for what conducts."""
    if host.surface == "insulating" and host.conductivity is not None:
        raise ScenarioError("an insulating host has no conductivity", ("host", "conductivity"), allowed="no such key")
    if isinstance(host, FlatHost) and not bears_metal(host):
        problem = "covers the current collector: there is no conducting surface and nothing can plate"
        raise ScenarioError(problem, ("host", "surface"), "insulating", "conducting")
    if not isinstance(host.conductivity, dict):
        return
    key: Key = ("host", "conductivity")
    if not isinstance(host, VoxelHost):
        hint = nearest(next(iter(host.conductivity)), ["bottom", "top", "lateral", "through"])
        raise ScenarioError("has no phases", key, None, "one value, {bottom, top}, or {lateral, through}", hint)
    solids = [name for name in host.phases if name != "pore"]
    for name in host.conductivity:
        if name not in solids:
            hint = nearest(name, solids)
            raise ScenarioError("no solid phase of the host", (*key, name), None, ", ".join(solids), hint)
    if missing := [name for name in solids if name not in host.conductivity]:
        allowed = f"a value for each: {', '.join(solids)}"
        raise ScenarioError(f"says nothing of phase '{missing[0]}'", key, allowed=allowed)
    if not any(host.conductivity.values()):
        raise ScenarioError("no phase conducts", key, allowed="surface: insulating, or a value above zero")


def activity_rule(scenario: PlatingScenario, host: SolidHost) -> None:
    """An activity somewhere, in regions that lie in the domain."""
    activity, key = host.activity, ("host", "activity")
    if activity is None:
        return
    if activity.bottom == activity.top == 0.0:
        raise ScenarioError("nothing can plate on an inactive surface", key, "0", "a factor above 0")
    lengths = dict(zip(AXIS_NAMES[len(scenario.domain.size)], scenario.domain.size, strict=True))
    for index, region in enumerate(activity.regions):
        bounds = {axis: getattr(region, axis) for axis in "xyz" if getattr(region, axis) is not None}
        here: Key = (*key, "regions", index)
        if not bounds:
            raise ScenarioError("is not bounded along any axis", here, allowed="'x', 'y' or 'z' beside 'factor'")
        for axis, (low, high) in bounds.items():
            if axis not in lengths:
                raise ScenarioError("no such axis in the domain", (*here, axis), allowed=", ".join(lengths))
            if not low < high:
                raise ScenarioError("ends before it begins", (*here, axis), f"{low:g} m to {high:g} m")
            if low >= lengths[axis]:
                raise ScenarioError("outside the domain", (*here, axis), f"{low:g} m", f"below {lengths[axis]:g} m")


def phases_rule(host: VoxelHost) -> None:
    """Pore, solids, and each label once."""
    key: Key = ("host", "phases")
    if "pore" not in host.phases:
        hint = nearest("pore", host.phases)
        raise ScenarioError("no phase is called 'pore'", key, shown(", ".join(host.phases)), "'pore' and solids", hint)
    seen: dict[int, str] = {}
    for name, labels in host.phases.items():
        for label in labels:
            if label in seen:
                problem = f"belongs to phase '{seen[label]}' already"
                raise ScenarioError(problem, (*key, name), str(label), "each label once")
            seen[label] = name


def coating_rule(host: SolidHost, coating: CoatingSection) -> None:
    """A layer that changes something, on a surface that is there."""
    key: Key = ("host", "coating")
    if coating.kind == "dielectric" and coating.conductivity is not None:
        raise ScenarioError("a dielectric layer has no conductivity", (*key, "conductivity"), allowed="no such key")
    if coating.kind == "dielectric" and coating.activity is not None:
        problem = "metal on a dielectric layer reacts as any metal"
        raise ScenarioError(problem, (*key, "activity"), str(coating.activity), "no such key, or kind: conducting")
    if coating.kind == "dielectric" and isinstance(host, FlatHost) and not _patterns(coating):
        problem = "covers all that could plate"
        raise ScenarioError(problem, (*key, "kind"), "dielectric", "'stripes', or kind: conducting")
    names = _patterns(coating)
    if len(names) > 1 and set(names) != {"above", "below"}:
        raise ScenarioError(f"cannot be combined with '{names[0]}'", (*key, names[1]), allowed="one pattern")
    if coating.above is not None and coating.below is not None and coating.above >= coating.below:
        problem = f"no height is above {coating.above:g} m and below {coating.below:g} m"
        raise ScenarioError(problem, (*key, "above"), f"{coating.above:g} m", "less than 'below'")
    if coating.above is not None and coating.above >= host.height:
        raise ScenarioError("nothing is coated above the host", (*key, "above"), f"{coating.above:g} m")
    if coating.stripes is not None and coating.stripes.width >= coating.stripes.pitch:
        problem = f"must be less than the pitch, {coating.stripes.pitch:g} m"
        raise ScenarioError(problem, (*key, "stripes", "width"), f"{coating.stripes.width:g} m")
    if 2.0 * coating.thickness >= host.narrowest_pore():
        allowed = f"less than half the narrowest pore, {0.5 * host.narrowest_pore():g} m"
        raise ScenarioError("closes the pores", (*key, "thickness"), f"{coating.thickness:g} m", allowed)


def _patterns(coating: CoatingSection) -> list[str]:
    return [n for n in ("top_fraction", "above", "below", "stripes") if getattr(coating, n) is not None]
