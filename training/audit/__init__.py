"""Wrong labels, near-duplicates and non-faces in a labelled folder, found with a model."""
