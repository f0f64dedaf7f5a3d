"""A trajectory in memory: even times, continuous paths, drift removed; of any file in bounded memory.

Every frame is read and followed. What is kept is thinned while reading: when the memory is full every second frame is
dropped and from then on every second one skipped; of very many atoms an even choice is kept. Displacements over times
that matter to diffusion lose nothing by it. The drift taken off is that of the centre of mass of all atoms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ramify.atomistic.errors import AtomisticError
from ramify.atomistic.facts import Facts, missing
from ramify.atomistic.frames import Frame
from ramify.atomistic.unwrap import Unwrapper, free_flight, thermal_reach

MEMORY = 256 * 2**20
"""Bytes of positions that are kept; the whole process takes about four times as much."""
FEWEST_FRAMES = 512
"""That are kept of a long trajectory, at the cost of atoms."""
FREE_FLIGHT_MARGIN = 1.15
"""Of the mean squared displacement between frames over that of free flight."""
Drift = Literal["remove", "keep"]


@dataclass(frozen=True)
class Trajectory:
    """Paths of atoms."""

    interval: float
    """Between the frames kept [s]."""
    positions: np.ndarray
    """Unwrapped, float64 [frame, atom, 3] [m]."""
    species: np.ndarray
    """Element of each atom [atom]."""
    atoms: int
    """Of the simulation; all of them unless there are more than memory holds."""
    volume: float | None
    """Mean volume of the periodic box [m^3]; None where it is not periodic in three directions."""
    boxes: np.ndarray | None
    """Box vectors as rows [frame, 3, 3] [m], where every frame has a box."""
    periodic: tuple[bool, bool, bool]
    frames_read: int
    proof: str
    """How crossings of the box are known."""
    neighbours: float | None = None
    """Distance of an atom from its nearest neighbour in the first frame, the median [m]."""

    @property
    def duration(self) -> float:
        """From the first frame to the last [s]."""
        return self.interval * (len(self.positions) - 1)

    def elements(self) -> list[str]:
        """The elements, in alphabetical order."""
        return sorted(set(self.species.tolist()))


@dataclass
class _Kept:
    """Frames kept so far."""

    most: int
    stride: int = 1
    seen: int = 0
    positions: list[np.ndarray] = field(default_factory=list)
    boxes: list[np.ndarray | None] = field(default_factory=list)

    def add(self, positions: np.ndarray, box: np.ndarray | None) -> None:
        if self.seen % self.stride == 0:
            if len(self.positions) == self.most:
                self.positions, self.boxes, self.stride = self.positions[::2], self.boxes[::2], 2 * self.stride
            if self.seen % self.stride == 0:
                self.positions.append(positions)
                self.boxes.append(box)
        self.seen += 1


def gather_trajectory(
    frames: Iterator[tuple[Path, Frame]], facts: Facts, *, drift: Drift = "remove", unwrapped: bool = False,
    memory: int = MEMORY,
) -> Trajectory:  # fmt: skip
    """The trajectory that frames make together.

    Parameters
    ----------
    frames : iterator of (Path, Frame)
        In the order of time; the files may continue each other.
    facts : Facts
        Units, timestep, elements and, for checks, the temperature.
    drift : {'remove', 'keep'}
        Whether the motion of the centre of mass is taken off.
    unwrapped : bool
        States that coordinates are unwrapped, for formats that do not tell.
    memory : int
        Bytes of positions to keep.

    Raises
    ------
    AtomisticError
        With file and line: frames that do not follow each other evenly, atoms that come and go, times that contradict
        the timestep, motion faster than free flight, folded coordinates that cannot be restored.
    """
    from ramify.atomistic.timing import Clock

    first = next(frames, None)
    second = next(frames, None)
    if first is None or second is None:
        path = first[0] if first else None
        raise AtomisticError("fewer than two frames: nothing moves", path, allowed="a trajectory")
    clock = Clock(facts, first, second)
    species = element_names(first, facts)
    order = sorted_atoms(*first, None)
    species = species[order]
    length = 1e-10 if first[1].kind == "unknown" else facts.need_style().length
    reach = None
    lightest = min(facts.mass(symbol) for symbol in set(species.tolist()))
    if facts.temperature is not None:
        reach = thermal_reach(facts.temperature, lightest, clock.interval) / length
    unwrapper = Unwrapper(first[0], reach, unwrapped)
    weights = np.array([facts.mass(symbol) for symbol in species])[:, None]
    weights = weights / weights.sum()
    chosen, kept = _room(len(order), memory)
    volumes, squares, before = 0.0, 0.0, None
    started: np.ndarray | None = None
    ids = None if first[1].ids is None else first[1].ids[order]
    for path, frame in _chain(first, second, frames):
        if not clock.accept(path, frame):
            continue
        unwrapper.path = path
        order = sorted_atoms(path, frame, len(species), ids)
        if (element_names((path, frame), facts)[order] != species).any():
            raise AtomisticError("atoms change what they are between frames", path, frame.line)
        positions, change = unwrapper.follow(frame, order)
        centre = (weights * positions).sum(axis=0)
        started = centre if started is None else started
        if before is not None:
            moved = change - (centre - before)
            squares += float((moved**2).sum() / len(moved))
            _refuse_flight(path, frame, moved, reach)
        before = centre
        if drift == "remove":
            positions = positions - (centre - started)
        volumes += frame.box.volume if frame.box is not None else np.nan
        kept.add(positions[chosen] * length, None if frame.box is None else frame.box.vectors * length)
    box = first[1].box
    periodic = box.periodic if box is not None else (False, False, False)
    _refuse_too_fast(first[0], facts, species, squares / max(1, kept.seen - 1) * length**2, clock.interval)
    boxes = [each for each in kept.boxes if each is not None]
    return Trajectory(
        interval=clock.interval * kept.stride,
        positions=np.ascontiguousarray(kept.positions),
        species=species[chosen],
        atoms=len(species),
        volume=volumes / kept.seen * length**3 if all(periodic) else None,
        boxes=np.array(boxes) if len(boxes) == len(kept.boxes) else None,
        periodic=periodic,
        frames_read=kept.seen,
        proof=unwrapper.proof,
        neighbours=neighbour_distance(first[1]) * length,
    )


def neighbour_distance(frame: Frame) -> float:
    """Median distance of an atom from its nearest neighbour, in the file's unit of length.

    Atoms at the faces of the box have lost some of theirs, which the median does not mind.
    """
    from scipy.spatial import cKDTree

    positions = frame.positions
    if frame.box is not None:
        fractions = frame.box.fractions(positions)
        folded = np.where(frame.box.periodic, fractions - np.floor(fractions), fractions)
        positions = folded @ frame.box.vectors
    if len(positions) < 2:
        return float("nan")
    asked = positions[:: max(1, len(positions) // 5000)]
    return float(np.median(cKDTree(positions).query(asked, k=2)[0][:, 1]))


def _chain(
    first: tuple[Path, Frame], second: tuple[Path, Frame], frames: Iterator[tuple[Path, Frame]]
) -> Iterator[tuple[Path, Frame]]:
    yield first
    yield second
    yield from frames


def _room(atoms: int, memory: int) -> tuple[np.ndarray, _Kept]:
    """Which atoms are kept, and the place for their frames."""
    most_atoms = max(1, memory // (24 * FEWEST_FRAMES))
    chosen = np.arange(atoms) if atoms <= most_atoms else np.linspace(0, atoms - 1, most_atoms).astype(int)
    frames = max(2, memory // (24 * len(chosen)))
    return chosen, _Kept(frames - frames % 2)


def sorted_atoms(path: Path, frame: Frame, atoms: int | None, ids: np.ndarray | None = None) -> np.ndarray:
    """The order that sorts a frame's atoms by id; the atoms must be those of the first frame."""
    count = len(frame.positions)
    if atoms is not None and count != atoms:
        raise AtomisticError(
            f"{count} atoms, where the first frame has {atoms}",
            path,
            frame.line,
            allowed="the same atoms in every frame",
        )
    if frame.ids is None:
        if frame.kind != "unknown":
            raise AtomisticError(
                "no column 'id': LAMMPS writes atoms in changing order", path, frame.line, allowed="a dump with 'id'"
            )
        return np.arange(count)
    order = np.argsort(frame.ids, kind="stable")
    if ids is not None and (frame.ids[order] != ids).any():
        raise AtomisticError("the atoms are not those of the first frame", path, frame.line)
    return order


