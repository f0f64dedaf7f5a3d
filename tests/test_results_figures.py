"""Figures: what is drawn shows the data it was drawn from, for 1-D, 2-D and 3-D cases, with and without a renderer."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("pyvista")

from PIL import Image

from ramify.phasefield.problem import Domain
from ramify.results.figures import deposit, plot_folder
from ramify.results.figures.case import Case
from ramify.results.figures.history import plot_history
from ramify.results.figures.sections import section_row
from ramify.results.figures.style import panels, time_unit
from ramify.results.figures.view import View
from ramify.results.folder import RunFolder

MICRO = 1e-6
DOMAINS = {
    1: Domain((1.0, 1.0, 10 * MICRO), (1, 1, 20)),
    2: Domain((8 * MICRO, 1.0, 10 * MICRO), (16, 1, 20)),
    3: Domain((8 * MICRO, 8 * MICRO, 10 * MICRO), (16, 16, 20)),
}
SHARP = 0.15 * MICRO


def make_case(path: Path, dimension: int, *, corner: bool = False, snapshots: int = 3, rows: int = 10) -> Path:
    """A pillar, in the middle or cut by the planes of symmetry, under a film that grows by one micrometre."""
    domain = DOMAINS[dimension]
    folder = RunFolder.create(path, domain)
    folder.write_scenario("title: 'A pillar'\n")
    z, y, x = np.meshgrid(
        *[(np.arange(n) + 0.5) * h for n, h in zip(domain.cells[::-1], domain.spacing[::-1], strict=True)],
        indexing="ij",
    )
    axis = 0.0 if corner else 4 * MICRO
    radius = np.hypot(x - axis, y - axis if dimension == 3 else 0.0 * y)
    pillar = np.maximum(radius - 1.5 * MICRO, z - 5 * MICRO) if dimension > 1 else np.full(x.shape, 1.0)
    for index, time in enumerate(np.linspace(0.0, 600.0, snapshots)):
        film = np.minimum(pillar, z) - (1.0 + index / snapshots) * MICRO
        folder.snapshot(
            float(time),
            {
                "xi": 0.5 * (1 - np.tanh(film / (2 * SHARP))),
                "psi": 0.5 * (1 - np.tanh(pillar / SHARP)),
                "c": 100.0 + 900.0 * z / domain.size[2],
                "phi_l": -0.1 * (1 - z / domain.size[2]),
            },
        )
    for time in np.linspace(0.0, 600.0, rows + 1)[1:]:
        folder.history({"time": float(time), "voltage": -0.1, "capacity": 20.0 * time, "tip_height": 1e-6})
    folder.flush()
    return path


def not_white(picture: Image.Image) -> float:
    return float(np.mean(np.any(np.asarray(picture.convert("RGB")) < 250, axis=-1)))


def coverage(picture: Path, colour: tuple[float, float, float]) -> float:
    """Share of pixels whose hue is that of a colour, whatever the light on it."""
    pixels = np.asarray(Image.open(picture).convert("RGB"), dtype=float)
    towards = np.array(colour) / np.linalg.norm(colour)
    size = np.linalg.norm(pixels, axis=-1)
    return float(np.mean((pixels @ towards > 0.998 * size) & (size > 60) & (size < 420)))


@pytest.mark.parametrize(
    ("dimension", "names"),
    [(1, {"history.png", "profiles.png", "animation.gif"}), (2, {"history.png", "sections.png", "animation.gif"})],
)
def test_plane_cases_give_their_figures(tmp_path: Path, dimension: int, names: set[str]):
    made = plot_folder(make_case(tmp_path, dimension), strict=True)
    assert {path.name for path in made} == names
    for path in made:
        assert not_white(Image.open(path)) > 0.01
    film = Image.open(tmp_path / "figures/animation.gif")
    film.seek(2)
    with pytest.raises(EOFError):
        film.seek(3)


def test_section_shows_metal_host_and_concentration(tmp_path: Path):
    made = plot_folder(make_case(tmp_path, 2), animation=None, strict=True)
    pixels = np.asarray(
        Image.open(next(path for path in made if path.name == "sections.png")).convert("RGB"), dtype=int
    )
    for colour in ((0xA9, 0xB1, 0xBD), (0xC9, 0x81, 0x4F)):
        assert np.mean(np.all(abs(pixels - colour) < 4, axis=-1)) > 0.01


def test_deposit_is_rendered_and_opened_by_the_cut(tmp_path: Path):
    folder = make_case(tmp_path / "run", 3)
    case = Case.load(folder)
    row = section_row(case)
    assert row == 7  # the pillar's middle
    try:
        pictures = deposit.render_pictures(case, [(2, 0), (2, row)], None, tmp_path)
    except deposit.RenderingUnavailable as error:
        pytest.skip(str(error))
    copper = (0xC9, 0x81, 0x4F)
    assert not_white(Image.open(pictures[2, 0])) > 0.4
    assert coverage(pictures[2, 0], copper) < 1e-3  # the film hides the pillar
    assert coverage(pictures[2, row], copper) > 0.01


def test_space_case_gives_its_figures(tmp_path: Path):
    made = {path.name for path in plot_folder(make_case(tmp_path, 3), strict=True)}
    assert made in (
        {"history.png", "sections.png", "animation.gif", "deposit.png"},
        {"history.png", "sections.png", "animation.gif", "height.png"},
    )


def test_film_as_mp4(tmp_path: Path):
    pytest.importorskip("imageio_ffmpeg")
    made = plot_folder(make_case(tmp_path, 1), animation="mp4", strict=True)
    film = next(path for path in made if path.suffix == ".mp4")
    assert film.read_bytes()[4:8] == b"ftyp"


def test_without_a_renderer_a_message_and_maps_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(deposit, "WINDOWS", ("window",))
    monkeypatch.setattr("sys.executable", "/bin/false")
    made = plot_folder(make_case(tmp_path, 3), strict=True)
    assert {path.name for path in made} == {"history.png", "sections.png", "height.png", "animation.gif"}
    assert "libegl1" in caplog.text


def test_a_broken_figure_is_reported_and_the_others_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> Path:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr("ramify.results.figures.plot.plot_history", broken)
    made = plot_folder(make_case(tmp_path, 1), animation=None)
    assert [path.name for path in made] == ["profiles.png"]
    assert "no history figure: no such luck" in caplog.text


def test_history_marks_when_the_front_began_to_ramify(tmp_path: Path):
    plain = Case.load(make_case(tmp_path / "run", 2))
    (tmp_path / "run" / "summary.json").write_text('{"ramification_onset_s": 300.0}')
    marked = Case.load(tmp_path / "run")
    assert (plain.ramification_onset, marked.ramification_onset) == (None, 300.0)
    pictures = [plot_history(case, tmp_path / f"{n}.png") for n, case in enumerate((plain, marked))]
    assert all(pictures)
    assert Image.open(tmp_path / "0.png").tobytes() != Image.open(tmp_path / "1.png").tobytes()


def test_folder_without_snapshots_says_so(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nothing to draw"):
        plot_folder(tmp_path)


def test_running_case_with_one_snapshot_and_no_history(tmp_path: Path):
    made = plot_folder(make_case(tmp_path, 2, snapshots=1, rows=0), strict=True)
    assert [path.name for path in made] == ["sections.png"]


def test_mirror_completes_a_pillar_cut_by_symmetry(tmp_path: Path):
    cut = Case.load(make_case(tmp_path / "cut", 3, corner=True))
    whole = cut.mirrored(None)
    assert whole.mirrors == ("x-", "y-")
    psi = whole.field("psi", 0)
    assert psi.shape == (20, 32, 32)
    np.testing.assert_array_equal(psi, psi[:, ::-1, ::-1])
    assert whole.edges("x") == (-8 * MICRO, 8 * MICRO)
    np.testing.assert_allclose(whole.centres("x")[16:], cut.centres("x"))
    np.testing.assert_array_equal(psi[:, 16:, 16:], cut.field("psi", 0))
    middle = Case.load(make_case(tmp_path / "middle", 3))
    assert middle.mirrored(None).mirrors == ()
    assert middle.mirrored(True).mirrors == ("x-", "y-")
    assert cut.mirrored(False) is cut


def test_metal_inside_the_host_does_not_show(tmp_path: Path):
    case = Case.load(make_case(tmp_path, 3))
    inside = case.field("psi", 0) > 0.95
    assert inside.any()
    assert case.field("xi", 0)[inside].min() > 0.95
    assert case.metal(0)[inside].max() < 0.06


def test_capacity_of_a_snapshot_is_interpolated(tmp_path: Path):
    case = Case.load(make_case(tmp_path, 1))
    for time in (0.0, 30.0, 333.0, 600.0):
        assert case.capacity(time) == pytest.approx(20.0 * time)


def test_projection_keeps_the_box_in_the_picture_and_measures_exactly():
    view = View((0.0, 0.0, 0.0), (20.0, 10.0, 30.0), pixels=600)
    corners = np.array([[x, y, z] for x in (0.0, 20.0) for y in (0.0, 10.0) for z in (0.0, 30.0)])
    pixels = view.project(corners)
    columns, rows = view.window
    assert pixels.min() > 0
    assert np.all(pixels < [columns, rows])
    along = view.project(np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [20.0, 0.0, 0.0]]))
    np.testing.assert_allclose(along[1], along[0] + 0.25 * (along[2] - along[0]))


def test_panels_and_units_suit_the_run():
    assert panels(1) == [0]
    assert panels(2) == [0, 1]
    assert panels(10) == [0, 4, 9]
    assert time_unit(10 * 3600.0)[0] == "h"
    assert time_unit(90.0)[0] == "s"
    assert time_unit(3600.0)[0] == "min"
