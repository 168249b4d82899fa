"""A search as query parameters and bodies say it."""
