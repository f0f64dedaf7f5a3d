"""Checkpoints: bitwise round trip, a kill at any moment leaves a whole one, hostile files are refused."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ramify.results.checkpoint import CheckpointError, _digest, read_checkpoint, write_checkpoint

STATE = {
    "fields": {"xi": np.linspace(0, 1, 24).reshape(2, 3, 4), "mask": np.array([True, False]), "none": np.zeros((0, 3))},
    "random": np.random.default_rng(7).bit_generator.state,
    "step": 0.1 + 0.2,
    "odd.key/with slash": [1, (2.5, None), "text", True],
    "scalar": np.float64(np.nan),
    "count": np.int32(3),
}


def assert_same(first, second):
    assert type(first) is type(second)
    if isinstance(first, dict):
        assert list(first) == list(second)
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    elif isinstance(first, np.ndarray | np.generic):
        assert first.dtype == second.dtype
        assert first.shape == second.shape
        assert first.tobytes() == second.tobytes()
    else:
        assert first == second or (first != first and second != second)


def test_round_trip_is_bitwise(tmp_path: Path):
    write_checkpoint(tmp_path, STATE, {"time": 12.5, "version": "0.1"})
    found = read_checkpoint(tmp_path)
    assert_same(STATE, found.saved)
    assert found.meta == {"time": 12.5, "version": "0.1"}
    assert found.skipped == ()


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
arrays = hnp.arrays(
    hnp.floating_dtypes() | hnp.integer_dtypes() | hnp.complex_number_dtypes(), hnp.array_shapes(min_side=0)
)
nests = st.recursive(
    plain | arrays,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(saved=st.dictionaries(st.text(max_size=4), nests, max_size=3))
def test_any_nest_of_arrays_and_plain_values_comes_back(tmp_path_factory, saved):
    folder = tmp_path_factory.mktemp("nest")
    write_checkpoint(folder, saved, {})
    assert_same(saved, read_checkpoint(folder).saved)


@pytest.mark.parametrize("value", [np.array([object()]), np.array(["text"]), object(), {1: 2}, lambda: 0])
def test_what_needs_pickle_is_refused_and_leaves_nothing(tmp_path: Path, value):
    with pytest.raises(TypeError, match=r"saved\.a"):
        write_checkpoint(tmp_path, {"a": value}, {})
    assert not list(tmp_path.iterdir())


def test_newest_two_are_kept(tmp_path: Path):
    for number in range(5):
        write_checkpoint(tmp_path, {}, {"number": number})
    assert len(list(tmp_path.iterdir())) == 2
    assert read_checkpoint(tmp_path).meta["number"] == 4


@pytest.mark.parametrize("place", [0, 0.3, 0.6, 0.9, "end"])
def test_damaged_newest_falls_back_with_a_message(tmp_path: Path, place):
    for number in range(2):
        newest = write_checkpoint(tmp_path, {"a": np.arange(5000.0)}, {"number": number})
    content = bytearray(newest.read_bytes())
    if place == "end":
        del content[-100:]
    else:
        spot = int(place * len(content))
        content[spot : spot + 64] = bytes(byte ^ 0xFF for byte in content[spot : spot + 64])
    newest.write_bytes(content)
    found = read_checkpoint(tmp_path)
    assert found.meta["number"] == 0
    assert newest.name in found.skipped[0]


def test_every_damaged_file_is_named(tmp_path: Path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_checkpoint(tmp_path)
    write_checkpoint(tmp_path, {}, {}).write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"checkpoint-00000001\.h5 was passed over"):
        read_checkpoint(tmp_path)


KILL_BEFORE_RENAME = """
import os, signal, sys, numpy as np
from ramify.results import checkpoint
from pathlib import Path
checkpoint.write_checkpoint(Path(sys.argv[1]), {"a": np.full(1000, 1.0)}, {"number": 1})
checkpoint.os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
checkpoint.write_checkpoint(Path(sys.argv[1]), {"a": np.full(1000, 2.0)}, {"number": 2})
"""
WRITE_FOREVER = """
import sys, numpy as np
from ramify.results.checkpoint import write_checkpoint
from pathlib import Path
number = 0
while True:
    number += 1
    write_checkpoint(Path(sys.argv[1]), {"a": np.full(200_000, float(number))}, {"number": number})
    print(number, flush=True)
