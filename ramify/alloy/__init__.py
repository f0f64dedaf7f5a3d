"""Planar alloy electrode in one dimension: lithium that leaves through one contact, magnesium that stays behind."""
