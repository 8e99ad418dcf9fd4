"""Why here."""
