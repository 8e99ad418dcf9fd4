"""Core service areas: where gun violence concentrates, how sure we are, and what is done there."""
