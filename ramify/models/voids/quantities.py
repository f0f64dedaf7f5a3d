"""What a void run stores beyond the field table."""

from __future__ import annotations

from ramify.models.alloy_stripping.quantities import FIELDS as ALLOY_FIELDS
from ramify.models.alloy_stripping.quantities import HISTORY as ALLOY_HISTORY
from ramify.results.fields import MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE, Quantity

FIELDS = (
    Quantity("vacancies", "$s$", "vacancy supersaturation", "1", "vacancy_concentration_over_equilibrium", "state",
             colour_map="viridis"),
    Quantity("contact_current", "$i_n$", "current density of the contact", "A m-2",
             "normal_current_density_at_contact", "state", colour_map="magma", shown_unit="mA/cm²", shown_factor=0.1),
    *(quantity for quantity in ALLOY_FIELDS if quantity.name in ("magnesium", "lithium")),
)  # fmt: skip
"""On the cells: vacancies and magnesium are not a number in the electrolyte; the current is in its first layer, zero
elsewhere. Magnesium and lithium are those of an alloy."""

HISTORY = (
    Quantity("contact_fraction", r"$\varphi$", "contact fraction", "1", "area_fraction_of_contact"),
    Quantity("constriction_resistance", "$R_c$", "constriction resistance", "ohm m2", "areal_constriction_resistance",
             shown_unit="ohm cm²", shown_factor=1e4),
    Quantity("contact_overpotential", r"$\eta$", "overpotential of the contact", "V", "overpotential_of_contact",
             shown_unit="mV", shown_factor=1e3),
    Quantity("hot_spot", r"$i_\mathrm{max}/i$", "hot spot over mean", "1",
             "peak_over_mean_current_density_at_contact"),
    Quantity("local_current_density", r"$i_\mathrm{max}$", "current density of the hot spot", "A m-2",
             "peak_current_density_at_contact", shown_unit="mA/cm²", shown_factor=0.1),
    Quantity("contact_supersaturation", r"$s_\mathrm{max}$", "largest vacancy supersaturation at the contact", "1",
             "largest_vacancy_concentration_over_equilibrium_at_contact"),
    Quantity("void_volume", "$W$", "volume of voids per area", "m", "volume_of_voids_per_area", shown_unit="µm",
             shown_factor=1e6),
    Quantity("occluded_void_volume", "$W_o$", "volume of occluded voids per area", "m",
             "volume_of_occluded_voids_per_area", shown_unit="µm", shown_factor=1e6),
    Quantity("voids", "$N$", "voids", "1", "number_of_voids"),
    Quantity("occluded_voids", "$N_o$", "occluded voids", "1", "number_of_voids_away_from_the_contact"),
    Quantity("largest_void", r"$\Omega_\mathrm{max}$", "largest void", "m3", "volume_of_largest_void",
             shown_unit="µm³", shown_factor=1e18),
    Quantity("receded", "$u$", "electrode consumed apart from its voids", "m", "thickness_of_electrode_consumed",
             shown_unit="µm", shown_factor=1e6),
    Quantity("crept", "$u_c$", "metal that crept in from the collector", "m", "thickness_of_metal_that_crept_in",
             shown_unit="µm", shown_factor=1e6),
    Quantity("stack_pressure", "$p$", "stack pressure", "Pa", "stack_pressure", shown_unit="MPa", shown_factor=1e-6),
    Quantity("flow_resistance", "$S$", "resistance to flow", "Pa", "mean_resistance_to_plastic_flow", shown_unit="MPa",
             shown_factor=1e-6),
    Quantity("stripped_capacity", r"$Q_\mathrm{s}$", "capacity taken out", "C m-2", "areal_capacity_taken_out",
             shown_unit="mAh/cm²", shown_factor=MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE),
    Quantity("utilisation", "$u$", "share of lithium stripped", "1", "share_of_lithium_stripped"),
    *(quantity for quantity in ALLOY_HISTORY if quantity.name in ("contact_magnesium", "contact_activity")),
    Quantity("magnesium_relative", r"$\delta_\mathrm{Mg}$", "magnesium imbalance so far", "1",
             "relative_magnesium_imbalance"),
)  # fmt: skip

LEFT_OUT = frozenset(("salt", "salt_relative", "minimum_concentration", "surface_concentration"))
"""Columns that speak of a salt."""

SUMMARY = {
    "contact_fraction": "contact_fraction",
    "constriction_resistance_ohm_m2": "constriction_resistance",
    "hot_spot": "hot_spot",
    "void_volume_m": "void_volume",
    "occluded_void_volume_m": "occluded_void_volume",
    "crept_m": "crept",
    "stack_pressure_Pa": "stack_pressure",
    "voids": "voids",
    "occluded_voids": "occluded_voids",
    "utilisation": "utilisation",
    "contact_magnesium": "contact_magnesium",
    "contact_activity": "contact_activity",
}
"""Keys of the summary and the measures they come from."""
