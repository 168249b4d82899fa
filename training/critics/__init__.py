"""The networks that the model learns to deceive, and their side of the game."""
