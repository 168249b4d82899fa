"""Notebooks that show a week's work with Facet, with drawn faces only."""
