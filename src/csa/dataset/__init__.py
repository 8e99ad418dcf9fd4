"""A versioned dataset, the results stored beside it, and its history."""
