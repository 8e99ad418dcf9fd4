"""Places: H3 cells, neighborhoods, population, the study area."""
