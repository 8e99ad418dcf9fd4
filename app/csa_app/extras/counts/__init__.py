"""What counts without points add to the app."""
