"""The five editions of a month, and the walk sheets."""
