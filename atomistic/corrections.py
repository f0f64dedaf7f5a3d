"""From the diffusivity of a run to that of the material: the box, the vacancies, with what is not known of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ramify.atomistic.diffusivity import Diffusivity
from ramify.physics import atomic_diffusion as laws
from ramify.physics.constants import BOLTZMANN


@dataclass(frozen=True)
class BoxEffect:
    """What the periodic box takes from the diffusivity of a liquid."""

    correction: float
    """To be added [m^2/s]."""
    uncertainty: float
    """Standard uncertainty of what is left after it is applied, or the whole effect where it is not [m^2/s]."""
    applied: bool
    told: str


def box_effect(D: float, temperature: float, volume: float, atoms: int, viscosity: float | None) -> BoxEffect:
    """The finite-size effect of a cubic periodic box on a liquid.

    With a viscosity it is applied; without, it is estimated from the diffusivity itself (to 20 %) and booked as an
    uncertainty, the value left as it is.
    """
    edge = volume ** (1.0 / 3.0)
    if viscosity is not None:
        correction = laws.finite_box_correction(temperature, viscosity, edge)
        told = f"{correction:.3g} m^2/s added for the periodic box (viscosity given)"
        return BoxEffect(correction, 0.1 * correction, True, told)
    spacing = (volume / atoms) ** (1.0 / 3.0)
    estimated = laws.monatomic_viscosity(temperature, D, spacing)
    correction = laws.finite_box_correction(temperature, estimated, edge)
    told = (
        f"the periodic box takes about {correction:.2g} m^2/s ({100 * correction / D:.0f} %), estimated with a "
        f"viscosity of {estimated * 1e3:.2g} mPa s and not applied; --viscosity applies it"
    )
    return BoxEffect(correction, correction, False, told)


@dataclass(frozen=True)
class VacancyRoute:
    """The diffusivity of a crystal in equilibrium, from a run with a known number of vacancies."""

    value: float
    """Median [m^2/s]."""
    log_error: float
    """Standard deviation of the logarithm, everything together."""
    statistical: float
    """That of the run alone."""
    formation: float
    """That of the formation energy and entropy."""
    fraction: float
    """Equilibrium site fraction."""


def vacancy_route(
    found: Diffusivity,
    temperature: float,
    fraction_in_run: float,
    energy: tuple[float, float],
    entropy: tuple[float, float],
) -> VacancyRoute:
    """D* = D_run c_eq/c_run with its error.

    Parameters
    ----------
    found : Diffusivity
        Of the run.
    temperature : float
        [K].
    fraction_in_run : float
        Vacancies over sites.
    energy : (float, float)
        Formation energy and its standard uncertainty [J].
    entropy : (float, float)
        Formation entropy and its standard uncertainty, in units of k.
    """
    fraction = laws.vacancy_fraction(temperature, energy[0], entropy[0])
    statistical = found.standard_error / found.value
    formation = math.hypot(energy[1] / (BOLTZMANN * temperature), entropy[1])
    return VacancyRoute(
        value=found.value * fraction / fraction_in_run,
        log_error=math.hypot(statistical, formation),
        statistical=statistical,
        formation=formation,
        fraction=fraction,
    )
