"""How well each method of choosing would have worked in past years."""
