"""The five editions of a month, in words, and the sheets for a walk."""
