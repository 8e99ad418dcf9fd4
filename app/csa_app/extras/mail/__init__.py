"""Letters, on the page of a new month."""
