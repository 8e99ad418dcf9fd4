"""New month: files in, a preview, one confirmation, and everything is made."""
