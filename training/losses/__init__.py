"""The losses, one a file: each returns a scalar and changes nothing."""
