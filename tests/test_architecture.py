"""Which folder may import which, what start-up may load, and what a wheel holds.

The imports are read from the sources with `ast`, those inside functions and `if TYPE_CHECKING` included, so that no
code has to run and none can hide.
"""

import ast
import graphlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

ARROWS = {
    "ramify": {"phasefield", "fem", "hosts", "atomistic", "physics"},
    "phasefield": {"fem", "physics"},
    "fem": {"physics"},
    "hosts": {"physics"},
    "atomistic": {"physics"},
    "physics": set[str](),
    "validation": {"ramify", "phasefield", "fem", "hosts", "atomistic", "physics"},
    "scenarios": set[str](),
}
"""X -> Y: the folder X may import the folder Y. Nobody imports `validation`: `ramify validate` finds it at run time."""

ONLY = {"physics": {"numpy", "numba"}, "scenarios": set[str]()}
"""Folders that may import these third parties and no others."""

OWNERS = {"petsc4py": {"fem", "phasefield"}, "xarray": {"ramify", "validation"}}
"""Third parties that only these folders may import."""

HEAVY = ("petsc4py", "mpi4py", "xarray", "pyvista", "vtkmodules", "matplotlib", "fipy", "pandas", "numba", "skfem")
"""Not to be loaded by `ramify --help`, `check` and `schema`, which answer within a second."""


class Import(NamedTuple):
    """One import: where it stands, the module that holds it, what it names, and whether loading the module runs it."""

    where: str
    importer: str
    imported: str
    on_load: bool


def module_name(folder: str, path: Path) -> str:
    """Dotted name under which a file of a top-level folder is imported."""
    top = () if folder == "ramify" else (folder,)
    parts = path.parts[:-1] if path.name == "__init__.py" else path.with_suffix("").parts
    return ".".join(("ramify", *top, *parts))


def folder_of(module: str) -> str:
    """Top-level folder that a `ramify...` module belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ARROWS else "ramify"


def modules(root: Path) -> dict[str, Path]:
    """All modules of the distribution under `root`, by dotted name."""
    return {
        module_name(folder, path.relative_to(root / folder)): path
        for folder in ARROWS
        for path in sorted((root / folder).rglob("*.py"))
    }


def is_type_checking(node: ast.AST) -> bool:
    """Whether a node is `if TYPE_CHECKING:`, whose body never runs."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def statements(node: ast.AST, on_load: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Import statements below a node, each with whether it runs when its module is loaded."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, on_load
        else:
            deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(child)
            yield from statements(child, on_load and not deferred)


