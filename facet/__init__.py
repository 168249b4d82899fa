"""The front door: the `facet` command, the settings, and the assembled application."""

__version__ = "0.1.0"
