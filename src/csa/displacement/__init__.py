"""Change and displacement: what changed in areas, beside them, and in the whole city."""
