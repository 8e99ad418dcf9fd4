"""The analysis of a city."""
