"""Nucleation sites inside an interphase: where they lie and what overpotential reaches them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ramify.scenario.errors import ScenarioError

if TYPE_CHECKING:
    from ramify.hosts.deposits import Caps
    from ramify.phasefield.problem import Nucleation
    from ramify.scenario.schema import InterphaseSection

PLACES, DEPTHS = 2, 3
"""Streams of random numbers beside that of the sites' thresholds (plating.nuclei)."""


def with_interphase(law: Nucleation, section: InterphaseSection, place: Callable[[float, int], Caps]) -> Nucleation:
    """A law whose sites are those on the surface and, after them, those inside the interphase that electrons reach.

    Parameters
    ----------
    place
        Random places on the bearing surfaces for a number per area [1/m^2] and a seed.

    Raises
    ------
    ScenarioError
        Where the density gives no site at all, or too many.
    """
    from ramify.physics.interphase import leaked_share

    positions, normals, depths = _sites(section, law.seed, place)
    depths = np.concatenate([np.zeros(len(law.positions)), depths])
    return replace(
        law,
        positions=np.concatenate([law.positions, positions]),
        normals=np.concatenate([law.normals, normals]),
        depths=depths,
        leaked=leaked_share(depths, section.thickness, section.leakage_length),
    )


def _sites(
    section: InterphaseSection, seed: int, place: Callable[[float, int], Caps]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions (n, 3) [m], normals and depths [m] of the sites inside that electrons reach."""
    from ramify.physics.interphase import reached_share

    try:
        feet = place(section.density, int(np.random.default_rng([seed, PLACES]).integers(2**32)))
    except ValueError as refusal:
        raise ScenarioError(str(refusal), ("nucleation", "interphase", "density")) from None
    draws = np.random.default_rng([seed, DEPTHS]).random((2, len(feet.positions)))
    depths = section.thickness * draws[0]
    if section.weights:
        known, weights = np.array(section.weights).T
        reached = np.interp(depths, known, weights / weights.max(), left=0.0, right=0.0)
    else:
        reached = reached_share(depths, section.leakage_length)
    kept = draws[1] < reached
    positions = feet.positions[kept] + depths[kept, None] * feet.normals[kept]
    return positions, feet.normals[kept], depths[kept]
