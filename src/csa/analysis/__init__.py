"""What is known of a city: one answer for each question, for all who ask."""
