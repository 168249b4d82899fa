"""Losses of drawn pictures."""
