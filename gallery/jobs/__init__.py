"""Long work on the gallery that survives a restart: imports and groupings."""
