"""The stability reference with a background charge against closed forms, collocation and the reference without it."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.integrate import quad, solve_bvp
from scipy.optimize import brentq, fsolve

from ramify.physics import cell
from ramify.physics.butler_volmer import surface_current
from ramify.physics.constants import FARADAY, GAS_CONSTANT
from ramify.validation.references.background_charge import BackgroundCell
from ramify.validation.references.stability import POINTS, StabilityCell

D, T_PLUS, C0, LENGTH = 3e-10, 0.38, 1000.0, 90e-6
PLUS, MINUS = D / (2.0 * (1.0 - T_PLUS)), D / (2.0 * T_PLUS)
F_RT = FARADAY / (GAS_CONSTANT * 298.15)
LIMITING = cell.limiting_current(D, C0, T_PLUS, LENGTH)
UNIT = LENGTH**2 / D
LATE = 8.0 * UNIT
PLAIN = StabilityCell(
    diffusivity=D,
    transference=T_PLUS,
    concentration=C0,
    length=LENGTH,
    current=1.5 * LIMITING,
    exchange_current=30.0,
    surface_energy=200.0,
    molar_volume=1.3e-5,
)
DEPLETION = cell.depletion_time(1.5) * UNIT
NONE = BackgroundCell(**asdict(PLAIN))
NEGATIVE = replace(NONE, background=-0.2 * C0)


def steady_anions(charged: BackgroundCell, z: np.ndarray) -> np.ndarray:
    """n at z by 2 (n - n(0)) - rho_b ln(n/n(0)) = i z/(F D+); its integral, (F D+/i) [n^2 - rho_b n], gives n(0)."""
    rise, rho = charged.current * LENGTH / (FARADAY * PLUS * C0), charged.background / C0

    def missing(logs: np.ndarray) -> list[float]:
        near, far = np.exp(logs)
        total = (far**2 - rho * far - near**2 + rho * near) / rise - 1.0
        return [2.0 * (far - near) - rho * (logs[1] - logs[0]) - rise, total]

    near, far = np.exp(fsolve(missing, [-1.0, 0.5], xtol=1e-13))
    return C0 * np.array(
        [
            brentq(
                lambda n, x=x: 2.0 * (n - near) - rho * math.log(n / near) - rise * x, near, far * 1.0001, xtol=1e-14
            )
            for x in z / LENGTH
        ]
    )


@pytest.mark.parametrize("moment", [0.3, 0.95])
@pytest.mark.parametrize("wavelength", [40e-6, 9e-6])
def test_a_vanishing_background_gives_the_reference_without_one(moment: float, wavelength: float) -> None:
    k, time = 2.0 * np.pi / wavelength, moment * DEPLETION
    exact = PLAIN.growth_rate(k, time)
    assert NONE.growth_rate(k, time) == pytest.approx(exact, rel=1e-6, abs=0.0)
    trace = replace(NONE, background=-1e-9 * C0)
    assert trace.growth_rate(k, time) == pytest.approx(exact, rel=1e-6, abs=0.0)
    assert replace(NONE, background=-1e-2 * C0).growth_rate(k, time) < 0.995 * exact


def test_without_current_the_ions_stay_uniform() -> None:
    base = replace(NEGATIVE, current=0.0).base(0.3 * UNIT)
    assert np.allclose(base.anions, C0, rtol=1e-9)
    assert np.allclose(base.cations, 1.2 * C0, rtol=1e-9)


@pytest.mark.parametrize("share", [-0.3, 0.3])
def test_without_current_a_bump_decays_as_solved_by_hand(share: float) -> None:
    """Uniform ions, far counter electrode.

    c = A exp(-q z), f phi = -(D+ - D-) A exp(-q z)/s + B exp(-k z), s = D+ p + D- n, q^2 = k^2 + w/D_a with
    D_a = D+ D- (n + p)/s; no flux of anions gives B = q D_a A/(D- n k), and i_1 = -F s k B.
    """
    resting = replace(NONE, current=0.0, background=share * C0)
    n, p, k = C0, (1.0 - share) * C0, 2.0 * np.pi / 10e-6
    s = PLUS * p + MINUS * n
    ambipolar = PLUS * MINUS * (n + p) / s
    phi = -math.log(p / C0) / F_RT
    _, G, i_c = surface_current(0.0, phi, p, 0.0, 30.0, C0, 0.5, 0.5, F_RT, 0.0)
    capillary = 200.0 * 1.3e-5 / FARADAY

    def excess(w: float) -> float:
        q = math.sqrt(k**2 + w / ambipolar)
        B = q * ambipolar / (MINUS * n * k)
        current = -FARADAY * s * k * B
        # per A, which the law of the kinetics then gives
        A = G * capillary * k**2 / (i_c + G / F_RT * (B - (PLUS - MINUS) / s) - current)
        return w - PLAIN.molar_volume / FARADAY * current * A

    exact = brentq(excess, -0.9 * ambipolar * k**2, 0.0, xtol=1e-14)
    assert exact < 0.0
    assert resting.growth_rate(k, UNIT) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("share", [-0.2, 0.1])
def test_anions_are_conserved(share: float) -> None:
    charged, j = replace(NONE, background=share * C0), np.arange(0, POINTS + 1, 2)
    for moment in (0.1, 0.5):
        # Clenshaw and Curtis on the Chebyshev points: the integral of the interpolating polynomial.
        series = np.polynomial.chebyshev.chebfit(
            2.0 * charged.points / LENGTH - 1.0, charged.base(moment).anions, POINTS
        )
        assert np.sum(series[j] * 1.0 / (1.0 - j**2.0)) == pytest.approx(C0, rel=1e-10)


@pytest.mark.parametrize(("share", "overdrive"), [(-0.2, 1.5), (-0.2, 0.5), (0.1, 0.5)])
def test_steady_state_is_the_closed_form(share: float, overdrive: float) -> None:
    charged = replace(NONE, background=share * C0, current=overdrive * LIMITING)
    exact = steady_anions(charged, charged.points[1:-1])
    assert np.allclose(charged.base(LATE).anions[1:-1], exact, atol=2e-7 * C0, rtol=0.0)
    total = quad(lambda z: float(steady_anions(charged, np.array([z]))[0]), 0.0, LENGTH, epsrel=1e-7)[0] / LENGTH
    assert total == pytest.approx(C0, rel=1e-6)


def test_steady_cut_off_is_the_gradient_of_the_mixed_potential_over_surface_energy() -> None:
    """Gamma k^2 = phi' + i_c p'/G, as neither salt nor potential then feels the bump."""
    n = float(steady_anions(NEGATIVE, np.array([1e-12 * LENGTH]))[0])
    p = n + 0.2 * C0
    field = NEGATIVE.current / (FARADAY * PLUS * (n + p))
    eta = cell.overpotential(NEGATIVE.current, 30.0 * math.sqrt(p / C0), 0.5, 0.5, F_RT)
    cathodic, anodic = math.exp(-0.5 * F_RT * eta), math.exp(0.5 * F_RT * eta)
    # i = i0_ref [(p/c) exp(-eta'/2) - exp(eta'/2)] with eta' = eta + ln(p/c)/f: its slope by ln p at fixed phi.
    by_log = cathodic / (0.5 * (cathodic + anodic))
    mixed = (field + by_log * n * field / p) / F_RT
    k = math.sqrt(mixed * FARADAY / (200.0 * 1.3e-5))
    assert NEGATIVE.cut_off(LATE) == pytest.approx(k, rel=1e-5)
    assert NEGATIVE.growth_rate(0.99 * k, LATE) > 0.0 > NEGATIVE.growth_rate(1.01 * k, LATE)


def test_bump_on_the_steady_state_agrees_with_collocation() -> None:
    """The two ions' fluxes and conservation laws as a boundary value problem of first order, on the closed form."""
    k, charged = 2.0 * np.pi / 20e-6, NEGATIVE
    w, kl2 = charged.growth_rate(k, LATE), (k * LENGTH) ** 2
    grid = LENGTH * np.linspace(0.0, 1.0, 801) ** 2
    inner = steady_anions(charged, np.clip(grid, 1e-9 * LENGTH, (1.0 - 1e-9) * LENGTH)) / C0
    plus, minus, wl2 = PLUS / D, MINUS / D, w * UNIT
    drive = charged.current * LENGTH / (FARADAY * PLUS * C0)
    p0, field0 = float(inner[0]) + 0.2, drive / (2.0 * float(inner[0]) + 0.2)
    eta = cell.overpotential(charged.current, 30.0 * math.sqrt(p0), 0.5, 0.5, F_RT)
    _, G, i_c = surface_current(0.0, -eta - math.log(p0) / F_RT, p0 * C0, 0.0, 30.0, C0, 0.5, 0.5, F_RT, 0.0)
    unit = FARADAY * D * C0 / LENGTH
    by_c, by_q, capillary = i_c * C0 / unit, G / F_RT / unit, 200.0 * 1.3e-5 / FARADAY * F_RT * LENGTH * k**2

    def slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        c, q, g_plus, g_minus = y
        n = np.interp(x * LENGTH, grid, inner)
        p = n + 0.2
        field = drive / (n + p)
        q_slope = (g_plus / plus - g_minus / minus - 2.0 * c * field) / (n + p)
        c_slope = g_minus / minus + c * field + n * q_slope
        return np.array([c_slope, q_slope, plus * kl2 * (c + p * q) + wl2 * c, minus * kl2 * (c - n * q) + wl2 * c])

    def ends(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        kinetics = by_c * (a[0] + float(inner[0]) * field0) + by_q * (a[1] + field0 - capillary)
        return np.array([a[2] - kinetics, a[3], b[2], b[3]])

    x = grid / LENGTH
    answer = solve_bvp(slopes, ends, x, np.zeros((4, x.size)), tol=1e-6, max_nodes=20000)
    assert answer.success
    assert PLAIN.molar_volume * D * C0 / LENGTH**2 * answer.y[2, 0] == pytest.approx(w, rel=2e-4)


def test_negative_background_delays_depletion_and_calms_the_front() -> None:
    k, time = 2.0 * np.pi / 25e-6, 0.95 * DEPLETION
    rates = [replace(NONE, background=-share * C0).growth_rate(k, time) for share in (0.0, 0.1, 0.3)]
    assert rates[0] > 1.5 * rates[1] > 1.5 * 1.5 * rates[2] > 0.0
    (calm_k, calm), (wild_k, wild) = NEGATIVE.fastest(time), NONE.fastest(time)
    assert wild > 5.0 * calm and wild_k > 3.0 * calm_k
    assert NONE.cut_off(time) > 3.0 * NEGATIVE.cut_off(time)


def test_background_moves_the_time_of_depletion() -> None:
    assert NONE.depletion_time(0.0) == pytest.approx(DEPLETION, rel=1e-6)
    assert replace(NONE, background=0.1 * C0).depletion_time(0.0) < 0.7 * DEPLETION
    slow = replace(NONE, current=1.2 * LIMITING)
    times = [replace(slow, background=-share * C0).depletion_time(0.1) for share in (0.0, 0.05, 0.1)]
    assert times[0] < times[1] < times[2] == math.inf


def test_fastest_bump_is_the_fastest() -> None:
    time = 0.9 * DEPLETION
    k, rate = NEGATIVE.fastest(time)
    assert NEGATIVE.growth_rate(k, time) == pytest.approx(rate, rel=1e-9)
    assert max(NEGATIVE.growth_rate(q * k, time) for q in (0.2, 0.5, 0.9, 1.1, 1.5)) < rate
    assert NEGATIVE._rate(k, time, rate) == pytest.approx(rate, rel=1e-8)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="background must be below concentration"):
        replace(NONE, background=C0)
    with pytest.raises(ValueError, match=r"before the front depletes, at 2\.43"):
        NONE.base(1.1 * DEPLETION)
    with pytest.raises(ValueError, match="surface_energy = 0"):
        replace(NONE, surface_energy=0.0).cut_off(0.5 * DEPLETION)
