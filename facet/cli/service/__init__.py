"""Commands of the service itself."""
