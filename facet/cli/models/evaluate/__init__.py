"""`facet evaluate`: a model measured on people that it was not trained on."""

from facet.cli.models.evaluate import drawings, people
from facet.cli.models.evaluate.options import app

__all__ = ["app", "drawings", "people"]
