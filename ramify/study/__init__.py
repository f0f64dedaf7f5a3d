"""Parameter studies: one file sweeps a scenario, every point is a run of its own, a report ranks the designs.

`load` reads the file (`schema`), `design` and `points` expand it, `plan` tells what it will take; `process`, `local`,
`cluster` and `slurm` run points; `outcomes`, `ranking`, `effects`, `table` and `report` say what they came to.
"""

from ramify.study.load import StudyFile, load_study
from ramify.study.points import Point, build_points

__all__ = ["Point", "StudyFile", "build_points", "load_study"]
