"""Surface diffusion of a diffuse metal surface on structured PETSc meshes, for every model that has one."""

from ramify.phasefield.surface_diffusion.band import DiffusionFailure
from ramify.phasefield.surface_diffusion.diffusion import Diffused, SurfaceDiffusion

__all__ = ["Diffused", "DiffusionFailure", "SurfaceDiffusion"]
