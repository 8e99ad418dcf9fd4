"""How well each way of choosing would have worked in past years."""
