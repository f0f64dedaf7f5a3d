"""What to cite for a run, as `ramify --citations` prints it."""

CITATIONS = """\
Software that solves the equations (cite ramify's version, `ramify --version`, beside it):

  PETSc      S. Balay et al., PETSc/TAO Users Manual, Argonne National Laboratory, ANL-21/39 (petsc.org).
  petsc4py   L. D. Dalcin, R. R. Paz, P. A. Kler, A. Cosimo, Adv. Water Resour. 34 (2011) 1124.
  FiPy       J. E. Guyer, D. Wheeler, J. A. Warren, Comput. Sci. Eng. 11 (2009) 6 (engine: fipy).
  Numba      S. K. Lam, A. Pitrou, S. Seibert, Proc. LLVM-HPC2015 (2015).

Physics and data:

  Sand's time             H. J. S. Sand, Philos. Mag. 1 (1901) 45.
  LiPF6 in EC:DMC         J. Landesfeind, H. A. Gasteiger, J. Electrochem. Soc. 166 (2019) A3079.
  LiPF6 in PC:EC:DMC      L. O. Valoen, J. N. Reimers, J. Electrochem. Soc. 152 (2005) A882.
  Front regularisation    P.-H. Chiu, Y.-T. Lin, J. Comput. Phys. 230 (2011) 185.
  Surface energy of Li    L. Vitos, A. V. Ruban, H. L. Skriver, J. Kollar, Surf. Sci. 411 (1998) 186."""
