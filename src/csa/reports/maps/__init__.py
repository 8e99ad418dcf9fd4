"""Static maps for print and projection, drawn by one set of code."""
