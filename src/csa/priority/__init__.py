"""Which areas, and how sure: shrinkage, tiers, the index, the gate, the backtest, the draw."""
