"""Inference in this process."""
