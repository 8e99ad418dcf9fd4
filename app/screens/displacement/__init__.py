"""The Displacement page."""
