"""Start of PETSc with the user's options, the one solver that reads them, and the check that something does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mpi4py import MPI
    from petsc4py import PETSc

PREFIX = "coupled_"
"""Of the options that the coupled solver reads."""
PRECONDITIONER = "python"


class BadOption(ValueError):
    """A PETSc option that cannot be; the message names it and says what can."""


def start_petsc(options: list[str]) -> None:
    """Initialise PETSc; must come before anything imports `petsc4py.PETSc`.

    PETSc's handlers of signals stay out: they would end a run that a signal only asks to save its state.
    Raises BadOption for a word that is neither an option nor the value of one.
    """
    import petsc4py

    _refuse_strays(options)
    petsc4py.init(["ramify", "-no_signal_handler", "true", *options])


def coupled_krylov(comm: MPI.Comm, method: object = None) -> PETSc.KSP:
    """The Krylov solver of the coupled system as the user's options leave it.

    `method` is the context that does the work unless an option chooses another type; operators and the
    preconditioner's context are for the caller to set.
    """
    from petsc4py import PETSc

    ksp = PETSc.KSP().create(comm)
    ksp.setOptionsPrefix(PREFIX)
    ksp.setType(PETSc.KSP.Type.PYTHON)
    if method is not None:
        ksp.setPythonContext(method)
    ksp.setPCSide(PETSc.PC.Side.RIGHT)
    ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
    ksp.getPC().setType(PRECONDITIONER)
    ksp.setFromOptions()
    return ksp


def check_options(options: list[str]) -> None:
    """Refuse an option that nothing reads, and a value that PETSc does not take.

    Raises
    ------
    BadOption
        On every rank alike.
    """
    from petsc4py import PETSc

    try:
        ksp = coupled_krylov(PETSc.COMM_SELF)
    except PETSc.Error as error:
        reason = str(error).rpartition("] ")[2]
        raise BadOption(f"{' '.join(options)}: PETSc refuses it: {reason}") from None
    preconditioner = ksp.getPC().getType()
    ksp.destroy()
    if preconditioner != PRECONDITIONER:
        raise BadOption(f"-{PREFIX}pc_type {preconditioner}: the coupled solver has a preconditioner of its own")
    refuse_unread(options, PREFIX)


def refuse_unread(options: list[str], prefix: str) -> None:
    """BadOption for options that no solver made so far has read; `prefix` is that of options which one would."""
    if unused := _unused(options):
        raise BadOption(
            f"{', '.join(unused)}: PETSc option that no solver reads; allowed: options of the coupled solver, "
            f"such as -{prefix}ksp_type or -{prefix}ksp_monitor"
        )


def _refuse_strays(options: list[str]) -> None:
    """An option takes one value at most."""
    before = ""
    for word in options:
        if not _is_option(word) and not _is_option(before):
            raise BadOption(f"{word}: no PETSc option and no option's value; allowed: -option, or -option value")
        before = word


def _unused(options: list[str]) -> list[str]:
    """Those that nothing has read; taken out of the database, or PETSc would warn of them once more when it ends."""
    from petsc4py import PETSc

    database = PETSc.Options()
    unused = [word for word in options if _is_option(word) and not database.used(word[1:])]
    for word in unused:
        database.delValue(word[1:])
    return unused


def _is_option(word: str) -> bool:
    return len(word) > 1 and word.startswith("-") and not _is_number(word)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
