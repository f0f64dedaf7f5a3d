"""Where along z the metal has gone: layer sums turned into indices.

With g_k >= 0 the metal a layer has gained since the start (a layer that has lost metal counts as zero), z_k its middle,
H the top of the host and a_k the electrolyte that was in the layer at the start and open to the counter electrode:

    top-plating index   sum of g above 2H/3 over the sum of all g
    over-plating index  sum of g above H over the sum of all g
    bottom-up index     (z_top - z_g)/(z_top - z_bottom), below H

z_g is the centre of the gained metal, z_bottom and z_top those of as much metal packed into a_k from the collector up
and from the top down: 1 is filled from the bottom, 0 from the top, about 1/2 evenly. None of them is a number while
nothing is gained, the last one not either when the host is full.
"""

from __future__ import annotations

import numpy as np

UPPER_SHARE = 1.0 / 3.0
"""Of the host's height: what counts as its top."""
LEAST_GAIN = 1e-9
"""Gains below this share of the room in the host count as none."""


def share_above(gain: np.ndarray, height: float) -> float:
    """Share of the gained metal above a height, in layers; a layer cut by it counts in proportion."""
    gained = np.maximum(gain, 0.0)
    above = np.clip(np.arange(1, len(gain) + 1) - height, 0.0, 1.0)
    total = float(gained.sum())
    return float((gained * above).sum()) / total if total > 0.0 else float("nan")


def bottom_up_index(gain: np.ndarray, room: np.ndarray) -> float:
    """Index of layers that gained `gain` and had `room`, both in the host alone and in one unit."""
    gained = np.maximum(gain, 0.0)
    volume = min(float(gained.sum()), float(room.sum()))
    if volume <= LEAST_GAIN * float(room.sum()):
        return float("nan")
    places = np.arange(len(gain)) + 0.5
    centre = float((gained * places).sum() / gained.sum())
    lowest = float((_packed(room, volume) * places).sum()) / volume
    highest = float((_packed(room[::-1], volume)[::-1] * places).sum()) / volume
    return (highest - centre) / (highest - lowest) if highest - lowest > 1e-6 * len(gain) else float("nan")


def _packed(room: np.ndarray, volume: float) -> np.ndarray:
    """Volume in each layer when the first layers are filled first."""
    below = np.cumsum(room) - room
    return np.clip(volume - below, 0.0, room)


def depth_indices(gain: np.ndarray, room: np.ndarray, host_layers: int) -> dict[str, float]:
    """The indices of the module, from what all layers have gained and what room they had."""
    return {
        "top_plating_index": share_above(gain, (1.0 - UPPER_SHARE) * host_layers),
        "over_plating_index": share_above(gain, float(host_layers)),
        "bottom_up_index": bottom_up_index(gain[:host_layers], room[:host_layers]),
    }
