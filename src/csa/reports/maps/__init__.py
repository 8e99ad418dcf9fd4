"""Static maps, printed and projected: one cartography."""
