"""Commands that read and draw faces."""
