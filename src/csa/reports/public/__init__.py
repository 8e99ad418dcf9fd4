"""The public report: its facts, bundle, pages and wall display."""
