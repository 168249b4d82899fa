"""Who is enrolled: the durable store, and the index derived from it."""
