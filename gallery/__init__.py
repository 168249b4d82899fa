"""Who is enrolled: the durable store, and the FAISS indexes derived from it."""
