"""PETSc's database of options, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from petsc4py import PETSc


@contextmanager
def for_now(**options: str | bool) -> Iterator[None]:
    """Options without a prefix for what is done inside; the user's own are left alone."""
    database = PETSc.Options()
    mine = [name for name in options if not database.hasName(name)]
    for name in mine:
        database.setValue(name, options[name])
    try:
        yield
    finally:
        for name in mine:
            database.delValue(name)
