"""Judge: what the interval of a difference says."""

from rl.evaluation.comparison.comparison import Judgement
from rl.evaluation.metrics import LOWER_IS_BETTER, NEUTRAL
from rl.evaluation.statistics.bootstrap import Estimate


def judged(difference: Estimate | None, metric: str = "verdict_accuracy") -> Judgement:
    """``better`` or ``worse`` where the interval leaves out 0 and one of the two is better."""
    if difference is None or not difference.excludes_zero or metric in NEUTRAL:
        return "unclear"
    return "better" if (difference.value > 0) != (metric in LOWER_IS_BETTER) else "worse"
