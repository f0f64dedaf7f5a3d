"""Packages of the distribution, found in the folders that `[tool.setuptools.package-dir]` maps.

Everything else is in pyproject.toml; setuptools cannot search several mapped folders from there.
"""

import tomllib
from pathlib import Path

from setuptools import find_packages, setup

settings = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
packages = [
    ".".join([package, *found.split(".")[0 if found else 1 :]])
    for package, folder in settings["package-dir"].items()
    for found in ["", *find_packages(folder)]
]
setup(packages=sorted(packages))
