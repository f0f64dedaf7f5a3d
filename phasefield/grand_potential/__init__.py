"""The published grand-potential plating model (physics.grand_potential) on structured PETSc meshes."""
