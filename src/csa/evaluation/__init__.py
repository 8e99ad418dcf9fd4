"""What was shown by work in areas: trials with a drawn start order."""
