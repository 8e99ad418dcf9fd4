"""The facts of a month, and the snapshot that ties its editions together."""
