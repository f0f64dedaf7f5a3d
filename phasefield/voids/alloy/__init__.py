"""A substitutional alloy of lithium and magnesium in the metal of `model: voids`."""
