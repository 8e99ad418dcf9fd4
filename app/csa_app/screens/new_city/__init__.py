"""New city: a file of shootings becomes a city."""
