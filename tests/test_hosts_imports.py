"""Images and surfaces: round trips through every format, crops and tiles, and files that mean harm."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest

tifffile = pytest.importorskip("tifffile", reason="needs the [hosts] extra")
trimesh = pytest.importorskip("trimesh", reason="needs the [hosts] extra")
meshio = pytest.importorskip("meshio", reason="needs the [hosts] extra")

from ramify.hosts import images  # noqa: E402
from ramify.hosts.images import RawLayout, open_image  # noqa: E402
from ramify.hosts.porosity import BedSamples  # noqa: E402
from ramify.hosts.triangles import surface_host  # noqa: E402
from ramify.hosts.voxels import PhaseConductivity, voxel_host  # noqa: E402

UM = 1e-6
H = 0.5 * UM
SIZE = (20 * UM, 20 * UM, 30 * UM)
RADIUS = 6.0
PHASES = {"pore": (0,), "copper": (1,), "binder": (2, 7)}


def ball_distance(points: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(points - 10 * UM).sum(0)) - RADIUS * UM


def ball() -> np.ndarray:
    """Labels of a ball of two phases in 40 x 40 x 40 voxels of half a micrometre."""
    x = (np.arange(40) + 0.5) * H
    grid = np.stack(np.broadcast_arrays(x[None, None, :], x[None, :, None], x[:, None, None]))
    lower = np.broadcast_to(x[:, None, None] < 10 * UM, (40, 40, 40))
    return np.where(ball_distance(grid) < 0.0, np.where(lower, 1, 7), 0).astype(np.uint8)


def written(folder: Path, kind: str) -> tuple[Path, RawLayout | None]:
    path, labels = folder / f"ball.{kind.split()[-1]}", ball()
    if kind == "raw":
        labels.astype(">u2").tofile(path)
        return path, RawLayout((40, 40, 40), ">u2")
    if kind.endswith("npy"):
        np.save(path, np.asfortranarray(labels) if kind.startswith("fortran") else labels)
    else:
        tifffile.imwrite(path, labels, compression="zlib" if kind.startswith("packed") else None, metadata=None)
    return path, None


def host_of(path: Path, layout: RawLayout | None = None, **options):
    return voxel_host(open_image(path, layout), (H, H, H), options.pop("phases", PHASES), SIZE, **options)


@pytest.mark.parametrize("kind", ["tif", "packed tif", "npy", "fortran npy", "raw"])
def test_an_image_becomes_a_smooth_distance(tmp_path, kind):
    host = host_of(*written(tmp_path, kind))
    points = np.random.default_rng(1).random((3, 5000)) * 20 * UM
    exact = ball_distance(points)
    near = np.abs(exact) < UM
    assert np.abs(host.distance(*points) - exact)[near].max() < 0.3 * H
    samples = BedSamples.over((20 * UM, 20 * UM, 20 * UM), 150_000)
    assert samples.porosity(samples.distances(host.distance)) == pytest.approx(1.0 - (ball() > 0).mean(), abs=5e-4)
    assert host.height == pytest.approx(20 * UM)
    assert host.feature_size == pytest.approx(4 * 2 * RADIUS / 6 * UM, rel=0.03)


def test_the_slope_of_an_imported_distance_is_one(tmp_path):
    host, e = host_of(*written(tmp_path, "tif")), 1e-9
    points = np.random.default_rng(2).random((3, 20_000)) * 20 * UM
    points = points[:, np.abs(host.distance(*points)) < 0.5 * UM]
    slopes = [host.distance(*(points + s[:, None])) - host.distance(*(points - s[:, None])) for s in np.eye(3) * e]
    norm = np.sqrt(np.square(slopes).sum(0)) / (2 * e)
    assert np.quantile(np.abs(norm - 1.0), 0.95) < 0.08


def test_phases_keep_their_places(tmp_path):
    host = host_of(*written(tmp_path, "tif"))
    conductivity = PhaseConductivity(host, (5e7, 0.0))
    z = np.array([6.0, 14.0, 2.0, 18.0]) * UM
    assert conductivity(np.full(4, 10 * UM), np.full(4, 10 * UM), z).tolist() == [5e7, 0.0, 5e7, 0.0]
    assert host.phases == ("copper", "binder")


def test_smoothing_takes_the_steps_away(tmp_path):
    path, _ = written(tmp_path, "tif")
    points = np.random.default_rng(3).random((3, 20_000)) * 20 * UM
    near = np.abs(ball_distance(points)) < 0.5 * UM
    rough, smooth = (host_of(path, smoothing=s).distance(*points[:, near]) for s in (0.0, 1.0))
    exact = ball_distance(points[:, near])
    assert np.std(smooth - exact) < 0.5 * np.std(rough - exact)


def test_crops_tiles_and_mirrors(tmp_path):
    path, _ = written(tmp_path, "tif")
    points = np.random.default_rng(4).random((3, 2000)) * np.array([20, 20, 15])[:, None] * UM
    whole = host_of(path)
    part = host_of(path, corner=(0.0, 0.0, 5 * UM), height=15 * UM)
    lifted = points + np.array([0.0, 0.0, 5.0])[:, None] * UM
    near = (np.abs(whole.distance(*lifted)) < UM) & (points[2] > 3 * UM)  # away from what the cut has taken
    assert part.distance(*points)[near] == pytest.approx(whole.distance(*lifted)[near], abs=0.15 * UM)
    with pytest.raises(ValueError, match="along x, which ends at 20 um"):
        host_of(path, corner=(1 * UM, 0.0, 0.0))
    tiled = host_of(path, corner=(10 * UM, 0.0, 0.0), beyond="tile", periodic=True)
    moved = points.copy()
    moved[0] = (points[0] + 10 * UM) % (20 * UM)
    near = np.abs(ball_distance(moved)) < UM
    assert tiled.distance(*points)[near] == pytest.approx(ball_distance(moved)[near], abs=0.3 * H)
    mirrored = host_of(path, corner=(10 * UM, 0.0, 0.0), beyond="mirror")
    moved[0] = np.minimum(points[0] + 10 * UM, 30 * UM - points[0])
    near = np.abs(ball_distance(moved)) < UM
    assert mirrored.distance(*points)[near] == pytest.approx(ball_distance(moved)[near], abs=0.3 * H)


def test_large_images_are_averaged_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("ramify.hosts.voxels.LARGEST_GRID", 9000)
    host = host_of(*written(tmp_path, "tif"))
    assert host.values.shape == (20, 20, 20)
    points = np.random.default_rng(5).random((3, 3000)) * 20 * UM
    near = np.abs(ball_distance(points)) < UM
    assert np.abs(host.distance(*points) - ball_distance(points))[near].max() < 0.35 * UM
    monkeypatch.setattr("ramify.hosts.voxels.LARGEST_PART", 1000)
    with pytest.raises(ValueError, match="allowed: up to 1000"):
        host_of(tmp_path / "ball.tif")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"phases": {"pore": (0,), "copper": (1,)}}, "belong to no phase: 7"),
        ({"phases": {"pore": (0, 1, 7), "copper": (3,)}}, "is all pore"),
        ({"corner": (0.0, 0.0, 0.0), "height": 25 * UM}, "along z, which ends at 20 um"),
    ],
)
def test_images_that_do_not_fit_are_refused(tmp_path, options, told):
    path, _ = written(tmp_path, "tif")
    with pytest.raises(ValueError, match=told):
        host_of(path, **options)


def broken(folder: Path, name: str) -> Path:
    """A file that means harm, or that something has happened to."""
    path = folder / f"bad.{name.split()[-1]}"
    if name == "pickled npy":
        np.save(path, np.array([{}, {}], dtype=object), allow_pickle=True)
    elif name == "absurd npy":
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000), }\n"
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    elif name == "code npy":
        header = b"__import__('os').system('true')\n"
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    elif name == "float npy":
        np.save(path, np.zeros((3, 3, 3)))
    elif name == "flat npy":
        np.save(path, np.zeros((3, 3), np.uint8))
    elif name in ("cut npy", "cut tif", "short tif"):
        whole, _ = written(folder, name.split()[-1])
        data = whole.read_bytes()
        path.write_bytes(data[: len(data) * (9 if name.startswith("short") else 5) // 10])
    elif name == "absurd tif":
        path.write_bytes(absurd_tiff())
    elif name == "noise tif":
        path.write_bytes(np.random.default_rng(1).bytes(4000))
    elif name == "cut raw":
        path.write_bytes(bytes(10))
    return path


HARM = {
    "pickled npy": "pickled Python objects",
    "absurd npy": "declares 1000000000000000000 voxels",
    "code npy": "cannot be read as .npy",
    "float npy": "holds float64 values",
    "flat npy": r"shape \(3, 3\)",
    "cut npy": "need 64128",
    "cut tif": "damaged|shape|truncated",
    "short tif": "damaged|shape|truncated",
    "absurd tif": "declares 10800000000 voxels",
    "noise tif": "cannot be read as .tif",
    "cut raw": "need 64000",
}


def absurd_tiff() -> bytes:
    """Three pages of 60 000 x 60 000 pixels, in a file of a few hundred bytes."""
    data, where = b"II*\0" + struct.pack("<I", 8), 8
    for page in range(3):
        entries = [(256, 60_000), (257, 60_000), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 60_000),
                   (279, 3_600_000_000)]  # fmt: skip
        where += 2 + 12 * len(entries) + 4
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
        data += struct.pack("<I", where if page < 2 else 0)
    return data


@pytest.mark.parametrize("name", HARM)
def test_hostile_images_are_refused(tmp_path, name):
    path = broken(tmp_path, name)
    with pytest.raises(images.ImageError, match=HARM[name]) as refusal:
        open_image(path, RawLayout((40, 40, 40), "uint8") if name.endswith("raw") else None).read(
            (slice(0, 40), slice(0, 40), slice(0, 40))
        )
    assert len(str(refusal.value)) < 300


def test_what_a_raw_volume_must_tell(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(64))
    assert open_image(path, RawLayout((4, 4, 4), "uint8")).shape == (4, 4, 4)
    for layout, told in (
        (None, "needs 'shape' and 'dtype'"),
        (RawLayout((4, 4, 4), "uint16"), "need 128"),
        (RawLayout((4, 4, 4), "complex64"), "allowed: labels"),
        (RawLayout((4, 4, 4), "nonsense"), "no data type"),
        (RawLayout((10**5, 10**5, 10**5), "uint8"), f"up to {images.LARGEST_IMAGE}"),
    ):
        with pytest.raises(ValueError, match=told):
            open_image(path, layout)
    with pytest.raises(ValueError, match="no image format"):
        open_image(tmp_path / "a.png")


@pytest.fixture(scope="module")
def sphere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same ball of 6 um about (10, 10, 5) um in three formats, and turned inside out."""
    folder = tmp_path_factory.mktemp("surfaces")
    mesh = trimesh.creation.icosphere(4, RADIUS)
    mesh.apply_translation([10, 10, 5])
    paths = {suffix: folder / f"ball.{suffix}" for suffix in ("stl", "ply", "vtk")}
    mesh.export(paths["stl"])
    mesh.export(paths["ply"])
    meshio.write(paths["vtk"], meshio.Mesh(mesh.vertices, [("triangle", mesh.faces)]))
    mesh.invert()
    paths["inverted"] = folder / "inverted.stl"
    mesh.export(paths["inverted"])
    return paths


