"""What is measured, against whom: `make bench` prints the table."""
