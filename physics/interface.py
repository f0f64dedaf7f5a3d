"""Profile and reaction weight of the diffuse metal surface.

    xi(d) = [1 - tanh(d / 2l)] / 2,     |grad xi| = xi (1 - xi) / l        d > 0 outside the metal
    w(xi) = (8/pi) [xi (1 - xi)]^(3/2),  integral of w/l across the surface = 1

The volumetric current S = i_n w/l then carries exactly the sharp surface's current, whatever the width l. The
functions take numbers (inside compiled kernels too) and arrays.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True)
def equilibrium_profile(distance: Any, width: float) -> Any:
    """Metal fraction xi of a flat surface at rest.

    Parameters
    ----------
    distance : float or ndarray
        Signed distance to the surface [m], negative inside the metal.
    width : float
        The length l [m]; xi runs from 0.12 to 0.88 over 4 l.
    """
    return 0.5 * (1.0 - np.tanh(distance / (2.0 * width)))


@numba.njit(cache=True)
def interface_weight(xi: Any) -> Any:
    """Reaction weight w(xi) [-], to be divided by the width l; zero outside 0 < xi < 1.

    The power 3/2 leaves the tails of the profile inert, where concentration and potential are those of the bulk, and
    has a continuous slope; 8/pi = 1/B(3/2, 3/2) makes the integral over the profile one.
    """
    bump = np.maximum(xi * (1.0 - xi), 0.0)
    return (8.0 / np.pi) * bump * np.sqrt(bump)


FLAT = 0.5
"""Share of the sine of a contact angle: a surface whose gradient along the wall is less lies flat on it."""


@numba.njit(cache=True)
def wall_slope(cosine: float, sine: float, along: float) -> float:
    """Slope of the signed distance into a solid wall at a contact angle theta, l ds/dnu = cot(theta) l |grad_t s| [-].

    s = ln(xi/(1 - xi)), positive in the metal, nu the wall's normal out of the pore space, theta through the metal:
    grad s points into the metal, at the angle theta to nu where the surface meets the wall, n.nu = cos(theta). A
    surface that lies flat on the wall, as a film's does, meets it nowhere and has no slope (Ding and Spelt, Phys. Rev.
    E 75 (2007) 046708). Bounded by one and a half times that of a profile in equilibrium, cos(theta).

    Parameters
    ----------
    cosine, sine
        Of theta.
    along
        Size of l grad s along the wall; sin(theta) for a profile in equilibrium.
    """
    return cosine * min(1.5, along / sine)


@numba.njit(cache=True)
def wall_energy_slope(cosine: float, sine: float, along: float) -> float:
    """The same where a wall energy gamma cos(theta) sets it: l ds/dnu = cos(theta), l dxi/dnu = xi (1 - xi) cos(theta).

    The natural boundary condition of the Allen-Cahn equation (Cahn 1977; Jacqmin, J. Fluid Mech. 402 (2000) 57): what
    pulls at the line of contact is right on the whole, however curved the profile is there. The energy reaches as far
    as the profile does and would draw metal to the wall through a thin film, too: it fades where the surface
    lies flat on the wall. Parameters as for `wall_slope`.
    """
    return cosine * min(1.0, along / (FLAT * sine))


@numba.njit(cache=True)
def swept_share(xi: Any) -> Any:
    """Share of the reaction weight between metal fraction 0 and xi, integral of w/q over xi [-], q = xi (1 - xi).

    I(xi) = (2/pi) [asin(sqrt(xi)) - sqrt(q) (1 - 2 xi)], the incomplete beta function of (3/2, 3/2); from 0 to 1.
    A front that moves without changing shape gains v q/l in every place, the reaction gives v w/l: the metal has to
    flow by v (xi - I) along the surface's normal.
    """
    x = np.minimum(np.maximum(xi, 0.0), 1.0)
    return (2.0 / np.pi) * (np.arcsin(np.sqrt(x)) - np.sqrt(x * (1.0 - x)) * (1.0 - 2.0 * x))


_TERMS = 6


def _fit_feed() -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Coefficients of `feed_at`: least squares on the exact functions over what they are a multiple of in the tails.

    The moment comes from trapezoidal sums, from its far end inwards.
    """
    step = 1.0 / 256.0
    s = np.arange(0.0, 60.0 + step, step)
    density = s / np.cosh(0.5 * s) ** 3 / np.pi
    moment = -np.cumsum((0.5 * step * (density + np.append(density[1:], 0.0)))[::-1])[::-1]
    chosen = slice(16, int(30.0 / step), 8)
    s, moment = s[chosen], moment[chosen]
    outside = 1.0 / (1.0 + np.exp(s))
    bump = 0.5 / np.cosh(0.5 * s)
    even = bump[:, None] ** (2 * np.arange(_TERMS))
    relative = 1.0 / (1.0 + s)[:, None]
    both = np.hstack([even, s[:, None] * even]) * relative
    moments = np.linalg.lstsq(both, moment / bump**3 * relative[:, 0], rcond=None)[0].tolist()
    excess = (outside - swept_share(outside)) / (0.5 - outside) / bump**2
    excesses = np.linalg.lstsq(bump[:, None] ** np.arange(_TERMS), excess, rcond=None)[0].tolist()
    return tuple(excesses), tuple(moments[:_TERMS]), tuple(moments[_TERMS:])


