"""Compiled kernels on ghosted arrays."""
