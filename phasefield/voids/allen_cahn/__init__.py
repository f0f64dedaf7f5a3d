"""The published Allen-Cahn voids: the other metal half of `model: voids`."""
