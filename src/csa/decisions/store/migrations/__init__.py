"""Each version of the store's tables, and the way to it from the one before."""
