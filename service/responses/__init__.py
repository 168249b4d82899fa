"""Answers that hold drawn pictures."""
