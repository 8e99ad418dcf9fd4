"""The Track record page."""
