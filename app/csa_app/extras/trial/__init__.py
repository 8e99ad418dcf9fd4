"""Trials, on the page of the track record."""
