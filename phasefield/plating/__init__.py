"""The plating model on the structured PETSc mesh."""

from ramify.phasefield.plating.solver import PlatingSolver

__all__ = ["PlatingSolver"]
