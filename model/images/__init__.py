"""Pictures as bytes: untrusted ones decoded within limits, drawn ones encoded with the mark that says so."""
