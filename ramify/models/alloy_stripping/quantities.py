"""What an alloy run stores beyond the field table."""

from __future__ import annotations

from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE, Quantity

FIELDS = (
    Quantity("lithium", r"$c_\mathrm{Li}$", "lithium per volume", "mol m-3",
             "mole_concentration_of_lithium_in_electrode", "state", shown_unit="mol/L", shown_factor=1e-3),
    Quantity("magnesium", r"$x_\mathrm{Mg}$", "atomic fraction of magnesium", "1", "atomic_fraction_of_magnesium",
             "state"),
    Quantity("vacancies", "$s$", "vacancy supersaturation", "1", "vacancy_concentration_over_equilibrium", "state"),
)  # fmt: skip
"""On the cells; not a number beyond the surface."""

HISTORY = (
    Quantity("contact_lithium", r"$c_\mathrm{Li,s}$", "lithium at the contact", "mol m-3",
             "mole_concentration_of_lithium_at_contact", shown_unit="mol/L", shown_factor=1e-3),
    Quantity("contact_magnesium", r"$x_\mathrm{Mg,s}$", "magnesium at the contact", "1",
             "atomic_fraction_of_magnesium_at_contact"),
    Quantity("contact_activity", "$a_s$", "lithium activity at the contact", "1", "activity_of_lithium_at_contact"),
    Quantity("collector_magnesium", r"$x_\mathrm{Mg,0}$", "magnesium at the collector", "1",
             "atomic_fraction_of_magnesium_at_collector"),
    Quantity("contact_fraction", r"$\varphi$", "contact fraction", "1", "area_fraction_of_contact"),
    Quantity("contact_supersaturation", "$s$", "vacancy supersaturation at the contact", "1",
             "vacancy_concentration_over_equilibrium_at_contact"),
    Quantity("void_volume", "$W$", "volume of voids per area", "m", "volume_of_voids_per_area", shown_unit="µm",
             shown_factor=1e6),
    Quantity("local_current_density", r"$i/\varphi$", "current density of the contact left", "A m-2",
             "local_current_density", shown_unit="mA/cm²", shown_factor=0.1),
    Quantity("stripped_capacity", r"$Q_\mathrm{s}$", "capacity taken out", "C m-2", "areal_capacity_taken_out",
             shown_unit="mAh/cm²", shown_factor=MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE),
    Quantity("utilisation", "$u$", "share of lithium stripped", "1", "share_of_lithium_stripped"),
)  # fmt: skip

LEFT_OUT = frozenset(
    ("salt", "salt_relative", "minimum_concentration", "surface_concentration", "krylov_iterations", "metal_profile")
)
"""Columns that speak of a salt, of iterative linear solves, or of layers of a grid that does not move."""

SUMMARY = {
    "utilisation": "utilisation",
    "contact_magnesium": "contact_magnesium",
    "contact_fraction": "contact_fraction",
}
"""Keys of the summary and the measures they come from; null where the electrode has no such thing."""
