"""Finite elements on unstructured PETSc meshes (DMPlex).

| module | what it holds |
|---|---|
| `reference.py` | unit cells, Lagrange elements of first and second order, quadrature (scikit-fem's) |
| `plex.py`, `partition.py`, `incidence.py` | DMPlex: created, spread over the ranks, read in bulk |
| `mesh.py`, `boxes.py`, `meshfiles.py`, `quality.py` | meshes with named regions and boundaries |
| `spaces.py` | nodes of this rank, global numbers, vectors |
| `kernels.py`, `pattern.py` | compiled element kernels, entries added up into PETSc matrices |
| `boundaries.py` | what is said on named boundaries |
| `linear.py`, `norms.py` | solvers; integrals and errors |
| `poisson.py` | Poisson's equation |
| `elasticity.py`, `viscoplastic.py` | solids: elastic with eigenstrain; flowing through time |
| `solid_kernels.py`, `solid_boundaries.py`, `rigid_motions.py` | their kernels, supports and loads, free motions |
| `plates.py`, `tractions.py`, `solid_energy.py` | rigid plates, contact pressures, books of energy |
| `spheres.py`, `layers.py`, `pillars.py` | meshes of balls, of stacked layers, of pillars |
| `whole.py` | whole fields on rank 0, in an order that ranks do not change |

A model takes a `Space`, makes a `Pattern` of it, lets kernels add into `pattern.zeros()` at `pattern.slots` and into
`space.zeros()` at `space.cell_nodes`, clears what is given with `pattern.constrain`, and hands both to PETSc with
`pattern.fill` and `space.add_up`. `poisson.py` is the shortest example.
"""
