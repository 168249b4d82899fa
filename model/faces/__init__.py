"""Finding faces in pictures and warping each to the model's frame."""
