"""Static maps for print, drawn by one set of code."""
