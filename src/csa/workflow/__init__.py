"""What the command and the app both start: work over several topics, whole or not at all."""
