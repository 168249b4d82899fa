"""Everything that builds a model: data sets, losses, stages, the loop, evaluation."""
