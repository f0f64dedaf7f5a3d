"""The field table: every stored quantity once, with its symbol, unit, names and role.

Files take their attributes from here, figures their labels, colours and users' units. Stored values are SI;
`Quantity.shown` converts them to the unit a figure prints. Current densities and capacities are positive for
plating; the voltage is negative on plating and positive on stripping.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

Role = Literal["coordinate", "static", "state", "source", "record", "count", "flag", "profile", "histogram"]
"""`static` fields are stored once; `record`, `count` and `flag` are columns of the history, `profile` one value for
each layer along z in every row of it, `histogram` one for each class of radii."""


@dataclass(frozen=True)
class Quantity:
    """One stored quantity: how files name it and how figures show it."""

    name: str
    """Key in files and in the code."""
    symbol: str
    """In matplotlib's mathematical text."""
    long_name: str
    unit: str
    """SI, in UDUNITS spelling."""
    standard_name: str
    """In the style of the CF conventions; for most of these quantities CF itself has none."""
    role: Role = "record"
    colour_map: str = "viridis"
    shown_unit: str = ""
    """Unit in figures; empty for the stored one."""
    shown_factor: float = 1.0
    """A shown value is this factor times the stored one."""

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the variable in a file."""
        return {
            "units": self.unit,
            "long_name": self.long_name,
            "standard_name": self.standard_name,
            "role": self.role,
        }

    @property
    def dtype(self) -> str:
        """Stored number type: counts are integers, flags one byte, profiles single and all else double precision."""
        return {"count": "i8", "flag": "i1", "profile": "f4", "histogram": "f4"}.get(self.role, "f8")

    @property
    def label(self) -> str:
        """Axis label: long name, symbol and shown unit."""
        unit = self.shown_unit or self.unit
        name = self.long_name[0].upper() + self.long_name[1:]
        return f"{name} {self.symbol}" if unit == "1" else f"{name} {self.symbol} ({unit})"

    def shown(self, values: np.ndarray) -> np.ndarray:
        """Values in the shown unit, from stored SI values of any shape."""
        return np.asarray(values, dtype=float) * self.shown_factor


MICRO = 1e6
MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE = 1e3 / 3600.0 / 1e4
"""mAh/cm^2 in one C/m^2."""


def _table(*quantities: Quantity) -> dict[str, Quantity]:
    return {quantity.name: quantity for quantity in quantities}


def _length(name: str, symbol: str, long_name: str, role: Role = "record") -> Quantity:
    return Quantity(
        name, symbol, long_name, "m", long_name.replace(" ", "_"), role, shown_unit="µm", shown_factor=MICRO
    )


COORDINATES = _table(
    Quantity("time", "$t$", "time", "s", "time", "coordinate"),
    _length("z", "$z$", "distance from the current collector", "coordinate"),
    _length("y", "$y$", "lateral position y", "coordinate"),
    _length("x", "$x$", "lateral position x", "coordinate"),
)
"""Axes of `fields.nc`, in stored order."""

RADIUS = _length("radius", "$r$", "middle of the class of radii", "coordinate")
"""Axis of the histograms in `history.nc`."""

FIELDS = _table(
    Quantity("xi", r"$\xi$", "metal fraction of the pore space", "1", "metal_volume_fraction_of_pore_space", "state",
             colour_map="Greys"),
    Quantity("psi", r"$\psi$", "host solid fraction", "1", "host_volume_fraction", "static", colour_map="copper"),
    Quantity("c", "$c$", "salt concentration", "mol m-3", "mole_concentration_of_salt_in_electrolyte", "state",
             colour_map="viridis", shown_unit="mol/L", shown_factor=1e-3),
    Quantity("phi_l", r"$\phi_\mathrm{l}$", "electrolyte potential", "V",
             "electric_potential_of_electrolyte_against_lithium_reference", "state", colour_map="plasma",
             shown_unit="mV", shown_factor=1e3),
    Quantity("phi_s", r"$\phi_\mathrm{s}$", "electronic potential", "V", "electric_potential_of_electrons", "state",
             colour_map="cividis", shown_unit="mV", shown_factor=1e3),
    Quantity("phi", r"$\phi$", "potential", "V", "electric_potential", "state", colour_map="plasma", shown_unit="mV",
             shown_factor=1e3),
    Quantity("mu", r"$\mu$", "diffusion potential over RT", "1", "diffusion_potential_over_thermal_energy", "state",
             colour_map="cividis"),
    Quantity("s", "$S$", "plating current per volume", "A m-3", "volumetric_plating_current_density", "source",
             colour_map="magma", shown_unit="A/cm³", shown_factor=1e-6),
    Quantity("p", "$p$", "pressure", "Pa", "pressure_compression_positive", "state", colour_map="coolwarm",
             shown_unit="MPa", shown_factor=1e-6),
    Quantity("von_mises", r"$\sigma_\mathrm{v}$", "von Mises stress", "Pa", "von_mises_stress", "state",
             colour_map="inferno", shown_unit="MPa", shown_factor=1e-6),
    Quantity("traction", "$p_n$", "normal traction of the metal surface", "Pa",
             "normal_traction_on_metal_surface_compression_positive", "state", colour_map="coolwarm", shown_unit="MPa",
             shown_factor=1e-6),
    Quantity("crystallinity", r"$\chi$", "ordered share of the metal", "1", "ordered_fraction_of_metal", "state",
             colour_map="cividis"),
)  # fmt: skip
"""Fields on the cells, arrays [z, y, x]."""

HISTORY = _table(
    Quantity("time", "$t$", "time", "s", "time", "coordinate"),
    Quantity("step", r"$\Delta t$", "time step", "s", "time_step"),
    Quantity("voltage", "$V$", "voltage", "V", "voltage_of_working_electrode_against_counter_electrode"),
    Quantity("current_density", "$i$", "current density", "A m-2", "areal_current_density", shown_unit="mA/cm²",
             shown_factor=0.1),
    Quantity("capacity", "$Q$", "plated capacity", "C m-2", "areal_capacity", shown_unit="mAh/cm²",
             shown_factor=MILLIAMPERE_HOUR_PER_SQUARE_CENTIMETRE),
    Quantity("charge", "$q$", "charge passed", "C", "charge_passed"),
    Quantity("limited", "", "voltage limit holds the cell", "1", "voltage_limit_status_flag", "flag"),
    _length("tip_height", "$h_\\mathrm{tip}$", "tip height"),
    _length("mean_height", r"$\bar{h}$", "mean height"),
    _length("roughness", "$R_q$", "roughness"),
    _length("roughness_wavelength", r"$\lambda_q$", "roughness wavelength"),
    _length("peak_to_valley", "$R_t$", "peak to valley"),
    Quantity("arc_length_ratio", "$L/L_0$", "contour over that of a flat front", "1",
             "ratio_of_metal_contour_to_flat_front"),
    Quantity("area_ratio", "$A/A_0$", "metal over that of a flat front at the tip", "1",
             "ratio_of_metal_to_flat_front_at_tip_height"),
    Quantity("collector_current_density", "$i_0$", "current density at the collector", "A m-2",
             "areal_current_density_at_current_collector", shown_unit="mA/cm²", shown_factor=0.1),
    Quantity("counter_current_density", "$i_L$", "current density at the counter electrode", "A m-2",
             "areal_current_density_at_counter_electrode", shown_unit="mA/cm²", shown_factor=0.1),
    Quantity("counter_lithium_current", "$nFJ_L$", "charge of the lithium entering at the counter electrode", "A m-2",
             "areal_current_density_of_lithium_at_counter_electrode", shown_unit="mA/cm²", shown_factor=0.1),
    Quantity("filling_fraction", r"$\theta$", "filling fraction of the pores", "1", "metal_filling_fraction_of_pores"),
    Quantity("nuclei", "$N$", "nuclei that have appeared", "1", "number_of_nuclei"),
    Quantity("nuclei_waiting", "$N_0$", "bare sites", "1", "number_of_bare_nucleation_sites"),
    Quantity("particles", "$N_p$", "separate pieces of metal", "1", "number_of_connected_pieces_of_metal"),
    Quantity("nuclei_inside", "$N_i$", "nuclei inside the interphase", "1", "number_of_nuclei_inside_interphase"),
    _length("nucleus_depth", r"$\bar{z}_i$", "mean depth of the nuclei inside the interphase"),
    Quantity("facetedness", "$F$", "facetedness", "1", "facetedness_of_metal_surface"),
    _length("nucleus_radius", r"$\bar{r}$", "mean radius of the nuclei"),
    Quantity("nucleus_sizes", "$n_r$", "nuclei in the class of radii", "1", "number_of_nuclei_by_radius", "histogram"),
    Quantity("crystalline_fraction", r"$\bar\chi$", "ordered share of the metal", "1", "ordered_fraction_of_metal"),
    Quantity("orderable_fraction", r"$\chi_*$", "share of the metal beyond the critical size", "1",
             "fraction_of_metal_in_domains_beyond_critical_size"),
    _length("crystal_size", "$d_c$", "mean diameter of the crystals"),
    Quantity("metal_profile", r"$\theta_z$", "metal fraction of the layer", "1", "metal_volume_fraction_of_layer",
             "profile"),
    Quantity("top_plating_index", "$I_t$", "top-plating index", "1",
             "share_of_gained_metal_in_upper_third_of_host_and_above"),
    Quantity("over_plating_index", "$I_o$", "over-plating index", "1", "share_of_gained_metal_above_host"),
    Quantity("bottom_up_index", "$I_b$", "bottom-up index", "1", "normalised_depth_of_gained_metal"),
    Quantity("blocked_fraction", r"$\theta_b$", "blocked share of pores", "1", "share_of_pores_cut_off_by_metal"),
    _length("blocked_height", "$h_b$", "top of the blocked pores"),
    Quantity("current_amplification", "$A_{95}$", "local current amplification", "1",
             "95th_percentile_over_mean_of_local_current_density"),
    Quantity("peak_von_mises", r"$\sigma_\mathrm{v,max}$", "largest von Mises stress in the metal", "Pa",
             "maximum_von_mises_stress_in_metal", shown_unit="MPa", shown_factor=1e-6),
    Quantity("peak_pressure", r"$p_\mathrm{max}$", "largest pressure in the metal", "Pa",
             "maximum_pressure_in_metal", shown_unit="MPa", shown_factor=1e-6),
    Quantity("contact_pressure", "$p_n$", "mean normal traction of the surface", "Pa",
             "mean_normal_traction_on_metal_surface", shown_unit="MPa", shown_factor=1e-6),
    Quantity("peak_contact_pressure", r"$p_{n,\mathrm{max}}$", "largest normal traction of the surface", "Pa",
             "maximum_normal_traction_on_metal_surface", shown_unit="MPa", shown_factor=1e-6),
    Quantity("pressure_lag", r"$\Delta U$", "change of the stress potential between two solutions", "V",
             "largest_change_of_equilibrium_potential_by_stress"),
    Quantity("largest_strain", r"$e_\mathrm{max}$", "largest strain", "1", "largest_strain_component"),
    Quantity("film_stress", r"$\sigma_f$", "largest film stress so far", "Pa", "maximum_stress_in_surface_film",
             shown_unit="MPa", shown_factor=1e-6),
    Quantity("film_failed", "", "surface film has failed", "1", "surface_film_failure_status_flag", "flag"),
    Quantity("minimum_concentration", r"$c_\mathrm{min}$", "minimum concentration", "mol m-3",
             "minimum_mole_concentration_of_salt_in_electrolyte", shown_unit="mol/L", shown_factor=1e-3),
    Quantity("surface_concentration", r"$c_\mathrm{s}$", "smallest concentration at the surface", "mol m-3",
             "minimum_mole_concentration_of_salt_at_metal_surface", shown_unit="mol/L", shown_factor=1e-3),
    Quantity("metal", "$n_M$", "metal in the domain", "mol", "amount_of_metal"),
    Quantity("salt", "$n_s$", "salt in the electrolyte", "mol", "amount_of_salt"),
    Quantity("dead_metal", "$n_d$", "metal without electronic contact", "mol", "amount_of_disconnected_metal"),
    Quantity("newton_iterations", "$N$", "Newton iterations of the step", "1", "newton_iterations", "count"),
    Quantity("krylov_iterations", "$K$", "Krylov iterations of the step", "1", "krylov_iterations", "count"),
    Quantity("rejected", "", "rejected attempts before the step", "1", "rejected_attempts", "count"),
    Quantity("lithium_relative", "", "imbalance of lithium", "1", "relative_imbalance_of_lithium"),
    Quantity("salt_relative", "", "imbalance of salt", "1", "relative_imbalance_of_salt"),
    Quantity("charge_relative", "", "imbalance of charge", "1", "relative_imbalance_of_charge"),
    Quantity("worst_step_relative", "", "largest imbalance of a single step", "1", "largest_relative_step_imbalance"),
)  # fmt: skip
"""Columns of `history.nc`."""


def lookup(names: Iterable[str], table: Mapping[str, Quantity], extra: Iterable[Quantity] = ()) -> list[Quantity]:
    """Quantities of the given names in the order of the table, then of `extra`.

    Raises
    ------
    KeyError
        For a name in neither; the message gives the nearest match.
    """
    known = {**table, **{quantity.name: quantity for quantity in extra}}
    wanted = set(names)
    for name in sorted(wanted - known.keys()):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise KeyError(f"'{name}' is not in the field table (known: {', '.join(known)}){hint}")
    return [quantity for name, quantity in known.items() if name in wanted]
