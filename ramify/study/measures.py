"""Where the deposit of a run went, read off the last snapshot of its fields.

The deposit is the gain of metal over the first snapshot. f(z) is the gain in a layer over the room that the layer's
pores had, for the layers that hold host.

deposit_in_pores            share of the deposit that lies in those layers
filling_uniformity          share of the deposit in the pores that an even filling would leave where it is,
                            1 - mean |f - mean f| / (2 mean f): 1 for an even filling, 0 for a thin layer
deposition_depth_m          depth below the top of the host above which 90 % of the deposit in the pores lie [m]
mean_deposition_depth_m     mean depth of the deposit in the pores below the top of the host [m]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5netcdf
import numpy as np

from ramify.results.folder import FIELDS

SOLID = 0.5
"""Host fraction of a cell that counts as host."""
MOST = 0.9


@dataclass(frozen=True)
class DepthProfile:
    """Layers along z of a run's last snapshot."""

    z: np.ndarray
    """Centres [m]."""
    gain: np.ndarray
    """Metal gained, in cell volumes."""
    room: np.ndarray
    """Pore space free of metal at the start, in cell volumes."""
    layers: np.ndarray
    """Whether a layer holds host; all of them in an empty cell."""


def depth_profile(folder: Path) -> DepthProfile:
    """Gain and room of every layer.

    Raises
    ------
    ValueError
        Where the fields were not stored.
    """
    path = folder / FIELDS
    if not path.exists():
        raise ValueError(f"{path.name} is missing")
    with h5netcdf.File(path, "r", locking=False) as file:
        if "xi" not in file.variables:
            raise ValueError(f"{path.name} holds no xi: add it to output.fields")
        xi = file.variables["xi"]
        first, last = np.asarray(xi[0]), np.asarray(xi[-1])
        psi = np.asarray(file.variables["psi"][...]) if "psi" in file.variables else np.zeros_like(first)
        z = np.asarray(file.variables["z"][...])
    pore = 1.0 - psi
    layers = np.asarray((psi > SOLID).any(axis=(1, 2)))
    gain, room = ((pore * part).sum(axis=(1, 2)) for part in (last - first, 1.0 - first))
    return DepthProfile(z, gain, room, layers if layers.any() else np.ones_like(layers))


def measure(folder: Path) -> dict[str, float]:
    """Every measure of a result folder; nan where nothing was deposited in the pores. ValueError without fields."""
    profile = depth_profile(folder)
    gain, room = profile.gain[profile.layers], profile.room[profile.layers]
    edge = profile.z[1] - profile.z[0]
    depth = profile.z[profile.layers].max() + 0.5 * edge - profile.z[profile.layers]
    inside = gain.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = inside / profile.gain.sum()
        filling = np.where(room > 0.0, gain / room, 0.0)
        uneven = np.abs(filling - filling.mean()).mean() / (2.0 * filling.mean())
        mean_depth = (gain * depth).sum() / inside
    return {
        "deposit_in_pores": float(share),
        "filling_uniformity": float(1.0 - uneven),
        "deposition_depth_m": _quantile(gain, depth + 0.5 * edge, MOST) if inside > 0.0 else float("nan"),
        "mean_deposition_depth_m": float(mean_depth),
    }


def _quantile(gain: np.ndarray, lower_face: np.ndarray, share: float) -> float:
    """Depth above which a share of the gain lies, layers ordered upwards and cut linearly."""
    from_top = np.maximum(gain[::-1], 0.0)
    found = np.interp(share, np.r_[0.0, np.cumsum(from_top) / from_top.sum()], np.r_[0.0, lower_face[::-1]])
    return float(found)
