"""Validation cases, one module each with a `CASE`; `ramify validate` finds and runs them."""
