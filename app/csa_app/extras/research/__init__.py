"""Research, on Displacement."""
