"""The index derived from the store, which FAISS helps to search."""
