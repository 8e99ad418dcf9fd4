"""Many cities at once, on Dask: each city is one task, from its files to its report."""
