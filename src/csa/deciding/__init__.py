"""What the commands that help to decide write: a backtest, a judgement, a draw."""
