"""`ramify tracer`: what it reads, prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ramify import cli
from ramify.tracer.model import Experiment
from ramify.validation.references import tracer

D, TIME, FILM = 1.6e-14, 3600.0, 5e-6
X = np.linspace(0.3e-6, 40e-6, 60)
KNOWN = ("--film", "5 um", "--time", "60 min")


def table(values: np.ndarray, header: str = "depth [um], fraction [1]", scale: float = 1.0) -> str:
    rows = (f"{1e6 * x:.6g}, {scale * y:.6g}" for x, y in zip(X, values, strict=True))
    return "\n".join(["# a comment", header, "", *rows]) + "\n"


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return Experiment("film", TIME, 600.0).profile(X, D, FILM) + np.random.default_rng(1).normal(0.0, 0.01, X.size)


@pytest.fixture
def data(tmp_path: Path, values: np.ndarray) -> Path:
    path = tmp_path / "profile.csv"
    path.write_text(table(values))
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as end:
        cli.main(["tracer", *map(str, arguments)])
    printed = capsys.readouterr()
    return end.value.code, printed.out, printed.err


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    code, out, err = call(capsys, *arguments)
    assert code == 2 and out == ""
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err
    return err


def test_prints_and_writes_the_result(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path) -> None:
    folder = tmp_path / "result"
    deposited = (*KNOWN, "--deposition-time", "10 min", "--temperature", "25 degC", "-o", folder)
    code, out, _ = call(capsys, "--data", data, *deposited)
    assert code == 0
    result = json.loads((folder / "tracer.json").read_text())
    low, high = result["diffusivity_interval_m2_per_s"]
    assert low < D < high
    assert result["diffusivity_cm2_per_s"] == pytest.approx(1e4 * result["diffusivity_m2_per_s"])
    assert result["temperature_K"] == 298.15 and result["deposition_time_s"] == 600.0
    assert result["parameters"]["film_m"] == {"value": FILM, "low": FILM, "high": FILM, "fitted": False}
    assert len(result["profile"]["residual"]) == X.size
    assert f"D = {result['diffusivity_m2_per_s']:.4g} m^2/s" in out and "cm^2/s" in out and "95 %" in out
    assert (folder / "tracer.png").stat().st_size > 10_000
    assert "holds a result already" in refused(capsys, "--data", data, *deposited)
    assert call(capsys, "--data", data, *deposited, "--force")[0] == 0
    assert "is a file" in refused(capsys, "--data", data, *KNOWN, "-o", data)


def test_units_separators_and_origin_do_not_matter(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path, values: np.ndarray
) -> None:
    path = tmp_path / "other.csv"
    printed = [call(capsys, "--data", data, *KNOWN)[1]]
    path.write_text(table(values, "Depth (um); Fraction (%)", 100.0).replace(", ", ";"))
    printed.append(call(capsys, "--data", path, *KNOWN)[1])
    path.write_bytes(b"\xef\xbb\xbf" + table(values, "depth [µm]\tfraction [1]").replace(", ", "\t").encode())
    printed.append(call(capsys, "--data", path, *KNOWN)[1])
    assert len({text.splitlines()[0] for text in printed}) == 1


def test_every_option_changes_something(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text("time [min], temperature [degC]\n0, 25\n30, 40\n60, 25\n")
    heated = ("--history", history, "--temperature", "25 degC", "--activation-energy", "50 kJ/mol")
    plain = call(capsys, "--data", data, *KNOWN)[1]
    for more in (
        ("--model", "gaussian"),
        ("--model", "barrier"),
        ("--model", "barrier", "--barrier", "5 nm/s"),
        ("--deposition-time", "20 min"),
        ("--film-diffusivity", "1e-9 cm^2/s"),
        ("--substrate", "20 um"),
        ("--roughness", "2 um"),
        ("--amplitude", "1"),
        ("--background", "0.01"),
        ("--fit", "background"),
        ("--noise", "counts"),
        ("--origin", "interface"),
        ("--from", "5 um"),
        ("--to", "25 um"),
        heated,
    ):
        code, out, err = call(capsys, "--data", data, *KNOWN, *more)
        assert code == 0, err
        assert out != plain, more


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", "", "holds nothing"),
        ("1, 2\n3, 4\n", ":1:", "no header with units"),
        ("depth, fraction [1]\n1, 2\n", ":1: depth:", "a column without a unit"),
        ("depth [V], fraction [1]\n1, 2\n", ":1: depth: V", "a voltage, where a length is expected"),
        ("depth [um], fraction [um]\n1, 2\n", ":1: fraction: um", "a length, where a concentration is expected"),
        ("deph [um], fraction [1]\n1, 2\n", ":1:", "did you mean 'depth'"),
        ("depth [um], depth [um]\n1, 2\n", ":1: depth:", "given twice"),
        ("depth [um], uncertainty [1]\n1, 2\n", ":1:", "needs one column of depths and one of values"),
        ("depth [um], fraction [1]\n", ":1:", "no numbers"),
        ("depth [um], fraction [1]\n1, 2\n2\n", ":3: 2:", "1 column, where the header has 2"),
        ("depth [um], fraction [1]\n1, 2\n2, nan\n", ":3: fraction: nan", "not a finite number"),
        ("depth [um], fraction [1]\n1, 2\n2, 9e999\n", ":3: fraction: 9e999", "not a finite number"),
        ("depth [um]; fraction [1]\n1; 0,2\n", ":2: fraction: 0,2", "not a finite number"),
        ("depth [um], fraction [1]\n-1, 2\n2, 1\n", ":2: depth: -1", "above the surface"),
        ("depth [um], fraction [1]\n1, 2\n\n1, 1\n", ":4: depth: 1", "not more than the depth before"),
        ("depth [um], counts [counts]\n1, 2\n2, -1\n", ":3: counts: -1", "counts below zero"),
        ("depth [um], fraction [1], uncertainty [1]\n1, 2, 0\n", ":2: uncertainty: 0", "no standard deviation"),
        ("depth [um], fraction [1], uncertainty [%]\n1, 2, 1\n", ":1: uncertainty: %", "not the unit of the values"),
        ("depth [um], fraction [1]\n1, 2\n2, 1\n", "", "2 points for 2 free parameters"),
    ],
)
def test_refused_profiles(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, place: str, told: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    message = refused(capsys, "--data", path, *KNOWN)
    assert message.startswith(f"ramify: {path}{place}") and told in message and "allowed: " in message


def test_refused_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "binary.csv"
    path.write_bytes(bytes(range(256)))
    assert "is not text" in refused(capsys, "--data", path, *KNOWN)
    assert "no such file" in refused(capsys, "--data", tmp_path / "none.csv", *KNOWN)
    assert "is a folder" in refused(capsys, "--data", tmp_path, *KNOWN)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--time", "60 min"), "--film: missing"),
        (("--film", "5 um"), "--time: missing"),
        (("--film", "5", "--time", "60 min"), "--film: 5: a number without a unit"),
        ((*KNOWN, "--model", "barier"), "did you mean 'barrier'"),
        ((*KNOWN, "--fit", "barrier"), "not part of model film"),
        ((*KNOWN, "--fit", "roughness"), "needs a value to begin with"),
        ((*KNOWN, "--fit", "diffusivity"), "--fit: diffusivity: no such choice"),
        ((*KNOWN, "--model", "gaussian", "--deposition-time", "1 min"), "not part of model gaussian"),
        ((*KNOWN, "--deposition-time", "2 h"), "longer than the whole time"),
        ((*KNOWN, "--amplitude", "one"), "--amplitude: one: not a finite number"),
        ((*KNOWN, "--activation-energy", "50 kJ/mol"), "together with --history"),
        ((*KNOWN, "--history", "none.csv"), "--temperature: missing"),
        ((*KNOWN, "--to", "1 um"), "2 points for 2 free parameters"),
        ((*KNOWN, "--", "-ksp_view"), "takes no PETSc options"),
    ],
)
def test_refused_options(capsys: pytest.CaptureFixture[str], data: Path, options: tuple[str, ...], told: str) -> None:
    assert told in refused(capsys, "--data", data, *options)


def test_refused_histories(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path) -> None:
    history = tmp_path / "history.csv"
    options = ("--history", history, "--temperature", "25 degC", "--activation-energy", "50 kJ/mol")
    for text, told in (
        ("time [min], temperature [degC]\n0, 25\n30, 25\n", "--time: 60 min: beyond the temperature history"),
        ("time [min], temperature [degC]\n1, 25\n90, 25\n", "does not begin at the start of deposition"),
        ("time [min], temperature [degC]\n0, 25\n90, -300\n", "below absolute zero"),
        ("time [min]\n0\n90\n", "has no column 'temperature [degC]'"),
    ):
        history.write_text(text)
        assert told in refused(capsys, "--data", data, *KNOWN, *options)


def test_published_values_have_their_sources() -> None:
    rows = tracer.published()
    assert all(row.source and row.diffusivity > 0.0 for row in rows)
    measured = tracer.measured()
    assert [row.name for row in measured] == ["Li", "Li-Mg 10 at.%", "Li-Mg 20 at.%", "Li-Mg 30 at.%"]
    assert [row.diffusivity for row in measured] == pytest.approx([1.6e-14, 2.4e-15, 2.6e-15, 1.4e-15])
    assert [row.uncertainty for row in measured] == pytest.approx([1e-15, 1e-16, 1e-16, 2e-16])
