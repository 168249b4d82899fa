"""The durable truth: the database of everything that is enrolled."""
