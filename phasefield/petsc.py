"""Start of PETSc with the user's options, and the check that something read them."""

from __future__ import annotations


def start_petsc(options: list[str]) -> None:
    """Initialise PETSc; must come before anything imports `petsc4py.PETSc`."""
    import petsc4py

    petsc4py.init(["ramify", *options])


def unused_options(options: list[str]) -> list[str]:
    """Those of the user's options that no solver has read so far.

    They are taken out of PETSc's database, so that PETSc does not warn of them a second time when it ends.
    """
    from petsc4py import PETSc

    database = PETSc.Options()
    unused = [word for word in options if word.startswith("-") and not _is_number(word) and not database.used(word[1:])]
    for word in unused:
        database.delValue(word[1:])
    return unused


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
