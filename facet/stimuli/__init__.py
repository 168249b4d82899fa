"""Sets of drawn faces for experiments: seeded, marked as synthetic, with a table and a recipe."""

from facet.stimuli.ratings import Direction
from facet.stimuli.recipe import Recipe
from facet.stimuli.stimuli import Stimuli
from facet.stimuli.stimulus_set import StimulusSet

__all__ = ["Direction", "Recipe", "Stimuli", "StimulusSet"]
