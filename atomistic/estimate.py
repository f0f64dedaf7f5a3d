"""From a trajectory to diffusivities: the window, the species, the layers, the collective motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ramify.atomistic.diffusivity import (
    BLOCKS,
    CERTAIN,
    STARTS,
    STRAIGHT,
    Diffusivity,
    Series,
    measure,
    objection,
    straight,
    student,
    window_lags,
)
from ramify.atomistic.displacements import squared_displacements, squared_displacements_of_groups
from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.trajectory import Trajectory

FEWEST_LAGS = 3
"""Of a window."""
CURVE_POINTS = 48
FAR = 0.2
"""Relative distance from the fitted line, of displacements over half the run, that is none."""


def diffusivity(
    trajectory: Trajectory, element: str | None = None, window: tuple[float, float] | None = None
) -> Diffusivity:
    """The self-diffusivity of an element's atoms, or of all.

    Parameters
    ----------
    trajectory : Trajectory
        Paths of the atoms.
    element : str, optional
        All atoms by default.
    window : (float, float), optional
        Lags to fit [s]; found by default.

    Raises
    ------
    AtomisticError
        Where the motion is not diffusive, or the trajectory too short to tell.
    """
    chosen = _chosen(trajectory, element)
    positions = np.ascontiguousarray(trajectory.positions[:, chosen]).reshape(len(trajectory.positions), -1)
    atoms = int(np.count_nonzero(chosen))

    def series(lags: np.ndarray) -> Series:
        squares = squared_displacements(positions, lags) / atoms
        return Series(lags, squares, trajectory.interval, atoms, 3, trajectory.neighbours)

    found = best_window(series, len(positions), trajectory.interval, window)
    _refuse_confined(found, series(np.array([len(positions) // 2])))
    return found


def _refuse_confined(found: Diffusivity, half: Series) -> None:
    """Displacements over half the run lie on the fitted line, as far as so few independent ones can tell."""
    time = float(half.lags[0]) * half.interval
    rise = 2.0 * found.dimension * found.value * time
    departure = (float(half.curve()[0]) - found.offset) / rise - 1.0
    noise = np.sqrt(2.0 / (found.dimension * found.atoms))
    if abs(departure) > max(FAR, 4.0 * noise):
        how = "faster than time (ballistic or drifting)" if departure > 0 else "ever more slowly (caged, confined)"
        raise AtomisticError(
            f"the run is not diffusive: squared displacements grow {how}: after half the run, {time * 1e12:.3g} ps, "
            f"they are "
            f"{100 * departure:+.0f} % off the line fitted up to {found.window[1] * 1e12:.3g} ps",
            allowed="a longer run, or one of a state that diffuses",
        )


def collective_diffusivity(
    trajectory: Trajectory, element: str, window: tuple[float, float] | None = None
) -> Diffusivity:
    """Onsager coefficient of an element's atoms together, <|sum dr|^2>/(6 N t), in the frame of the centre of mass.

    Over the self-diffusivity it is the correlation of different atoms' motion: one where they move independently.
    """
    chosen = _chosen(trajectory, element)
    atoms = int(np.count_nonzero(chosen))
    if atoms == trajectory.positions.shape[1]:
        raise AtomisticError(
            "all atoms move together only with the centre of mass, which rests", subject="collective", value=element,
            allowed="an element of an alloy",
        )  # fmt: skip
    together = np.ascontiguousarray(trajectory.positions[:, chosen].sum(axis=1)) / np.sqrt(atoms)

    def series(lags: np.ndarray) -> Series:
        return Series(lags, squared_displacements(together, lags), trajectory.interval, 1, 3, None)

    return best_window(series, len(together), trajectory.interval, window)


def layer_diffusivities(
    trajectory: Trajectory, labels: np.ndarray, groups: int, directions: tuple[int, ...],
    window: tuple[float, float] | None = None,
) -> list[tuple[Diffusivity | AtomisticError, float, float]]:  # fmt: skip
    """Diffusivity of the atoms that are in each group at the origin, along some directions.

    Returns
    -------
    list of (Diffusivity or AtomisticError, float, float)
        For each group: the diffusivity or why there is none, the mean number of its atoms, and the fraction that is
        still in the group at the window's end.
    """
    positions = np.ascontiguousarray(trajectory.positions[:, :, list(directions)])
    frames = len(positions)
    kept: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def of_groups(lags: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        key = hash(lags.tobytes())
        if key not in kept:
            kept[key] = squared_displacements_of_groups(positions, labels, groups, lags)
        return kept[key]

    found: list[tuple[Diffusivity | AtomisticError, float, float]] = []
    for group in range(groups):
        members = float(np.mean(labels == group) * labels.shape[1])

        def series(lags: np.ndarray, group: int = group) -> Series:
            squares, of, _ = of_groups(lags)
            if (of[group] == 0.0).any():
                raise AtomisticError(f"group {group + 1} has no atoms at some times", allowed="fewer layers")
            each = squares[group] / of[group]
            return Series(
                lags, each, trajectory.interval, max(1, round(of[group].mean())), len(directions), trajectory.neighbours
            )

        stays = float("nan")
        result: Diffusivity | AtomisticError
        try:
            result = measured = best_window(series, frames, trajectory.interval, window)
            last = np.array([round(measured.window[1] / trajectory.interval)])
            _, of, stayed = squared_displacements_of_groups(positions, labels, groups, last)
            stays = float(np.nansum(stayed[group]) / np.sum(of[group][: frames - last[0]]))
        except AtomisticError as error:
            result = error
        found.append((result, members, stays))
    return found


def best_window(
    series: Callable[[np.ndarray], Series], frames: int, interval: float, window: tuple[float, float] | None
) -> Diffusivity:
    """The first window in which the motion is diffusive: many blocks and an early start first.

    Raises
    ------
    AtomisticError
        With the objection to the longest window, where there is none to like.
    """
    if window is not None:
        return _given_window(series, frames, interval, window)
    tolerable: Diffusivity | None = None
    refused: str | None = None
    seen = np.inf
    for blocks in BLOCKS:
        lags = window_lags(frames, blocks)
        if np.count_nonzero(lags >= max(1, round(STARTS[-1] * frames / (blocks + 1)))) < FEWEST_LAGS:
            continue
        values = series(lags)
        for start in STARTS:
            first = max(1, round(start * int(lags[-1])))
            if np.count_nonzero(lags >= first) < FEWEST_LAGS:
                continue
            found = measure(values, first, blocks)
            against, resolved = objection(found), student(found.blocks, CERTAIN) * found.bend_error
            if against is None and resolved > 0.5 * seen:
                continue  # too noisy to show the bend that another window has shown
            refused = against
            if abs(found.bend) > max(STRAIGHT, resolved):
                seen = min(seen, abs(found.bend))
            if refused is None and straight(found):
                return found
            if refused is None and (tolerable is None or abs(found.bend) < abs(tolerable.bend)):
                tolerable = found
    if tolerable is not None:
        told = (
            f"the slope of the squared displacements still changes by {100 * tolerable.bend:+.1f} % within the "
            "window: a longer run would tell"
        )
        return replace(tolerable, warnings=(told,))
    if refused is None:
        raise AtomisticError(
            f"{frames} frames are too few: the window of lags and four blocks of origins do not fit",
            allowed=f"{(FEWEST_LAGS + 2) * (BLOCKS[-1] + 1)} frames or more",
        )
    raise AtomisticError(
        f"the run is not diffusive: {refused}", allowed="a longer run, or one of a state that diffuses"
    )


def _given_window(
    series: Callable[[np.ndarray], Series], frames: int, interval: float, window: tuple[float, float]
) -> Diffusivity:
    """The window that the user asks for, held to the same standards."""
    first, last = max(1, round(window[0] / interval)), round(window[1] / interval)
    blocks = min(BLOCKS[0], frames // max(1, last) - 1)
    if last - first < FEWEST_LAGS - 1 or blocks < BLOCKS[-1]:
        raise AtomisticError(
            f"the window of frames {first} to {last} does not suit {frames} frames", subject="--window",
            allowed=f"{FEWEST_LAGS} lags or more, none longer than a {BLOCKS[-1] + 1}th of the run",
        )  # fmt: skip
    lags = np.unique(np.linspace(first, last, 2 * 24).astype(np.int64))
    found = measure(series(lags), first, blocks)
    refused = objection(found)
    if refused is not None:
        raise AtomisticError(f"the run is not diffusive: {refused}", allowed="another window, or a longer run")
    return found


def msd_curve(trajectory: Trajectory, element: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Lags [s] and mean squared displacements over all origins [m^2], evenly spaced in the logarithm."""
    chosen = _chosen(trajectory, element)
    frames = len(trajectory.positions)
    lags = np.unique(np.geomspace(1, max(1, frames // 2), CURVE_POINTS).astype(np.int64))
    positions = np.ascontiguousarray(trajectory.positions[:, chosen]).reshape(frames, -1)
    squares = squared_displacements(positions, lags) / np.count_nonzero(chosen)
    return lags * trajectory.interval, np.nanmean(squares, axis=1)


def _chosen(trajectory: Trajectory, element: str | None) -> np.ndarray:
    if element is None:
        return np.ones(trajectory.species.size, bool)
    chosen = np.asarray(trajectory.species == element)
    if not chosen.any():
        raise AtomisticError(
            "no such atoms", subject="element", value=element, allowed=", ".join(trajectory.elements())
        )
    return chosen
