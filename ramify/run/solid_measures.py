"""What a run of `model: mechanics` reports: rows of its history, fields of its snapshots, its summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ramify.build_solid import BuiltSolid
from ramify.models.mechanics.complete import AXES, flows
from ramify.models.mechanics.schema import MechanicsScenario
from ramify.results.fields import Quantity

if TYPE_CHECKING:
    from ramify.fem.solid_energy import EnergyBooks

MEGA: Any = {"shown_unit": "MPa", "shown_factor": 1e-6}
MICRO: Any = {"shown_unit": "µm", "shown_factor": 1e6}
FROM_MANDEL = (0, 1, 2, 5, 3, 4)
"""Components xx, yy, zz, xy, yz, xz, ParaView's order, in Mandel's."""


def plain(name: str) -> str:
    """A name of letters, digits and underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def record(name: str, symbol: str, words: str, unit: str = "1", **shown: Any) -> Quantity:
    """A column of the history or a field, with its words as the standard name."""
    return Quantity(name, symbol, words, unit, words.replace(" ", "_").replace(",", ""), "record", **shown)


class SolidReport:
    """Measures of one solid; every rank calls, each method is collective."""

    def __init__(self, scenario: MechanicsScenario, built: BuiltSolid, books: EnergyBooks) -> None:
        self.scenario, self.built, self.books = scenario, built, books
        self.solid, self.space = built.solid, built.solid.space
        self.comm = self.space.mesh.comm
        self.axes = AXES[self.space.components]
        self.brittle = {n: r.strength for n, r in scenario.regions.items() if r.strength is not None}
        self.failed = np.zeros(self.solid.stress.shape[:2], dtype=bool)
        """(cells, points) whether the strength was ever passed."""
        self.largest_tension = dict.fromkeys(self.brittle, -np.inf)
        self.worst_residual = 0.0
        self.contact: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        """Pressure at the nodes and force of each boundary, at the last update."""

    def update(self) -> None:
        """Take note of the solid's state."""
        solid = self.solid
        self.books.book()
        self.worst_residual = max(self.worst_residual, solid.residual)
        said = solid.conditions(solid.time)
        self.contact = {name: c.pressure(solid.stress, said) for name, c in self.built.contacts.items()}
        for name, tension in self._tensions().items():
            cells = self.space.mesh.region(name)
            self.failed[cells] |= tension >= self.brittle[name]
            self.largest_tension[name] = max(self.largest_tension[name], self._most(tension))

    def row(self, **step: float) -> dict[str, float]:
        """One row of the history."""
        from ramify.physics.mechanics import pressure, von_mises

        solid, sums = self.solid, self.books.sums
        p, volumes = pressure(solid.stress), solid.volumes()
        mean = self._sum(float((volumes * p).sum())) / self._sum(float(volumes.sum()))
        found: dict[str, float] = {
            "time": solid.time,
            **step,
            "equilibrium_residual": solid.residual,
            "energy_relative": sums.relative,
            "work": sums.work,
            "elastic_energy": sums.elastic,
            "flow_work": sums.flow,
            "eigenstrain_work": sums.eigenstrain,
            "mean_pressure": mean,
            "peak_pressure": self._most(p),
            "peak_von_mises": self._most(von_mises(solid.stress)),
            "peak_plastic_strain": self._most(solid.plastic),
            "largest_strain": self._most(np.abs(solid.strains(solid.u))),
        }
        for name, components in self.built.holds.items():
            force = solid.reaction(name)
            found |= {f"reaction_{plain(name)}_{self.axes[i]}": float(force[i]) for i in components}
        depths = solid.plates.depths(solid.u) if solid.plates.names else ()
        for name, depth in zip(solid.plates.names, depths, strict=True):
            found[f"plate_depth_{plain(name)}"] = float(depth)
        for name, (values, _) in self.contact.items():
            contact = self.built.contacts[name]
            found[f"contact_pressure_{plain(name)}"] = contact.integral(values) / contact.area
            found[f"peak_contact_pressure_{plain(name)}"] = self._most(values[contact.nodes])
        for name in self.brittle:
            found[f"film_stress_{plain(name)}"] = self.largest_tension[name]
            found[f"film_failed_{plain(name)}"] = float(self.largest_tension[name] >= self.brittle[name])
        return found

    def columns(self) -> tuple[Quantity, ...]:
        """The columns of the history beyond the table of fields."""
        per = {2: " m-1", 3: ""}[self.space.components]
        newton, joule = f"N{per}", f"J{per}"
        found = [
            record("equilibrium_residual", "$r$", "out-of-balance force over the forces in the body"),
            record("energy_relative", "", "work that is not accounted for"),
            record("work", "$W$", "work done on the solid", joule),
            record("elastic_energy", r"$\Psi$", "elastic energy", joule),
            record("flow_work", "$W_p$", "work of the flow", joule),
            record("eigenstrain_work", "$W^*$", "work of the eigenstrain", joule),
            record("mean_pressure", r"$\bar{p}$", "mean pressure", "Pa", **MEGA),
            record("peak_pressure", r"$p_\mathrm{max}$", "largest pressure", "Pa", **MEGA),
            record("peak_von_mises", r"$\sigma_\mathrm{v,max}$", "largest von Mises stress", "Pa", **MEGA),
            record("peak_plastic_strain", r"$e_p$", "largest equivalent plastic strain"),
            record("flow_error", "", "error of the flow in the step"),
        ]
        for name, components in self.built.holds.items():
            found += [
                record(f"reaction_{plain(name)}_{self.axes[i]}", f"$F_{self.axes[i]}$", f"force of {name}", newton)
                for i in components
            ]
        for name in self.solid.plates.names:
            found.append(record(f"plate_depth_{plain(name)}", "$d$", f"depth of the plate {name}", "m", **MICRO))
        for name in self.built.contacts:
            found += [
                record(f"contact_pressure_{plain(name)}", "$p_n$", f"mean contact pressure, {name}", "Pa", **MEGA),
                record(f"peak_contact_pressure_{plain(name)}", "$p_n$", f"largest contact pressure, {name}", "Pa",
                       **MEGA),
            ]  # fmt: skip
        for name in self.brittle:
            found.append(record(f"film_stress_{plain(name)}", r"$\sigma_f$", f"largest tension so far, {name}", "Pa",
                                **MEGA))  # fmt: skip
            found.append(record(f"film_failed_{plain(name)}", "", f"{name} has failed"))
        return tuple(found)

    def fields(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Fields at the local nodes, and on this rank's cells, by name."""
        from ramify.physics.mechanics import pressure, von_mises
        from ramify.results.mesh_files import AXES as PLACES

        solid, wanted = self.solid, self.scenario.output.fields or ()
        nodal, cellwise = {}, {}
        if "displacement" in wanted:
            nodal["displacement"] = np.zeros((self.space.local_count, 3))
            nodal["displacement"][:, list(PLACES[self.space.components])] = solid.u
        if "contact_pressure" in wanted:
            nodal |= {f"contact_pressure_{plain(name)}": values for name, (values, _) in self.contact.items()}
        if "stress" in wanted:
            cellwise["stress"] = self._mean(solid.stress)[:, list(FROM_MANDEL)] / _mandel_factors()
        if "p" in wanted:
            cellwise["p"] = self._mean(pressure(solid.stress)[..., None])[:, 0]
        if "von_mises" in wanted:
            cellwise["von_mises"] = self._mean(von_mises(solid.stress)[..., None])[:, 0]
        if "plastic_strain" in wanted:
            cellwise["plastic_strain"] = self._mean(solid.plastic[..., None])[:, 0]
        if "film_stress" in wanted:
            stress, failed = np.full((2, len(solid.stress)), np.nan)
            for name, tension in self._tensions().items():
                cells = self.space.mesh.region(name)
                stress[cells], failed[cells] = tension.max(axis=1), self.failed[cells].any(axis=1)
            cellwise |= {"film_stress": stress, "film_failed": failed}
        return nodal, cellwise

    def field_table(self) -> tuple[Quantity, ...]:
        """What the fields are."""
        found = [
            record("displacement", "$u$", "displacement", "m", **MICRO),
            record("stress", r"$\sigma$", "stress", "Pa", **MEGA),
            record("p", "$p$", "pressure", "Pa", colour_map="viridis", **MEGA),
            record("von_mises", r"$\sigma_\mathrm{v}$", "von Mises stress", "Pa", colour_map="inferno", **MEGA),
            record("plastic_strain", "$e_p$", "equivalent plastic strain", colour_map="magma"),
            record("film_stress", r"$\sigma_1$", "largest principal stress", "Pa", colour_map="coolwarm", **MEGA),
            record("film_failed", "", "strength has been passed"),
        ]
        for name in self.built.contacts:
            found.append(record(f"contact_pressure_{plain(name)}", "$p_n$", f"contact pressure on {name}", "Pa",
                                **MEGA))  # fmt: skip
        return tuple(found)

    def summary(self) -> dict[str, Any]:
        """The model's part of `summary.json`."""
        row, solid = self.row(), self.solid
        boundaries = {}
        for name, (values, force) in self.contact.items():
            contact = self.built.contacts[name]
            boundaries[name] = {
                "area": contact.area,
                "mean_contact_pressure_Pa": row[f"contact_pressure_{plain(name)}"],
                "peak_contact_pressure_Pa": row[f"peak_contact_pressure_{plain(name)}"],
                "contact_force": contact.integral(values),
                "force": force,
            }
        reactions = {name: solid.reaction(name)[list(axes)] for name, axes in self.built.holds.items()}
        return {
            "cells": self.space.mesh.cell_count(),
            "unknowns": self.space.global_count * self.space.components,
            "time_s": solid.time,
            "mean_pressure_Pa": row["mean_pressure"],
            "peak_pressure_Pa": row["peak_pressure"],
            "peak_von_mises_Pa": row["peak_von_mises"],
            "peak_plastic_strain": row["peak_plastic_strain"] if flows(self.scenario) else None,
            "largest_strain": row["largest_strain"],
            "plate_depth_m": dict(zip(solid.plates.names, solid.plates.depths(solid.u), strict=True))
            if solid.plates.names
            else {},
            "reactions": reactions,
            "contact": boundaries,
            "films": {
                name: {"largest_tension_Pa": self.largest_tension[name], "failed": self.largest_tension[name] >= limit}
                for name, limit in self.brittle.items()
            },
            "energy": {
                "work": row["work"],
                "elastic": row["elastic_energy"],
                "flow": row["flow_work"],
                "eigenstrain": row["eigenstrain_work"],
            },
            "balance": {"energy_relative": row["energy_relative"], "force_relative": self.worst_residual},
        }

    def _tensions(self) -> dict[str, np.ndarray]:
        """Largest principal stress (cells, points) of each region with a strength."""
        from ramify.physics.mechanics import largest_principal

        return {name: largest_principal(self.solid.stress[self.space.mesh.region(name)]) for name in self.brittle}

    def _mean(self, values: np.ndarray) -> np.ndarray:
        volumes = self.solid.volumes()[..., None]
        return np.asarray((volumes * values).sum(axis=1) / volumes.sum(axis=1))

    def _most(self, values: np.ndarray) -> float:
        return float(max(self.comm.allgather(float(np.max(values, initial=-np.inf)))))

    def _sum(self, value: float) -> float:
        return float(sum(self.comm.allgather(value)))


def _mandel_factors() -> np.ndarray:
    from ramify.physics.mechanics import ROOT_TWO

    return np.array([1.0, 1.0, 1.0, ROOT_TWO, ROOT_TWO, ROOT_TWO])
