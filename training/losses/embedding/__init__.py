"""Losses of the sub-vectors of an embedding."""