EXCESS, MOMENT, MOMENT_PER_DISTANCE = _fit_feed()
"""Polynomials in sqrt(q) that make up the feed (see `feed_at`), good to 1e-5, and to 1e-4 of the value in the tails."""


@numba.njit(cache=True)
def feed_at(middle: Any, bump: Any, distance: Any) -> tuple[Any, Any, Any]:
    """(I(xi) - xi, M(s), E(s)) from xi - 1/2, sqrt(xi (1 - xi)) and |s|, the signed distance in widths.

    `swept_share`, `weight_moment` and `curved_feed` in a form without any branch, table or transcendental function, for
    compiled kernels that go through rows of cells: powers of sqrt(q) from 2 to 7, times xi - 1/2 or not, and odd powers
    from 3 to 13, their coefficients linear in |s|. A reaction may run away in the tails: they are right too.
    """
    a0, a1, a2, a3, a4, a5 = EXCESS
    b0, b1, b2, b3, b4, b5 = MOMENT
    c0, c1, c2, c3, c4, c5 = MOMENT_PER_DISTANCE
    q = bump * bump
    excess = middle * q * (a0 + bump * (a1 + bump * (a2 + bump * (a3 + bump * (a4 + bump * a5)))))
    plain = b0 + q * (b1 + q * (b2 + q * (b3 + q * (b4 + q * b5))))
    sloped = c0 + q * (c1 + q * (c2 + q * (c3 + q * (c4 + q * c5))))
    # d(bump)/ds = -bump middle makes E the term-by-term integral of the excess over bump
    bent = 0.5 * a0 + bump * (a1 / 3.0 + bump * (0.25 * a2 + bump * (0.2 * a3 + bump * (a4 / 6.0 + bump * a5 / 7.0))))
    return excess, bump * q * (plain + distance * sloped), -q * bent


FADING_FEED = 2e-3


@numba.njit(cache=True)
def feed_fade(bump: Any) -> Any:
    """Share of the feed that is kept, by q = xi (1 - xi): one within the surface, none far out in its tails [-].

    There the rate may be many times the surface's, where the potential drops across the electrolyte ahead, and the feed
    would carry the tail away; what it has to set right in the tails is next to nothing.
    """
    square = bump * bump
    return square / (square + FADING_FEED * FADING_FEED)


@numba.njit(cache=True)
def feed_functions(s: float) -> tuple[float, float, float]:
    """(I(xi) - xi, M(s), E(s)) at the signed distance s: `swept_share`, `weight_moment` and `curved_feed`."""
    bump = 0.5 / np.cosh(0.5 * min(abs(s), 80.0))
    return feed_at(0.5 * np.tanh(0.5 * s), bump, abs(s))


@numba.njit(cache=True)
def weight_moment(s: float) -> float:
    """First moment of the reaction weight outside a point, integral of s' w ds' from -infinity to s [-].

    s = ln(xi/(1 - xi)) is the signed distance in widths, positive inside the metal; w = sech^3(s/2)/pi. Even in s,
    never positive, zero far from the surface. A reaction rate that changes across the surface, v = v0 + g s l, feeds
    the moving profile askew; the flux g l M(s) sets it right (see `swept_share`).
    """
    return feed_functions(s)[1]


