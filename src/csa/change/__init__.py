"""What changed in areas since a start, whether it moved, and what a trial shows."""
