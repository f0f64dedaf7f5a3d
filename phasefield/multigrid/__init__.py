"""Geometric multigrid for one scalar diffusion-reaction operator on the structured mesh."""

from ramify.phasefield.multigrid.hierarchy import Multigrid

__all__ = ["Multigrid"]
