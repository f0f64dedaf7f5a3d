"""The plating model as five FiPy equations: an independent second discretisation for code-to-code verification.

Unknowns: metal fraction xi, salt concentration c, inner potential phi = phi_l - (RT/F) ln(c/c_ref) of the electrolyte,
potential phi_s of each piece of metal, and the plating current density i_n (positive for plating). psi is the host's
solid fraction, eps = (1-psi)(1-xi) the electrolyte fraction, l the interface width.

    (1) metal        (1-psi) dxi/dt = (Omega/F) S + b div{ (1-psi) [grad xi - xi(1-xi) n/l] }        front.Front
                     or, with `allen_cahn`, the classical double well instead of the sharpening flux
    (2) salt         F eps dc/dt = div(F eps D grad c) - div[(t+ - t_ref) i_l] - (1-t_ref) S         transport.Transport
    (3) electrolyte  0 = div i_l + S,   i_l = -eps (kappa grad phi + k_c grad c)                     transport.Transport
    (4) electrons    phi_s = 0 on metal joined to the current collector; an island floats at the
                     potential of zero net current, or is inactive                                   electrons.Electrons
    (5) kinetics     S = (1-psi) w(xi) i_n(phi_s, phi, c)/l                                          kinetics.Surface

k_c = (kappa RT/F)(1 - 2(1-t+)(1+dlnf/dlnc))/c is `Electrolyte.diffusional_conductivity`; t_ref = t+(c0).

Counter electrode at the top face: `lithium`, the cell current entering uniformly over the open face with the salt it
brings, or `reservoir`, c = c0 and one unknown potential. Other faces let nothing through. The cell voltage is minus
the mean of phi_l over the top face.

Discretisation: cell-centred finite volumes on uniform grids, coefficients at the mean concentration of a face, eps
at faces the mean of two cells, cells with eps < 1e-6 inactive; (2) and (3) are solved together, Newton's method being
written with FiPy's own terms, and (1), (4), (5) are swept with them to convergence. Time: backward Euler or an
L-stable two-stage Runge-Kutta method of second order. FiPy is imported when an engine is built, never before.
"""

from __future__ import annotations

from ramify.phasefield.fipy_reference.engine import FiPyEngine

__all__ = ["FiPyEngine"]
