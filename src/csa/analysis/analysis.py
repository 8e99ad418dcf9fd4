"""Where the answers on a city come from, for every reader."""
