"""The monthly report for each audience, the public bundle, its pages and the wall display."""
