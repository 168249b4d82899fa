"""Sets of drawn faces for experiments: seeded, marked as synthetic, with a table and a recipe."""

from facet.stimuli.stimuli import Stimuli
from facet.stimuli.stimulus_set import StimulusSet
from worker.stimuli.ratings import Direction
from worker.stimuli.recipe import Recipe

__all__ = ["Direction", "Recipe", "Stimuli", "StimulusSet"]