def imports_of(root: Path) -> list[Import]:
    """Every import in the tree; relative ones resolved, names resolved to modules where they are modules."""
    known = modules(root)
    found = []
    for importer, path in known.items():
        package = importer.split(".") if path.name == "__init__.py" else importer.split(".")[:-1]
        for node, on_load in statements(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                above = package[: len(package) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                names = [
                    f"{base}.{alias.name}"
                    if f"{base}.{alias.name}" in known or (base == "ramify" and alias.name in ARROWS)
                    else base
                    for alias in node.names
                ]
            where = f"{path.relative_to(root)}:{node.lineno}"
            found += [Import(where, importer, name, on_load) for name in names]
    return found


def violations(root: Path) -> list[str]:
    """Imports that the arrows forbid, each with file, line and reason."""
    wrong = []
    for where, importer, imported, _ in imports_of(root):
        folder, top = folder_of(importer), imported.split(".")[0]
        if top == "ramify":
            target = folder_of(imported)
            if target not in {folder, *ARROWS[folder]}:
                wrong.append(f"{where}: {folder} must not import {target} ({imported})")
        elif top in ARROWS:
            wrong.append(f"{where}: {imported} is found in a checkout only; import ramify.{imported}")
        elif top not in sys.stdlib_module_names:
            if top not in ONLY.get(folder, {top}):
                wrong.append(f"{where}: {folder} must not import {top}")
            if folder not in OWNERS.get(top, {folder}):
                wrong.append(f"{where}: {top} belongs in {' and '.join(sorted(OWNERS[top]))}, not in {folder}")
    return wrong


def load_cycle(root: Path) -> list[str]:
    """Modules that need each other to load, in order, the first one repeated; empty if there are none."""
    known = modules(root)
    needs: dict[str, set[str]] = {module: set() for module in known}
    for _, importer, imported, on_load in imports_of(root):
        if on_load and imported in known and imported != importer:
            needs[importer].add(imported)
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def python(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Standard output of the running Python with these arguments; the test fails when it does."""
    command = [sys.executable, *arguments]
    result = subprocess.run(command, cwd=cwd, env=os.environ | (env or {}), capture_output=True, text=True)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def test_imports_follow_the_arrows(checkout: Path) -> None:
    assert violations(checkout) == []


def test_arrows_have_no_cycle() -> None:
    graphlib.TopologicalSorter(ARROWS).prepare()


def test_modules_load_without_a_cycle(checkout: Path) -> None:
    assert load_cycle(checkout) == []


@pytest.mark.parametrize(
    ("path", "source", "complaint"),
    [
        ("physics/law.py", "import scipy", "physics must not import scipy"),
        ("physics/law.py", "def f():\n    from scipy import linalg", "physics must not import scipy"),
        ("physics/law.py", "from ..phasefield import grid", "physics must not import phasefield"),
        ("physics/deep/law.py", "from ... import fem", "physics must not import fem"),
        ("hosts/pillars.py", "from ramify.phasefield.grid import Grid", "hosts must not import phasefield"),
        ("hosts/pillars.py", "if TYPE_CHECKING:\n    import ramify.fem", "hosts must not import fem"),
        ("phasefield/solver.py", "from ramify.run import runner", "phasefield must not import ramify"),
        ("phasefield/solver.py", "import xarray as xr", "xarray belongs in ramify and validation"),
        ("ramify/run/loop.py", "from petsc4py import PETSc", "petsc4py belongs in fem and phasefield"),
        ("ramify/run/loop.py", "from ..validation import cases", "ramify must not import validation"),
        ("fem/mesh.py", "import physics.constants", "import ramify.physics.constants"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, path: str, source: str, complaint: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text("import math\n\nfrom ramify.physics import constants\n")
    assert violations(tmp_path) == []
    file.write_text(source)
    found = violations(tmp_path)
    assert len(found) == 1 and complaint in found[0] and found[0].startswith(path)


def test_a_load_cycle_is_found(tmp_path: Path) -> None:
    (tmp_path / "fem").mkdir()
    (tmp_path / "fem/mesh.py").write_text("from ramify.fem import element")
    (tmp_path / "fem/element.py").write_text("def f():\n    from ramify.fem.mesh import Mesh")
    assert load_cycle(tmp_path) == []
    (tmp_path / "fem/element.py").write_text("from .mesh import Mesh")
    assert set(load_cycle(tmp_path)) == {"ramify.fem.mesh", "ramify.fem.element"}


def test_third_parties_are_declared(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    declared = {re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}
    providers = packages_distributions()
    undeclared = [
        f"{where}: {imported}"
        for where, _, imported, _ in imports_of(checkout)
        if (top := imported.split(".")[0]) not in sys.stdlib_module_names | {"ramify"}
        and not declared & {name.lower().replace("_", "-") for name in providers.get(top, [top])}
    ]
    assert undeclared == []


START_UP = """
import contextlib, io, json, sys
from ramify.cli import main
command, heavy = json.loads(sys.argv[1])
sys.argv = ["ramify", *command]
status = 0
with contextlib.redirect_stdout(io.StringIO()):
    try:
        main()
    except SystemExit as stop:
        status = stop.code or 0
assert status == 0, status
print(json.dumps(sorted(set(heavy) & set(sys.modules))))
"""


LIGHT = [
    ["--help"],
    ["schema"],
    ["schema", "--study"],
    ["scenarios"],
    ["atomistic", "--help"],
    ["atomistic", "diffusivity", "--help"],
    ["check", "scenarios/copper_pillars.yaml"],
    ["study", "remedies_e6", "--check"],
]


@pytest.mark.parametrize("command", LIGHT)
def test_light_commands_load_nothing_heavy(checkout: Path, command: list[str]) -> None:
    assert json.loads(python("-c", START_UP, json.dumps([command, HEAVY]), cwd=checkout)) == []


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, away from leftovers of other builds."""
    copy = tmp_path_factory.mktemp("sources") / "ramify"
    unwanted = shutil.ignore_patterns(".*", "build", "dist", "runs", "*.egg-info")
    shutil.copytree(checkout, copy, ignore=unwanted)
    python("-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "wheels", ".", cwd=copy)
    (built,) = (copy / "wheels").glob("ramify-*.whl")
    return built


def test_wheel_holds_the_tree(checkout: Path, wheel: Path) -> None:
    sources = {
        "/".join(
            (*(("ramify",) if folder == "ramify" else ("ramify", folder)), *path.relative_to(checkout / folder).parts)
        )
        for folder in ARROWS
        for pattern in ("*.py", "*.yaml", "*.tif", "py.typed", "references/**/*")
        for path in (checkout / folder).rglob(pattern)
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert shipped == sources


def test_wheel_works_outside_the_checkout(checkout: Path, wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    python("-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(wheel), cwd=tmp_path)
    script = (
        "import json, ramify, ramify.physics, ramify.phasefield, ramify.hosts, ramify.scenarios\n"
        "from importlib.resources import files\n"
        "names = sorted(entry.name for entry in files('ramify.scenarios').iterdir() if entry.name.endswith('.yaml'))\n"
        "print(json.dumps([ramify.__file__, ramify.physics.__file__, ramify.phasefield.__file__, names]))"
    )
    *files, scenarios = json.loads(python("-c", script, cwd=tmp_path, env={"PYTHONPATH": str(target)}))
    assert all(Path(file).is_relative_to(target) for file in files)
    assert scenarios == sorted(path.name for path in (checkout / "scenarios").glob("*.yaml"))


def test_make_builds_the_petsc_that_the_extra_names(checkout: Path) -> None:
    extras = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    versions = {name: re.search(rf"{name}==([\d.]+)", " ".join(extras["solver"])) for name in ("petsc", "petsc4py")}
    petsc, petsc4py = versions["petsc"], versions["petsc4py"]
    assert petsc and petsc4py and petsc[1] == petsc4py[1]
    shown = subprocess.run(["make", "-pn", "clean"], cwd=checkout, capture_output=True, text=True).stdout
    assert f"PETSC_VERSION := {petsc[1]}\n" in shown
