"""Finite elements on unstructured meshes: not part of this version."""
