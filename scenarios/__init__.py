"""Scenario files shipped with ramify: `importlib.resources.files("ramify.scenarios")` lists them.

This file makes the folder a package, so that they are found from a wheel and from a checkout alike.
"""
