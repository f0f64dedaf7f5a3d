"""`summary.json`: what a run came to, in SI numbers under fixed keys."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SUMMARY_KEYS = (
    "status",
    "stop_reason",
    "steps",
    "rejected_steps",
    "time_s",
    "wall_s",
    "ranks",
    "cells",
    "peak_memory_bytes",
    "charge_passed_C",
    "metal_plated_mol",
    "metal_stripped_mol",
    "metal_dead_mol",
    "coulombic_efficiency",
    "filling_fraction",
    "tip_height_m",
    "roughness_m",
    "voltage_V",
    "balance",
)
"""Keys every summary has; more may be added."""

HOST_KEYS = (
    "top_plating_index",
    "over_plating_index",
    "bottom_up_index",
    "blocked_fraction",
    "first_blocked_time_s",
    "first_blocked_height_m",
    "capacity_at_short_circuit_C_per_m2",
    "current_amplification",
)
"""Keys of what the metal did in a host (docs/results.md), null where not defined or not happened; engine petsc."""

FRONT_KEYS = ("ramification_onset_s",)
"""Keys of the front in a plain cell (docs/results.md), null where not happened; engine petsc."""

BALANCE_KEYS = ("lithium_relative", "salt_relative", "charge_relative", "worst_step_relative")
STATUSES = ("finished", "stopped", "interrupted", "failed")


def check_summary(summary: Mapping[str, Any]) -> None:
    """Refuse a summary without one of the agreed keys, or with an unknown status.

    Raises
    ------
    ValueError
        Naming the missing keys, or the status and those allowed.
    """
    missing = [key for key in SUMMARY_KEYS if key not in summary]
    balance = summary.get("balance", {})
    missing += [f"balance.{key}" for key in BALANCE_KEYS if key not in balance]
    if missing:
        raise ValueError(f"summary.json lacks {', '.join(missing)}")
    if summary["status"] not in STATUSES:
        raise ValueError(f"summary.json: status '{summary['status']}' is not one of {', '.join(STATUSES)}")


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the checked summary so that the file is either the old one or the new one, never half of it.

    Numbers that are not finite become null, as JSON has no others; numpy numbers become plain ones.
    Raises ValueError as `check_summary` does.
    """
    check_summary(summary)
    write_atomically(Path(path), (json.dumps(plain(summary), indent=2, allow_nan=False) + "\n").encode())


def read_summary(path: Path) -> dict[str, Any]:
    """The summary of a run; raises FileNotFoundError while there is none."""
    loaded: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return loaded


def plain(value: Any) -> Any:
    """The value in JSON's own types: numpy numbers and arrays unwrapped, paths as text, not-finite as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, os.PathLike) else value


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file through a temporary one beside it; on disk when this returns."""
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable; systems that cannot open folders do it on their own."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
