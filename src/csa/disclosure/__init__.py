"""What the public may see: changed counts, their classes, texts, and an audit of the counts."""
