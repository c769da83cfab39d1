"""Cascade: a cheap pass decides which cases are reviewed with reasoning, under a promised miss rate."""

from rl.evaluation.cascade.apply import Applied, apply_cascade, claim
from rl.evaluation.cascade.cascade import Cascade
from rl.evaluation.cascade.curve import Point, curve
from rl.evaluation.cascade.fit import fit_cascade

__all__ = ["Applied", "Cascade", "Point", "apply_cascade", "claim", "curve", "fit_cascade"]
