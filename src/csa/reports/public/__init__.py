"""What the public is told: its facts, the bundle, its pages and the wall."""