def element_names(place: tuple[Path, Frame], facts: Facts) -> np.ndarray:
    """Elements of a frame's atoms; types are translated, and an unknown one is asked for."""
    names, kind = place[1].species
    if kind == "element":
        return names
    types = np.unique(names)
    unknown = [int(each) for each in types if int(each) not in facts.elements]
    if unknown:
        raise missing(
            "elements", f"Li,Mg (the elements of types 1, 2, ...; type {unknown[0]} has none), or a data file"
        )
    table = np.array([facts.elements.get(k, "") for k in range(int(types.max()) + 1)])
    return np.asarray(table[names])


def _refuse_flight(path: Path, frame: Frame, moved: np.ndarray, reach: float | None) -> None:
    """No atom outruns the thermal speeds."""
    if reach is None:
        return
    farthest = float(np.abs(moved).max())
    if farthest > 1.25 * reach:
        raise AtomisticError(
            f"an atom moves {farthest:.4g} along one axis since the last frame, more than {1.25 * reach:.4g} that "
            "any atom of this mass can at this temperature (in the file's unit of length)",
            path, frame.line,
            allowed="unwrapped coordinates or image counts; the timestep, units and temperature of the run",
        )  # fmt: skip


def _refuse_too_fast(path: Path, facts: Facts, species: np.ndarray, square: float, interval: float) -> None:
    """The mean squared displacement between frames is at most that of free flight."""
    if facts.temperature is None:
        return
    names, counts = np.unique(species, return_counts=True)
    flights = [free_flight(facts.temperature, facts.mass(str(name)), interval) for name in names]
    bound = float(np.average(flights, weights=counts))
    if square > FREE_FLIGHT_MARGIN * bound:
        raise AtomisticError(
            f"atoms move faster than in free flight: a mean squared displacement of {square:.3g} m^2 between frames, "
            f"where 3kT/m t^2 is {bound:.3g} m^2 for t = {interval:.4g} s and T = {facts.temperature:.4g} K",
            path, None, "timestep", allowed="the timestep, units, temperature and elements of the run",
        )  # fmt: skip
