"""Read a city's files, match their columns, check every row, count what is lost."""
