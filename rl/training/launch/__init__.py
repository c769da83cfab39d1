"""A training run in this process, or in those that Accelerate starts."""