@numba.njit(cache=True)
def curved_feed(s: float) -> float:
    """Integral E of I(xi) - xi from -infinity to s [-], s = ln(xi/(1 - xi)) the signed distance in widths.

    On a curved surface the flux J n of the feed also has the divergence -J K, K = -div n: left alone, it steepens the
    moving profile of a convex deposit and takes an area of about K l/4 from its reaction, an error of first order in
    the width. J = v [I(xi) - xi + K l E(s)] has the divergence that the profile needs up to second order in K l. Even
    in s, never positive, zero far from the surface.
    """
    return feed_functions(s)[2]


_LIMIT = 0.88009328
"""r at infinite rate: 1/r = 1.13624 is the largest Damkoehler number of the spread reaction."""
_NUMERATOR = (-0.07903873, 1.15179651, 6.09553181)
_DENOMINATOR = (5.33363946, 12.72055656, 13.12879049)


@numba.njit(cache=True)
def sampling_loss(damkoehler: float) -> tuple[float, float, float]:
    """rho by which a reaction spread over the profile has to be weakened, i_n/(1 + rho) [-].

    Spread over the profile, the kinetics sees the salt where the weight lies and not on the surface. With a local
    Damkoehler number Da = l k/D (k the rate constant of the law, di_n/dc over F/(1 - t+)), salt obeys

        d/ds [(1 - xi) dC/ds] = Da w(xi) C,    C ~ s + a(Da) far outside    (s: distance over l)

    where the sharp surface has a = 1/Da. a - 1/Da is +0.08 for slow reactions, but falls like -(2/3) ln Da for fast
    ones: they drain the profile's outer tail and metal grows where there is none. The spread reaction with
    Da' = Da/(1 + rho(Da)) has a(Da') = 1/Da: the sharp surface's flux at any rate, kinetic and diffusion limits
    included. rho = Da r(Da), r from -0.08 to 0.88; fitted to the solution of the equation, Da' to 2e-5.

    Parameters
    ----------
    damkoehler : float
        Da >= 0.

    Returns
    -------
    rho, slope, gain : float
        rho, its derivative by Da, and 1 + rho - Da slope, which lies between 0.6 and 1 and says that Da' grows with Da.
    """
    x = max(damkoehler, 0.0)
    n0, n1, n2 = _NUMERATOR
    d1, d2, d3 = _DENOMINATOR
    n3 = _LIMIT * d3
    if x < 1.0:
        top = ((n3 * x + n2) * x + n1) * x + n0
        bottom = ((d3 * x + d2) * x + d1) * x + 1.0
        top_slope = (3.0 * n3 * x + 2.0 * n2) * x + n1
        bottom_slope = (3.0 * d3 * x + 2.0 * d2) * x + d1
        ratio = top / bottom
        change = (top_slope - ratio * bottom_slope) / bottom
        return x * ratio, ratio + x * change, 1.0 - x * x * change
    # The same fraction in y = 1/x, finite for any x.
    y = 1.0 / x
    top = ((n0 * y + n1) * y + n2) * y + n3
    bottom = ((y + d1) * y + d2) * y + d3
    top_slope = (3.0 * n0 * y + 2.0 * n1) * y + n2
    bottom_slope = (3.0 * y + 2.0 * d1) * y + d2
    ratio = top / bottom
    change = (top_slope - ratio * bottom_slope) / bottom
    return x * ratio, ratio - y * change, 1.0 + change


@numba.njit(cache=True)
def spread_damkoehler(resistance: float, mesh: float = 0.0) -> float:
    """Da' = Da/(1 + rho(Da)) of the spread reaction that acts like a sharp one, from its resistance 1/Da [-].

    The same as `sampling_loss`, for rates without bound too: with no resistance a sharp surface is held at a value.
    `mesh` is what the discrete equations add to the outer intercept a [widths].
    """
    if resistance > 0.0:
        return 1.0 / (resistance * (1.0 + sampling_loss(1.0 / resistance)[0]) - mesh)
    return 1.0 / (_LIMIT - mesh)
