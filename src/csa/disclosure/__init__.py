"""What the public may see: classes, suppressed counts, and the proof that nothing is given away."""
