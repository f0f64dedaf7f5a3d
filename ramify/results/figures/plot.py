"""`plot_folder`: every figure a result folder gives rise to."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

from ramify.results.figures.animation import FileFormat, animate, frames
from ramify.results.figures.case import Case
from ramify.results.figures.deposit import (
    RenderingUnavailable,
    Shot,
    deposit_shots,
    plot_deposit,
    plot_height_maps,
    render_pictures,
)
from ramify.results.figures.depth import plot_depth
from ramify.results.figures.history import plot_history
from ramify.results.figures.sections import plot_profiles, plot_sections
from ramify.results.folder import FIGURES

_log = logging.getLogger(__name__)


def plot_folder(
    folder: Path, *, mirror: bool | None = None, animation: FileFormat | None = "gif", strict: bool = False
) -> list[Path]:
    """Draw history, deposit, sections or profiles, and an animation into `figures/`.

    Parameters
    ----------
    folder
        Result folder of a finished or running case.
    mirror
        Draw the domain across its planes of symmetry; None where the host is cut by one.
    animation
        `gif`, `mp4` (needs imageio-ffmpeg), or None for no animation.
    strict
        Raise what goes wrong with a figure; otherwise it is logged as a warning and the others are drawn.

    Returns
    -------
    list of Path
        The files written. 3-D: `deposit.png` (or `height.png` where nothing can be rendered), `sections.png`;
        2-D: `sections.png`; 1-D: `profiles.png`; always `history.png`, `depth.png` and `animation.gif` where there
        is enough to show.

    Raises
    ------
    FileNotFoundError
        If the folder has no snapshot yet.
    """
    folder = Path(folder)
    case = Case.load(folder).mirrored(mirror)
    out = folder / FIGURES
    out.mkdir(exist_ok=True)
    made: list[Path] = []

    def attempt(what: str, draw: Callable[[], Path | None]) -> None:
        try:
            path = draw()
        except Exception as error:
            # A picture is never worth a run: whatever is wrong with it is reported and the rest goes on.
            if strict:
                raise
            _log.warning("no %s figure: %s", what, error)
        else:
            made.extend([path] if path else [])

    with tempfile.TemporaryDirectory() as scratch:
        pictures = _pictures(case, mirror, Path(scratch), film=animation is not None)
        attempt("history", lambda: plot_history(case, out / "history.png"))
        attempt("depth", lambda: plot_depth(case, out / "depth.png"))
        if case.dimension == 1:
            attempt("profiles", lambda: plot_profiles(case, out / "profiles.png"))
        else:
            attempt("sections", lambda: plot_sections(case, out / "sections.png"))
        if pictures is not None:
            attempt("deposit", lambda: plot_deposit(case, pictures, out / "deposit.png"))
        elif case.dimension == 3:
            attempt("height", lambda: plot_height_maps(case, out / "height.png"))
        if animation is not None:
            attempt("animation", lambda: animate(case, out / "animation", pictures, animation))
    return made


def _pictures(case: Case, mirror: bool | None, out: Path, *, film: bool) -> dict[Shot, Path] | None:
    """Rendered scenes of a 3-D case by snapshot; None, with a warning, where rendering is not possible."""
    if case.dimension != 3:
        return None
    wanted = sorted({*deposit_shots(case), *((snapshot, 0) for snapshot in frames(case) if film)})
    try:
        return render_pictures(case, wanted, mirror, out)
    except RenderingUnavailable as error:
        _log.warning("%s; drawing maps instead", error)
        return None
