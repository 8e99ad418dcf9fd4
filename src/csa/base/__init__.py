"""What every other package builds on: errors, text, parameters, coordinates, counts, files."""
