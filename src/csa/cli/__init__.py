"""The `csa` command: one file a group of commands."""
