"""A versioned dataset, what is kept beside it, and its history."""
