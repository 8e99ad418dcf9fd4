"""Read a city's files, match their columns, judge every row, count what is lost."""
