"""The page Track record."""
