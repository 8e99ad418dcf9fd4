"""What two or more pages need: cache, theme, map, charts, panels, access, session."""
