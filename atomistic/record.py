"""Material records: a value with its unit, what is not known of it, where it holds, and where it comes from.

A record is a small YAML file in SI units. Its uncertainty is three numbers, each a standard uncertainty in the record's
unit or null where nobody has looked: statistical (of the run or the measurement), finite_size (of the box, the
particle), model (of the potential or the method against reality). They are combined by squares.

`distribution: lognormal` says that the logarithm is normal with a standard deviation of combined/value: for what is
known to a factor. A record with a `law` holds over a range of temperature and is evaluated there, not beyond.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

KIND = "ramify material record"
VERSION = 1
QUANTITIES: dict[str, str] = {
    "self_diffusivity": "m^2/s",
    "tracer_diffusivity": "m^2/s",
    "intrinsic_diffusivity": "m^2/s",
    "collective_diffusivity": "m^2/s",
    "particle_diffusivity": "m^2/s",
    "surface_diffusivity": "m^2/s",
    "growth_rate_of_area": "m^2/s",
    "critical_size": "1",
    "critical_diameter": "m",
    "ordering_length": "m",
    "nucleation_depth": "m",
    "nucleation_barrier": "J",
    "nucleation_rate": "1/(m^3*s)",
    "melting_temperature": "K",
    "surface_energy": "J/m^2",
    "formation_energy": "J",
    "contact_angle": "rad",
    "time": "s",
}
"""What a record may hold, each with its SI unit."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
NonNegative = Annotated[float, Field(allow_inf_nan=False, ge=0.0)]
Text = Annotated[str, Field(max_length=2000)]


class Section(BaseModel):
    """A part of a record; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Uncertainty(Section):
    """Standard uncertainties in the record's unit; null where nobody has looked."""

    statistical: NonNegative | None = None
    finite_size: NonNegative | None = None
    model: NonNegative | None = None
    interval_95: tuple[Finite, Finite] | None = None
    """Of the statistical part."""

    @property
    def combined(self) -> float:
        """Root of the sum of squares of what is known."""
        return math.hypot(*(part or 0.0 for part in (self.statistical, self.finite_size, self.model)))


class Range(Section):
    """Where a record holds; SI units."""

    temperature: tuple[NonNegative, NonNegative] | None = None
    """[K]."""
    diameter: tuple[NonNegative, NonNegative] | None = None
    """Of a particle [m]."""


class Law(Section):
    """A value that changes with temperature: prefactor exp(-E/RT), with the covariance of ln(prefactor) and E/R."""

    type: Literal["arrhenius"] = "arrhenius"
    prefactor: Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
    """In the record's unit."""
    activation_energy: Finite
    """[J/mol]."""
    covariance: tuple[tuple[Finite, Finite], tuple[Finite, Finite]]
    """Of ln(prefactor) and E/R [1, K; K, K^2]."""


class Source(Section):
    """A file that a record was made from, or a publication."""

    file: Text | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    reference: Text | None = None


class Record(Section):
    """A material record; SI units."""

    record: Literal["ramify material record"] = "ramify material record"
    version: Literal[1] = 1
    quantity: str
    species: Text | None = None
    value: Finite
    unit: Text
    uncertainty: Uncertainty = Uncertainty()
    distribution: Literal["normal", "lognormal"] = "normal"
    temperature: NonNegative | None = None
    """At which the value holds [K]."""
    composition: dict[str, NonNegative] | None = None
    """Atomic fractions."""
    phase: Text | None = None
    """liquid, crystal, cluster, ..."""
    diameter: NonNegative | None = None
    """Of the particle [m]."""
    valid: Range = Range()
    law: Law | None = None
    method: Text
    potential: Text | None = None
    sources: tuple[Source, ...] = ()
    details: dict[str, float | int | str | bool | None] = Field(default_factory=dict)
    """Further numbers of the method, units in the keys."""
    warnings: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def consistent(self) -> Record:
        """Quantity and unit belong together, fractions sum to one, a log-normal value is positive."""
        from ramify.atomistic.errors import nearest

        if self.quantity not in QUANTITIES:
            near = nearest(self.quantity, QUANTITIES)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ValueError(f"quantity: {self.quantity}: not known; allowed: {', '.join(QUANTITIES)}{hint}")
        if self.unit != QUANTITIES[self.quantity]:
            raise ValueError(
                f"unit: {self.unit}: records are in SI; allowed for {self.quantity}: {QUANTITIES[self.quantity]}"
            )
        if self.composition is not None and abs(sum(self.composition.values()) - 1.0) > 1e-6:
            raise ValueError("composition: the fractions do not sum to one")
        if self.distribution == "lognormal" and not self.value > 0.0:
            raise ValueError("value: must be greater than zero where the distribution is lognormal")
        if self.law is not None and self.valid.temperature is None:
            raise ValueError("valid: a law needs the range of temperature it holds in")
        return self

    @property
    def relative(self) -> float:
        """Combined standard uncertainty over the value."""
        return self.uncertainty.combined / abs(self.value) if self.value else math.inf

    def at(self, temperature: float) -> tuple[float, float]:
        """Value and combined standard uncertainty at a temperature [K].

        Raises
        ------
        ValueError
            Outside the range of temperature in which the record holds.
        """
        valid = self.valid.temperature
        if valid is not None and not valid[0] <= temperature <= valid[1]:
            raise ValueError(f"{temperature:g} K is outside the record's range, {valid[0]:g} to {valid[1]:g} K")
        if self.law is None:
            return self.value, self.uncertainty.combined
        from ramify.physics.constants import GAS_CONSTANT

        value = self.law.prefactor * math.exp(-self.law.activation_energy / (GAS_CONSTANT * temperature))
        (a, b), (_, c) = self.law.covariance
        variance = a - 2.0 * b / temperature + c / temperature**2
        model = (self.uncertainty.model or 0.0) / abs(self.value) if self.value else 0.0
        finite = (self.uncertainty.finite_size or 0.0) / abs(self.value) if self.value else 0.0
        return value, value * math.sqrt(max(variance, 0.0) + model**2 + finite**2)

    def quantile(self, probability: float, temperature: float | None = None) -> float:
        """The value that the quantity is below with this probability, its uncertainty combined.

        A normal quantity that must be positive is cut at a thousandth of its value.
        """
        from statistics import NormalDist

        value, error = (self.value, self.uncertainty.combined) if temperature is None else self.at(temperature)
        z = NormalDist().inv_cdf(probability)
        if self.distribution == "lognormal" or self.law is not None:
            return value * math.exp(z * error / value)
        drawn = value + z * error
        return max(drawn, 1e-3 * value) if value > 0.0 else drawn


def hashed(path: Path) -> Source:
    """A file as the source of a record: its name and hash."""
    from ramify.atomistic.lines import sha256

    return Source(file=path.name, sha256=sha256(path))
