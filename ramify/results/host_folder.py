"""Result folder of `ramify host`.

`host.yaml` what was described, `descriptors.json` its numbers, `fields.nc` and `fields.vtkhdf` its solid fraction on
the cells, `figures/` pictures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ramify.results.folder import ENTRIES, FIELDS, FIGURES, VTKHDF
from ramify.results.netcdf import FieldsFile
from ramify.results.summary import plain, write_atomically
from ramify.results.vtkhdf import VtkHdfFile

if TYPE_CHECKING:
    from ramify.describe import HostDescription
    from ramify.scenario.schema import PlatingScenario

DESCRIPTORS, HOST = "descriptors.json", "host.yaml"
HELD = (DESCRIPTORS, HOST, *ENTRIES)
"""Names that a description makes, and those of a run: none of them is written over."""


def write_description(folder: Path, scenario: PlatingScenario, description: HostDescription) -> list[Path]:
    """Write everything about a host into a folder, figures where the plotting extra is there.

    Returns
    -------
    list of Path
        The files written.
    """
    from ramify.scenario.writing import host_yaml

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(plain(description.summary()), indent=2, allow_nan=False) + "\n"
    write_atomically(folder / DESCRIPTORS, text.encode())
    write_atomically(folder / HOST, host_yaml(scenario).encode())
    fields = {"psi": description.solid_fraction}
    FieldsFile(folder / FIELDS, description.domain).append(0.0, fields)
    VtkHdfFile(folder / VTKHDF, description.domain).append(0.0, fields)
    made = [folder / name for name in (DESCRIPTORS, HOST, FIELDS, VTKHDF)]
    try:
        from ramify.results.figures.host import plot_host
    except ImportError:
        return made
    (folder / FIGURES).mkdir(exist_ok=True)
    return made + plot_host(folder, description.summary())
