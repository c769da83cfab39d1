"""Training runs, from a recipe to a final checkpoint."""
