"""Whether faces are found."""
