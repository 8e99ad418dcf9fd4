"""What was decided, with a trail of every change: one store per city, SQLite or PostgreSQL."""
