"""The store's tables, as the release made them; each later version's change of them comes here."""
