"""Observed order, limit and uncertainty of three grids: exact for f0 + C h^p, wide where there is no limit."""

from __future__ import annotations

import math

import pytest

from ramify.validate import check_relative
from ramify.validation import uncertainty


@pytest.mark.parametrize("order", [0.5, 1.0, 1.5, 2.0, 3.7])
@pytest.mark.parametrize("edges", [(1.0, 2.0, 4.0), (0.5, 0.7, 1.1), (3.0, 3.1, 9.0)])
@pytest.mark.parametrize("slope", [0.03, -2.0])
def test_power_law_gives_its_own_order_and_limit(order: float, edges: tuple[float, float, float], slope: float) -> None:
    values = [7.0 + slope * h**order for h in edges]
    found = uncertainty.grid_convergence(edges, values)
    assert found.value == values[0]
    assert found.order == pytest.approx(order, rel=1e-8)
    assert found.extrapolated == pytest.approx(7.0, rel=1e-9)


def test_grid_convergence_index_is_roaches() -> None:
    # f = 1 + 0.01 h^2 on h = 1, 2, 4: differences 0.03 and 0.12, p = 2, 1.25 x 0.03/(4 - 1).
    found = uncertainty.grid_convergence((1.0, 2.0, 4.0), (1.01, 1.04, 1.16))
    assert found.uncertainty == pytest.approx(0.0125, rel=1e-9)
    # Of third order by observation: no higher order than the scheme's is trusted. 1.25 x 0.07/(4 - 1).
    third = [1.0 + 0.01 * h**3 for h in (1.0, 2.0, 4.0)]
    assert uncertainty.grid_convergence((1.0, 2.0, 4.0), third).uncertainty == pytest.approx(1.25 * 0.07 / 3.0)
    assert uncertainty.grid_convergence((1.0, 2.0, 4.0), third, 3.0).uncertainty == pytest.approx(0.0125)


@pytest.mark.parametrize("values", [(1.0, 1.1, 1.05), (1.0, 1.2, 1.3), (1.0, 1.0, 1.1)])
def test_values_without_a_limit_have_no_order_and_three_ranges(values: tuple[float, float, float]) -> None:
    found = uncertainty.grid_convergence((1.0, 2.0, 4.0), values)
    assert math.isnan(found.order)
    assert found.extrapolated == values[0]
    assert found.uncertainty == pytest.approx(3.0 * (max(values) - min(values)))


def test_edges_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="edges must grow"):
        uncertainty.grid_convergence((2.0, 1.0, 4.0), (1.0, 1.1, 1.2))


def test_check_carries_the_uncertainty() -> None:
    plain = check_relative("case", "number", 1.01, 1.0, 0.02, "arithmetic")
    carried = uncertainty.with_uncertainty(plain, uncertainty.grid_convergence((1.0, 2.0, 4.0), (1.01, 1.04, 1.16)))
    assert (carried.value, carried.passed) == (1.01, True)
    assert carried.uncertainty == pytest.approx(0.0125)
    assert carried.observed_order == pytest.approx(2.0)
    assert carried.extrapolated == pytest.approx(1.0)


def test_fitted_order_is_the_slope_in_logarithms() -> None:
    assert uncertainty.fitted_order((1.0, 2.0, 4.0), [3.0 * h**1.5 for h in (1.0, 2.0, 4.0)]) == pytest.approx(1.5)
