"""Diffuse interfaces on structured PETSc meshes: the plating model and its FiPy reference."""
