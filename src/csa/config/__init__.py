"""A city's file and a deployment's settings, read and checked."""
