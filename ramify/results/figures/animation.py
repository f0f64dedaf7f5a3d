"""The animation of a run: rendering in 3-D, section in 2-D, profiles in 1-D."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread
from PIL import Image

from ramify.results.fields import FIELDS
from ramify.results.figures.case import Case
from ramify.results.figures.deposit import Shot, draw_scene, scene_view
from ramify.results.figures.sections import draw_map, draw_profile, legend_patches, section_row
from ramify.results.figures.style import LINES, caption, colour_scale, house_style, panels, shown_range

MOST_FRAMES = 40
DOTS_PER_INCH = 110
SECONDS = 4.0
"""Length of the film; a last frame is held for as long as a quarter of it."""

FileFormat = Literal["gif", "mp4"]


def frames(case: Case) -> list[int]:
    """Snapshots in the film: all, or evenly chosen ones."""
    return panels(len(case.times), MOST_FRAMES)


def animate(case: Case, path: Path, pictures: dict[Shot, Path] | None, file_format: FileFormat = "gif") -> Path | None:
    """Write the film beside `path`, with the suffix of its format; None for a case of one snapshot.

    Parameters
    ----------
    pictures
        Rendered scenes of a 3-D case by snapshot; without them a section is shown.
    file_format
        `gif`, or `mp4` (which needs imageio-ffmpeg).
    """
    chosen = frames(case)
    if len(chosen) < 2:
        return None
    with house_style():
        draw = _painter(case, pictures)
        drawn = (to_image(draw(snapshot)) for snapshot in chosen)
        target = path.with_suffix(f".{file_format}")
        duration = SECONDS / len(chosen)
        (_write_mp4 if file_format == "mp4" else write_gif)(target, drawn, duration)
    return target


def _painter(case: Case, pictures: dict[Shot, Path] | None) -> Callable[[int], Figure]:
    if case.dimension == 1:
        return lambda snapshot: _profiles(case, snapshot)
    if pictures is not None:
        return _scenes(case, pictures)
    row = section_row(case)
    return lambda snapshot: _section(case, snapshot, row)


def _scenes(case: Case, pictures: dict[Shot, Path]) -> Callable[[int], Figure]:
    """Painter that lays the figure out once and then only swaps picture and title."""
    view = scene_view(case)
    columns, rows = view.window
    width = min(4.4, 5.6 * columns / rows)
    figure = Figure(figsize=(width + 1.0, width * rows / columns + 0.7), layout="compressed")
    axis = figure.subplots()
    image = draw_scene(axis, pictures[0, 0], view)
    _finish(figure, case, 0, "c" if "c" in case.names else None)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")

    def paint(snapshot: int) -> Figure:
        image.set_data(imread(pictures[snapshot, 0]))
        axis.set_title(caption(case, snapshot))
        return figure

    return paint


def _section(case: Case, snapshot: int, row: int) -> Figure:
    name = next((name for name in ("c", "phi_l") if name in case.names), "xi")
    (left, right), (low, high) = case.edges("x"), case.edges("z")
    height = min(max(3.2 * (high - low) / (right - left), 1.4), 5.6)
    width = max(height * (right - left) / (high - low), 1.8)
    figure = Figure(figsize=(width + 1.6, height + 0.9), layout="compressed")
    axis = figure.subplots()
    draw_map(axis, case, name, snapshot, row)
    axis.set_xlabel("$x$ (µm)")
    axis.set_ylabel("$z$ (µm)")
    _finish(figure, case, snapshot, name)
    return figure


def _profiles(case: Case, snapshot: int) -> Figure:
    names = [name for name in ("c", "phi_l", "xi") if name in case.names]
    figure = Figure(figsize=(3.0 * len(names), 2.8), layout="constrained")
    for axis, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        draw_profile(axis, case, name, snapshot, LINES[0])
        low, high = (0.0, 1.0) if name == "xi" else shown_range(case, name)
        axis.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    figure.suptitle(caption(case, snapshot), fontsize=9.5)
    return figure


def _finish(figure: Figure, case: Case, snapshot: int, name: str | None) -> None:
    axis = figure.axes[0]
    axis.set_title(caption(case, snapshot))
    if name is not None:
        figure.colorbar(colour_scale(case, name), ax=axis, label=FIELDS[name].label, shrink=0.6, pad=0.02)
    figure.legend(handles=legend_patches(case), loc="outside lower center", ncols=2)


def to_image(figure: Figure) -> Image.Image:
    """The picture of a figure."""
    store = io.BytesIO()
    figure.savefig(store, format="png", dpi=DOTS_PER_INCH)
    return Image.open(store).convert("RGB")


def write_gif(path: Path, drawn: Iterator[Image.Image], duration: float) -> None:
    """Write frames of one size, each shown so many seconds; the last one longer."""
    # One palette for all frames, or colours would flicker; it is drawn from first, middle and last frame.
    images = list(drawn)
    sample = np.hstack([np.asarray(images[index].resize(images[0].size)) for index in panels(len(images))])
    palette = Image.fromarray(sample).quantize(256, method=Image.Quantize.MEDIANCUT)
    reduced = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    times = [round(1e3 * duration)] * (len(images) - 1) + [round(1e3 * SECONDS / 4)]
    reduced[0].save(path, save_all=True, append_images=reduced[1:], duration=times, loop=0, optimize=False)


def _write_mp4(path: Path, drawn: Iterator[Image.Image], duration: float) -> None:
    import imageio_ffmpeg

    first = next(drawn)
    size = (first.width // 2 * 2, first.height // 2 * 2)
    writer = imageio_ffmpeg.write_frames(str(path), size, fps=1.0 / duration, macro_block_size=2, quality=8)
    writer.send(None)
    for image in (first, *drawn):
        writer.send(np.ascontiguousarray(image.resize(size)).tobytes())
    writer.close()
