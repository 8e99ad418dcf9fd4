"""Which areas come first, and how sure that is: assessment, index and draw."""
