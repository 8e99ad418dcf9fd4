"""Early word."""
