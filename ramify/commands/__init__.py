"""The sub-commands of `ramify`, one file for each family; `ramify.cli` puts them together."""
