"""Models ready to train or to generate, and the tiny ones that are built on the spot."""
