"""A training run in the processes that Accelerate starts."""
