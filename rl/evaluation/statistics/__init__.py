"""The statistics of paired comparison: arrays in, figures out. Nothing here knows of models or rules."""

from rl.evaluation.statistics.difference import Difference

__all__ = ["Difference"]
