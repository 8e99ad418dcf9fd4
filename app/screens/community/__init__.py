"""The page Community."""