@pytest.mark.parametrize("kind", ["stl", "ply", "vtk", "inverted"])
def test_a_surface_has_its_exact_distance(sphere, kind):
    host = surface_host(sphere[kind], UM, SIZE)
    points = np.random.default_rng(6).random((3, 4000)) * np.array([20, 20, 10.5])[:, None] * UM
    exact = np.sqrt(np.square(points - np.array([10, 10, 5])[:, None] * UM).sum(0)) - RADIUS * UM
    assert np.abs(host.distance(*points) - exact).max() < 0.01 * UM  # the icosahedron's own
    assert host.height == pytest.approx(11 * UM, rel=1e-3)
    assert host.feature_size == pytest.approx(8 * UM, rel=0.01)
    assert host.check(SIZE) == []


def test_corners_and_edges_of_a_box_have_the_right_sign(tmp_path):
    box = trimesh.creation.box((4, 4, 6))
    box.apply_translation([10, 10, 3])
    box.export(tmp_path / "box.stl")
    host = surface_host(tmp_path / "box.stl", UM, SIZE)
    points = np.random.default_rng(7).random((3, 4000)) * np.array([20, 20, 6])[:, None] * UM
    q = np.abs(points - np.array([10, 10, 3])[:, None] * UM) - np.array([2, 2, 3])[:, None] * UM
    exact = np.linalg.norm(np.maximum(q, 0.0), axis=0) + np.minimum(q.max(axis=0), 0.0)
    assert host.distance(*points) == pytest.approx(exact, abs=1e-12)
    cut = surface_host(tmp_path / "box.stl", UM, SIZE, height=4 * UM, offset=(0.0, 0.0, -1 * UM))
    assert cut.distance(np.array(10 * UM), np.array(10 * UM), np.array(4.5 * UM)) == pytest.approx(0.5 * UM)


