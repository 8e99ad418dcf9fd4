"""The page Meeting."""
