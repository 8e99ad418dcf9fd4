"""Risk, on Why here."""
