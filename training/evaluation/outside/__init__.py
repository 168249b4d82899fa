"""Drawn faces judged by networks that are not ours."""
