"""Searches: their filters and queries, from query parameters and request bodies."""
