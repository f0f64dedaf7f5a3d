"""What the engine of a planar electrode is told, in SI numbers; nothing here computes a step."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from ramify.phasefield.problem import Domain

Frame = Literal["lattice", "volume", "fixed"]
Meaning = Literal["intrinsic", "tracer"]


@dataclass(frozen=True)
class Contact:
    """Electrolyte and kinetics."""

    exchange_current_density: float
    """Of pure lithium [A/m^2]."""
    alpha_a: float
    alpha_c: float
    temperature: float
    """[K]."""
    electrolyte_resistance: float
    """Thickness over conductivity [ohm m^2]."""
    conductivity: float
    """Of the electrolyte [S/m]."""
    film_resistance: float = 0.0
    """Of a film at the contact [ohm m^2]."""


@dataclass(frozen=True)
class Alloy:
    """Diffusion and thermodynamics of an alloy (`physics.alloy`)."""

    magnesium: float
    """Initial atomic fraction y0."""
    fractions: tuple[float, ...]
    diffusivities: tuple[float, ...]
    """D [m^2/s] at `fractions` and the temperature of the contact."""
    interaction: tuple[float, ...]
    """Redlich-Kister L_k [J/mol] at that temperature."""
    lithium_volume: float
    magnesium_volume: float
    """[m^3/mol]."""
    frame: Frame = "lattice"
    meaning: Meaning = "intrinsic"


@dataclass(frozen=True)
class PureLithium:
    """Vacancies and contact loss (`physics.contact_loss`)."""

    diffusivity: float
    """Of a tracer [m^2/s]."""
    molar_volume: float
    surface_energy: float
    """[J/m^2]."""
    threshold: float
    """Supersaturation s_c at which voids nucleate."""
    void_depth: float
    """h [m]."""
    exponent: float = 1.0
    initial_contact: float = 1.0
    contact_spacing: float = 0.0
    """Distance of the contacts that are left [m], for the constriction in the electrolyte; zero for none."""
    sink_length: float = math.inf
    back_is_sink: bool = True


@dataclass(frozen=True)
class Numerics:
    """Tolerances and limits of the time integration."""

    time_tolerance: float = 1e-4
    """Local error per step, of the atomic fraction or of the contact fraction."""
    first_step: float | None = None
    """[s]; None takes the diffusion time of the cell at the contact."""
    largest_step: float = math.inf
    smallest_step: float = 1e-9
    newton_tolerance: float = 1e-10
    """Largest last update of the atomic fraction."""


@dataclass(frozen=True)
class ElectrodeProblem:
    """Everything the one-dimensional electrode needs."""

    thickness: float
    """Of the metal at the start [m]."""
    cells: int
    smallest_cell: float
    """Of the cell at the contact, at the start [m]."""
    metal: Alloy | PureLithium
    contact: Contact
    domain: Domain
    """Grid of the stored fields: uniform, from the collector to where plating may take the surface."""
    initial_concentration: float
    """Of lithium in the metal [mol/m^3], the measure of depletion."""
    numerics: Numerics = field(default_factory=Numerics)
