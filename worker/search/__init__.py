"""Galleries that search in this process, or have search workers do it."""
