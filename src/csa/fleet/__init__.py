"""Many cities at once, on Dask: each city is one task that runs the single commands."""
