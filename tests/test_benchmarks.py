"""Benchmarks run to their end at tiny sizes and report in JSON what they promise; times are not judged here."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("petsc4py")


def report(checkout: Path, script: str, *arguments: str) -> dict[str, Any]:
    result = subprocess.run(
        [sys.executable, f"benchmarks/{script}", *arguments], cwd=checkout, capture_output=True, text=True, timeout=280
    )
    assert result.returncode == 0, result.stdout + result.stderr
    found: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return found


def test_coupled_step(checkout):
    found = report(
        checkout, "coupled_step.py", "--cells", "16", "--steps", "2", "--warm-up", "3", "--triad-megabytes", "16",
        "--no-py-pde", "--fipy-cells", "10", "--fipy-steps", "1",
    )  # fmt: skip
    assert found["triad_GB_per_s"] > 0.0 and found["bytes_per_cell"] > 0.0
    for regime in ("moving", "depletion"):
        case = found[regime]
        assert case["not_timed"] == []
        shares = (case["kernels_share"], case["python_share"])
        assert sum(shares) == pytest.approx(1.0) and all(0.0 < share < 1.0 for share in shares)
        sections = sum(case["sections_us_per_cell_per_step"].values())
        assert sections == pytest.approx(case["watched_us_per_cell_per_step"], rel=1e-3)
        assert all(kernel["GB_per_s"] > 0.0 for kernel in case["kernels"].values())
        assert {"smooth", "apply_jacobian"} <= case["kernels"].keys()
    fipy = found["fipy"][0]
    assert fipy["petsc_rejected"] == fipy["fipy_rejected"] == 0
    assert fipy["difference_xi"] < 0.05 and fipy["difference_c"] < 0.01
    assert all(found["explicit_front"][f"{name}_Mcell_per_s"] > 0.0 for name in ("conservative", "allen_cahn"))
    assert found["cold_start"]["import_s"] > 0.0


def test_potential_solve(checkout):
    found = report(checkout, "potential_solve.py", "--cells", "16", "24")
    assert [case["electrons"] for case in found["cases"]] == ["equipotential"] * 4 + ["ohmic"] * 4
    for case in found["cases"]:
        assert case["converged"] and case["residual"] < 2e-8 and case["iterations"] < 40
    assert [case["floating"] > 0 for case in found["cases"]] == [False, False, True, True] * 2
    assert all(math.isfinite(growth) for growth in found["growth"].values())


def test_scaling_and_ranks_give_the_same_answer(checkout):
    found = report(checkout, "scaling.py", "--cells", "8", "16", "--ranks-cells", "16", "--steps", "1", "--rounds", "1")
    assert found["sizes"].keys() == {"8", "16"}
    assert found["ranks"]["16"]["difference_of_answers"] < 1e-8
    assert found["ranks"]["16"]["speed_up"] > 0.0


def test_fem_elasticity(checkout):
    found = report(checkout, "fem_elasticity.py", "--cells", "4", "--rounds", "1", "--no-dolfinx")
    assert found["unknowns"] == 3 * 5**3
    assert found["difference"] < 1e-7
    for code in ("ramify", "scikit_fem"):
        assert 0.0 < found[code]["iterations"] < 40.0
        assert all(found[code][key] > 0.0 for key in ("set_up_s", "assembly_s", "solve_s"))


def test_fem_poisson(checkout):
    found = report(checkout, "fem_poisson.py", "--cells", "6", "--rounds", "1", "--no-dolfinx")
    assert found["ramify"]["unknowns"] == 7**3
    assert found["scikit_fem"]["error"] == pytest.approx(found["ramify"]["error"], rel=1e-2)
    assert found["scikit_fem_over_ramify"]["assembly_and_solve"] > 0.0


def test_fem_nernst_planck(checkout):
    found = report(checkout, "fem_nernst_planck.py", "--cells", "4", "--rounds", "1", "--no-dolfinx")
    assert found["ramify"]["unknowns"] == 3 * 5**3
    assert 0.0 < found["ramify"]["error"] < 0.05
    assert found["scikit_fem"]["error"] == pytest.approx(found["ramify"]["error"], rel=0.2)
    assert "dolfinx" not in found
