"""Material records for the command line and for scenarios; the analysis itself is in `ramify.atomistic`."""
