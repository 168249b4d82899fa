"""Sets of drawn faces for experiments: seeded, marked as synthetic, with a table and a recipe."""

from facet.stimuli.drawn import StimulusSet
from facet.stimuli.ratings import Direction
from facet.stimuli.recipe import Recipe
from facet.stimuli.studio import Stimuli

__all__ = ["Direction", "Recipe", "Stimuli", "StimulusSet"]