"""


def test_kill_before_the_rename_leaves_the_previous(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", KILL_BEFORE_RENAME, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.glob(".*.partial"))
    assert read_checkpoint(tmp_path).meta["number"] == 1
    write_checkpoint(tmp_path, {}, {"number": 3})
    assert not list(tmp_path.glob(".*.partial"))


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.031])
def test_kill_at_any_moment_leaves_the_last_reported_or_a_newer(tmp_path: Path, delay: float):
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        reported = [run.stdout.readline() for _ in range(3)]
        time.sleep(delay)
        run.kill()
        reported += run.stdout.readlines()
    found = read_checkpoint(tmp_path)
    assert found.meta["number"] >= int(reported[-1])
    np.testing.assert_array_equal(found.saved["a"], np.full(200_000, float(found.meta["number"])))
    assert found.skipped == ()


def refused(folder: Path, match: str) -> None:
    with pytest.raises(CheckpointError, match=match):
        read_checkpoint(folder)


def replace_array(file: h5py.File, **options) -> None:
    del file["arrays/0"]
    file["arrays"].create_dataset("0", **options)


def test_external_link_is_refused(tmp_path: Path):
    path = write_checkpoint(tmp_path, {"a": np.zeros(3)}, {})
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros(3)
    with h5py.File(path, "r+") as file:
        del file["arrays/0"]
        file["arrays/0"] = h5py.ExternalLink("other.h5", "secret")
    refused(tmp_path, "link to elsewhere")


def test_external_storage_is_refused(tmp_path: Path):
    (tmp_path / "secret").write_bytes(bytes(24))
    path = write_checkpoint(tmp_path, {"a": np.zeros(3)}, {})
    with h5py.File(path, "r+") as file:
        replace_array(file, shape=(3,), dtype="f8", external=[(str(tmp_path / "secret"), 0, 24)])
    refused(tmp_path, "not stored plainly")


@pytest.mark.parametrize("options", [{}, {"chunks": (1024,), "compression": "gzip"}])
def test_absurd_size_is_refused_without_reading(tmp_path: Path, options):
    path = write_checkpoint(tmp_path, {"a": np.zeros(3)}, {})
    with h5py.File(path, "r+") as file:
        replace_array(file, shape=(10**13,), dtype="f8", **options)
    refused(tmp_path, "larger than the file|not stored plainly")


def test_objects_are_refused(tmp_path: Path):
    path = write_checkpoint(tmp_path, {"a": np.zeros(3)}, {})
    with h5py.File(path, "r+") as file:
        replace_array(file, shape=(3,), dtype=h5py.string_dtype())
    refused(tmp_path, "not an array of numbers")


@pytest.mark.parametrize(
    "manifest",
    [
        b"[" * 100_000,
        b'{"saved": {"array": 9}, "meta": 1}',
        b'{"saved": {"array": -7}}',
        b'{"saved": {"a": 1, "b": 2}}',
        b"\xff",
    ],
)
def test_senseless_manifest_with_valid_checksum_is_refused(tmp_path: Path, manifest: bytes):
    path = write_checkpoint(tmp_path, {"a": np.zeros(3)}, {})
    with h5py.File(path, "r+") as file:
        del file["manifest"]
        file["manifest"] = np.frombuffer(manifest, dtype=np.uint8)
        file.attrs["sha256"] = _digest(manifest, [np.zeros(3)])
    refused(tmp_path, "passed over")


def test_newer_format_is_refused_by_number(tmp_path: Path):
    path = write_checkpoint(tmp_path, {}, {})
    with h5py.File(path, "r+") as file:
        file.attrs["version"] = 99
    refused(tmp_path, "format version 99")


def test_manifest_holds_no_code(tmp_path: Path):
    path = write_checkpoint(tmp_path, STATE, {})
    with h5py.File(path, "r") as file:
        assert json.loads(file["manifest"][()].tobytes())["saved"]["dict"]["step"] == 0.1 + 0.2
        assert {dataset.dtype.kind for dataset in file["arrays"].values()} <= set("biufc")
