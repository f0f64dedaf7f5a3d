"""Benchmark 7a: the source belongs to the manufactured solution, and coarse grids already show the order."""

from __future__ import annotations

import numpy as np
import pytest

from ramify.validation import t11_manufactured as case
from ramify.validation.uncertainty import fitted_order


@pytest.mark.parametrize("time", [0.0, 3.7])
def test_source_is_the_residual_of_the_manufactured_solution(time: float) -> None:
    x, y, step = np.linspace(0.0, 1.0, 41), np.linspace(0.1, 0.4, 31), 1e-4
    found = np.empty((y.size, x.size))
    case.set_source(x, y, time, found)
    eta = case.solution(x, y, time)
    rate = (case.solution(x, y, time + step) - case.solution(x, y, time - step)) / (2.0 * step)
    beside = sum(case.solution(x + a * step, y + b * step, time) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1)))
    laplacian = (beside - 4.0 * eta) / step**2
    residual = rate + 4.0 * eta * (eta - 1.0) * (eta - 0.5) - case.KAPPA * laplacian
    assert np.allclose(found, residual, atol=2e-4 * np.abs(residual).max())


def test_error_is_of_second_order() -> None:
    edges = (0.00625, 0.004)
    assert fitted_order(edges, [case.error(h) for h in edges]) == pytest.approx(2.0, abs=0.2)
