"""Each step of the history of the store's tables."""
