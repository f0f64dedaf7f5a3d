"""Running a scenario: the cycler, the loop over steps, results and checkpoints on the way."""

from ramify.run.timed import resume_run, run_scenario

__all__ = ["resume_run", "run_scenario"]
