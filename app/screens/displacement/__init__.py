"""The page Displacement."""
