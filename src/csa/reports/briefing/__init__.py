"""The plan and its places joined with the store: what pages, reports and the command show."""
