"""Measurements of a finished model, one protocol a file, all on people that it was not trained on."""
