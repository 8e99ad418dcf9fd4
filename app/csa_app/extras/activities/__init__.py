"""Activities: what programs count of their work."""
