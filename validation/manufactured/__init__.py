"""Manufactured solutions for the finite elements, on every cell, order and boundary type; tests run the coarse ones."""
