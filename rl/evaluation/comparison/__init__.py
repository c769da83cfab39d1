"""Which model reviews better, on what, and how sure that is."""

from rl.evaluation.comparison.comparison import Comparison

__all__ = ["Comparison"]
