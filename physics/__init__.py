"""The laws of electrodeposition as pure functions of numbers and arrays, and the material data."""
