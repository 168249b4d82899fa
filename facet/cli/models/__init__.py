"""Commands that make models: data, training, evaluation, model files."""
