"""Training: `train` learns from a recipe of any kind. Loads no torch before that."""

from rl.training.registry import train

__all__ = ["train"]
