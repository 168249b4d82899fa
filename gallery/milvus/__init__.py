"""Searching in Milvus, which follows the store as an index in memory does."""
