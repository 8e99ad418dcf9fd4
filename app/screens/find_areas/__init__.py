"""The Find areas page."""
