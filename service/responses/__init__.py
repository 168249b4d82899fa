"""Responses with drawn pictures."""
