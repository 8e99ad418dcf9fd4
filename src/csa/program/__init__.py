"""What is decided and done: the plan, its actions and measures, areas in service, the store."""