def test_a_periodic_surface_is_repeated(sphere):
    host = surface_host(sphere["stl"], UM, (14 * UM, 14 * UM, 30 * UM), periodic=True)
    d = host.distance(np.array([0.5, 14.5]) * UM, np.full(2, 10 * UM), np.full(2, 5 * UM))
    assert d[0] == pytest.approx(d[1], abs=1e-12)
    assert d[0] / UM == pytest.approx(4.5 - 6.0, abs=0.01)


def bad_surface(folder: Path, name: str) -> Path:
    path = folder / "bad.stl"
    mesh = trimesh.creation.box((4, 4, 6))
    if name == "open":
        mesh.update_faces(np.arange(len(mesh.faces)) > 0)
        mesh.export(path)
    elif name == "twisted":
        mesh.faces[0] = mesh.faces[0][::-1]
        path = folder / "bad.ply"
        mesh.export(path)
    elif name == "empty":
        path.write_bytes(bytes(80) + struct.pack("<I", 0))
    elif name == "absurd":
        path.write_bytes(bytes(80) + struct.pack("<I", 4_000_000_000))
    elif name == "noise":
        path = folder / "bad.ply"
        path.write_bytes(np.random.default_rng(1).bytes(4000))
    elif name == "absurd ply":
        path = folder / "bad.ply"
        path.write_text("ply\nformat binary_little_endian 1.0\nelement vertex 999999999999\nproperty float x\n"
                        "property float y\nproperty float z\nend_header\n")  # fmt: skip
    elif name == "lines vtk":
        path = folder / "bad.vtk"
        meshio.write(path, meshio.Mesh(np.eye(3), [("line", [[0, 1]])]))
    elif name == "noise vtk":
        path = folder / "bad.vtk"
        path.write_bytes(np.random.default_rng(1).bytes(4000))
    return path


BAD = {
    "open": "not a closed surface",
    "twisted": "not a closed surface",
    "empty": "holds 0 triangles",
    "absurd": "0 triangles",
    "noise": "cannot be read as .ply",
    "absurd ply": "cannot be read as .ply",
    "lines vtk": "no triangles",
    "noise vtk": "cannot be read as .vtk",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_surfaces_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=BAD[name]) as refusal:
        surface_host(bad_surface(tmp_path, name), UM, SIZE)
    assert len(str(refusal.value)) < 300


def test_a_surface_outside_the_domain_is_refused(sphere):
    host = surface_host(sphere["stl"], UM, SIZE, offset=(30 * UM, 0.0, 0.0))
    with pytest.raises(ValueError, match="outside the domain"):
        host.check(SIZE)
    lifted = surface_host(sphere["stl"], UM, SIZE, offset=(0.0, 0.0, 5 * UM))
    assert "touches nothing" in lifted.check(SIZE)[0]
    assert math.isclose(lifted.height, 16 * UM, rel_tol=1e-3)
