"""Figures of a finished or running case: rendering of the deposit, sections, history, animation."""

from ramify.results.figures.plot import plot_folder

__all__ = ["plot_folder"]
