"""Commands of the enrolled faces."""
