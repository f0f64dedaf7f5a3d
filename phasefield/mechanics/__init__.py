"""Quasi-static mechanics on the cells of the structured mesh: voxel finite elements.

    div sigma = 0,    e = sym(grad u),    sigma = law(e, history)          (physics.mechanics, physics.viscoplasticity)

Displacements live at the corners of the cells, stresses in the cells. Two phases, metal and medium, meet in a
laminate across their diffuse surface (physics.laminate); a solid host shares a cell with them at the same strain.
"""
