"""Diffusion of a tracer from a deposited film into a substrate: the laws that depth profiles are fitted with.

Depth x is measured from the film's outer surface, which is sealed; the film reaches to x = d, the substrate goes on
without end and holds no tracer at first. Concentrations are in units of that of the deposited material, C0.

    dC/dt = div(D grad C),   dC/dx = 0 at x = 0,   C = 1 in 0 < x < d at t = 0
    barrier     J = h (C(d-) - C(d+)),  h [m/s]; none for h -> infinity, nothing passes for h = 0
    deposition  the surface recedes at v = d/t_d from the original interface; what arrives has C = 1:
                v C - D dC/dx = v at the surface while it moves
    D(T)        D0 exp(-E/RT); under a temperature history D_ref t* with t* = integral of D/D_ref dt

Sources: J. Crank, The Mathematics of Diffusion (2nd ed., 1975), sections 2.2 to 2.4 (film, thin film); H. S. Carslaw,
J. C. Jaeger, Conduction of Heat in Solids (2nd ed., 1959), section 2.7 and chapter 12 (flux through a surface, Laplace
transforms). Deposition is the advection-diffusion equation with a flux inlet in the frame of the surface: F. T.
Lindstrom et al., Environ. Sci. Technol. 1 (1967) 561.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np

from ramify.physics.constants import GAS_CONSTANT

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

elementwise: Callable[[Callable[[float], float]], Callable[[Any], Any]] = cast(Any, numba).vectorize(
    ["float64(float64)"], cache=True
)
"""Decorator: a function of one number that takes arrays too, compiled."""


@elementwise
def erf(x: float) -> float:
    """Error function of numbers and arrays, in compiled kernels too."""
    return math.erf(x)


@elementwise
def erfc(x: float) -> float:
    """Complementary error function 1 - erf(x), without cancellation for large x."""
    return math.erfc(x)


@elementwise
def erfcx(x: float) -> float:
    """Scaled complementary error function exp(x^2) erfc(x), which neither overflows nor underflows for x > 0.

    From x = 5 on the continued fraction of erfc (Abramowitz and Stegun 7.1.14), good to round-off there.
    """
    if x < 5.0:
        return math.exp(x * x) * math.erfc(x)
    tail = x
    for k in range(40, 0, -1):
        tail = x + 0.5 * k / tail
    return 1.0 / (math.sqrt(math.pi) * tail)


def thin_film(x: Any, D: float, time: float, dose: float = 1.0) -> Any:
    """Concentration from an infinitely thin source on a sealed surface, M/sqrt(pi D t) exp(-x^2/4Dt).

    Parameters
    ----------
    x : float or ndarray
        Distance from the source [m].
    D, time : float
        Diffusivity [m^2/s] and time [s], both positive.
    dose : float
        Tracer per area M, in the unit of the concentration times metres; C0 d for a film.
    """
    spread = 4.0 * D * time
    return dose / math.sqrt(0.25 * math.pi * spread) * np.exp(-np.square(x) / spread)


def film(x: Any, D: float, time: float, thickness: float) -> Any:
    """Concentration over C0 from a film of finite thickness, 1/2 [erf((d-x)/2sqrt(Dt)) + erf((d+x)/2sqrt(Dt))].

    Parameters
    ----------
    x : float or ndarray
        Depth from the outer surface [m].
    D, time, thickness : float
        Diffusivity [m^2/s], time [s] and film thickness d [m], all positive.
    """
    length = 2.0 * math.sqrt(D * time)
    return 0.5 * (erf((thickness - np.asarray(x)) / length) + erf((thickness + np.asarray(x)) / length))


def growing_film(x: Any, D: float, time: float, speed: float) -> Any:
    """Concentration over C0 in and under a film that has grown at constant speed for the whole time.

    With a = (x - vt)/2sqrt(Dt), z = (x + vt)/2sqrt(Dt) and b = v sqrt(t/D),

        C = erfc(a)/2 + exp(-a^2) [ b/sqrt(pi) - (1 + 2 b z) erfcx(z)/2 ].

    Parameters
    ----------
    x : float or ndarray
        Depth from the outer surface at that time [m], the original interface lying at v t.
    D, time, speed : float
        Diffusivity [m^2/s], time [s] and growth speed v [m/s], all positive.
    """
    length = 2.0 * math.sqrt(D * time)
    a, z = (np.asarray(x) - speed * time) / length, (np.asarray(x) + speed * time) / length
    b = 2.0 * speed * time / length
    return 0.5 * erfc(a) + np.exp(-(a**2)) * (b / math.sqrt(math.pi) - (0.5 + b * z) * erfcx(z))


def deposited_film(x: Any, D: float, time: float, thickness: float, deposition_time: float) -> Any:
    """Concentration over C0 from a film deposited at constant rate, `time` after the start of deposition.

    The profile of `growing_film` at the end of deposition, which then spreads with the surface sealed. Constant D.

    Parameters
    ----------
    x : float or ndarray
        Depth from the finished film's outer surface [m].
    D, time, thickness : float
        Diffusivity [m^2/s], time since the start of deposition [s] and final thickness [m], all positive.
    deposition_time : float
        Between 0 (then `film`) and `time` [s].
    """
    if deposition_time <= 0.0:
        return film(x, D, time, thickness)
    speed = thickness / deposition_time

    def grown(y: Any) -> Any:
        return growing_film(y, D, deposition_time, speed)

    # The step that the deposition has left at the interface lies in a panel of its own, however steep.
    step = 8.0 * math.sqrt(D * deposition_time)
    bends = (thickness - step, thickness + step)
    return smoothed(grown, x, math.sqrt(2.0 * D * max(time - deposition_time, 0.0)), *bends)


NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
SMOOTHING_REACH = 6.5
"""Standard deviations that the smoothing integral spans: what it leaves out is 1e-10."""


def smoothed(profile: Callable[[Any], Any], x: Any, deviation: float, *bends: float) -> Any:
    """A profile mirrored at the surface and smoothed by a normal distribution: its average over depth errors.

    This is diffusion by Dt = deviation^2/2 under a sealed surface, and the broadening of a depth profile by a
    resolution or roughness of that standard deviation. A film that broadens so keeps the form of `film`, at
    Dt + deviation^2/2: roughness is indistinguishable from diffusion.

    Parameters
    ----------
    profile : callable
        Concentration at depths >= 0 [m]; may jump or bend at 0 and at the `bends`.
    x : float or ndarray
        Depths [m].
    deviation : float
        Standard deviation [m]; zero gives the profile itself.
    *bends : float
        Depths between which it is smooth, such as that of the original interface [m].
    """
    depth = np.asarray(x, dtype=float)
    if deviation <= 0.0:
        return profile(depth)
    reach = SMOOTHING_REACH * deviation
    low, high = (depth - reach)[..., None], (depth + reach)[..., None]
    mirrored = np.sort([*(-np.array(bends)), 0.0, *bends])
    edges = np.concatenate([low, np.clip(mirrored, low, high), high], axis=-1)
    half = 0.5 * np.diff(edges, axis=-1)[..., None]
    y = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None] + half * NODES
    density = np.exp(-0.5 * ((y - depth[..., None, None]) / deviation) ** 2) * (WEIGHTS * half)
    # Divided by the kernel's own integral: a constant stays what it is.
    result = (density * profile(np.abs(y))).sum((-1, -2)) / density.sum((-1, -2))
    return result if result.ndim else float(result)


CONTOUR_POINTS = 24


def inverse_laplace_nodes(time: float) -> tuple[FloatArray, FloatArray]:
    """Complex nodes s [1/s] and weights w [1/s] with f(t) = Im sum(w F(s)), for F analytic off the negative axis.

    Midpoint rule on the cotangent contour of L. N. Trefethen, J. A. C. Weideman, T. Schmelzer, BIT 46 (2006) 653:
    geometric convergence, 1e-12 of the largest value with these 24 points (12 by symmetry).
    """
    N = CONTOUR_POINTS
    theta = np.pi * np.arange(1, N, 2) / N
    angle = 0.6407 * theta
    s = N / time * (0.5017 * theta / np.tan(angle) - 0.6122 + 0.2645j * theta)
    slope = N / time * (0.5017 / np.tan(angle) - 0.5017 * angle / np.sin(angle) ** 2 + 0.2645j)
    return s, 2.0 / N * np.exp(s * time) * slope


def film_behind_barrier(
    x: Any, D: float, time: float, thickness: float, transfer: float = math.inf, film_diffusivity: float | None = None
) -> Any:
    """Concentration over C0 from a film whose interface with the substrate resists the tracer.

    In Laplace space, q = sqrt(s/D), r = sqrt(D/D_f): B exp(-q (x - d)) in the substrate and 1/s + A cosh(q_f x) in the
    film, with s B [1 + D q/h + r coth(q_f d)] = 1 and A sinh(q_f d) = -r B; inverted numerically, good to 1e-11.

    Parameters
    ----------
    x : float or ndarray
        Depth from the outer surface [m]; at x = d the film's side.
    D, time, thickness : float
        Substrate diffusivity [m^2/s], time [s] and film thickness d [m], all positive.
    transfer : float
        Transfer coefficient h of the interface [m/s]; infinite without a barrier. A layer of thickness w and
        diffusivity D_w has h = D_w/w.
    film_diffusivity : float, optional
        D_f in the film [m^2/s]; that of the substrate by default.
    """
    depth = np.asarray(x, dtype=float)
    if transfer <= 0.0:
        return np.where(depth <= thickness, 1.0, 0.0)
    s, weights = inverse_laplace_nodes(time)
    in_film = D if film_diffusivity is None else film_diffusivity
    q, p, ratio = np.sqrt(s / D), np.sqrt(s / in_film), math.sqrt(D / in_film)
    echo = np.exp(-2.0 * p * thickness)
    B = 1.0 / s / (1.0 + D * q / transfer + ratio * (1.0 + echo) / (1.0 - echo))
    beyond = np.maximum(depth - thickness, 0.0)[..., None]
    y = np.minimum(depth, thickness)[..., None]
    # cosh(p y)/sinh(p d), written so that nothing grows
    loss = ratio * B * (np.exp(p * (y - thickness)) + np.exp(-p * (y + thickness))) / (1.0 - echo)
    below = (weights * B * np.exp(-q * beyond)).imag.sum(-1)
    above = 1.0 - (weights * loss).imag.sum(-1)
    result = np.where(depth <= thickness, above, below)
    return result if result.ndim else float(result)


def thick_film_behind_barrier(distance: Any, D: float, time: float, transfer: float) -> Any:
    """Concentration over C0 in the substrate below a film much thicker than sqrt(Dt).

    1/2 [erfc(u) - exp(-u^2) erfcx(u + w)], u = x/2sqrt(Dt), w = 2 h sqrt(t/D): two half-spaces in imperfect contact,
    antisymmetric about 1/2, each the half-space with surface transfer 2h of Carslaw and Jaeger 2.7.

    Parameters
    ----------
    distance : float or ndarray
        Distance from the interface into the substrate [m].
    D, time, transfer : float
        Diffusivity [m^2/s], time [s] and transfer coefficient h [m/s].
    """
    u = np.asarray(distance) / (2.0 * math.sqrt(D * time))
    return 0.5 * (erfc(u) - np.exp(-(u**2)) * erfcx(u + 2.0 * transfer * math.sqrt(time / D)))


def arrhenius(temperature: Any, prefactor: float, activation_energy: float) -> Any:
    """Diffusivity D0 exp(-E/RT) [m^2/s] at temperature [K], with D0 [m^2/s] and E [J/mol]."""
    return prefactor * np.exp(-activation_energy / (GAS_CONSTANT * np.asarray(temperature, dtype=float)))


def arrhenius_factor(temperature: Any, activation_energy: float, reference: float) -> Any:
    """D(T)/D(T_ref) = exp(-(E/R)(1/T - 1/T_ref)) [-]; temperatures [K], E [J/mol]."""
    inverse = 1.0 / np.asarray(temperature, dtype=float) - 1.0 / reference
    return np.exp(-activation_energy / GAS_CONSTANT * inverse)


def equivalent_time(times: Any, temperatures: Any, activation_energy: float, reference: float) -> float:
    """Time at a reference temperature [s] that spreads the tracer as far as a temperature history: t* = int D/D_ref dt.

    Parameters
    ----------
    times, temperatures : (n,) array_like
        History [s], [K], increasing times, linear between its points.
    activation_energy, reference : float
        E [J/mol] and the temperature [K] that D_ref belongs to.
    """
    t, T = np.asarray(times, dtype=float), np.asarray(temperatures, dtype=float)
    share = 0.5 * (NODES + 1.0)
    between = T[:-1, None] + np.diff(T)[:, None] * share
    return float((np.diff(t)[:, None] * 0.5 * WEIGHTS * arrhenius_factor(between, activation_energy, reference)).sum())
