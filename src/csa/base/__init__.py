"""What every other package stands on: errors, text, parameters, coordinates, counts, files."""
