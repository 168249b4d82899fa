"""What the embedding is taught: for each attribute its labels, its targets and its losses, one attribute a file."""
