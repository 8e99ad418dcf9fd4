"""The plan without a database: its items, the state of actions, measures, and what is due."""
