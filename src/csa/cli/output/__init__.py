"""What the command prints: sentences and tables on stdout, progress and notes on stderr."""
