"""Continuum electrodeposition from one scenario file.

Importing `ramify` loads no solver, no plotting and no array library: the sub-packages (`ramify.physics`,
`ramify.phasefield`, `ramify.hosts`, ...) are imported by those who use them.
"""

from importlib.metadata import version

__version__ = version("ramify")
"""Version of the installed distribution."""

__all__ = ["__version__"]
