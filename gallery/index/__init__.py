"""The FAISS indexes derived from the store."""
