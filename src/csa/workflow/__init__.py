"""Work over several topics that the command and the app both start."""
