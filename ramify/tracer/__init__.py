"""Tracer diffusion from a deposited film: the model, depth profiles, fits of D with their uncertainty, the command."""
