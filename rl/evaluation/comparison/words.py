"""Words: figures as sentences say them, and what an interval says."""

from rl.evaluation.comparison.comparison import Judgement
from rl.evaluation.metrics import LOWER_IS_BETTER, NEUTRAL, SHARES
from rl.evaluation.statistics.estimate import Estimate


def amount(value: float, metric: str, sign: str = "") -> str:
    """A difference in its unit: ``2.3 points`` of a share, a plain number otherwise.

    >>> amount(-0.0231, "verdict_accuracy", "+")
    '−2.3 points'
    """
    text = f"{100 * value:{sign}.1f} points" if metric in SHARES else f"{value:{sign}.3g}"
    return text.replace("-", "−").replace("inf", "∞")


def level(value: float, metric: str) -> str:
    """A figure itself: ``83.4 %`` of a share, a plain number otherwise."""
    return f"{100 * value:.1f} %" if metric in SHARES else f"{value:.3g}".replace("inf", "∞")


def probability(p: float) -> str:
    """``p = .034``; ``p < .001``."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 case``, ``1,200 cases``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def judged(difference: Estimate | None, metric: str = "verdict_accuracy") -> Judgement:
    """``better`` or ``worse`` where the interval leaves out 0 and one of the two is better."""
    if difference is None or not difference.excludes_zero or metric in NEUTRAL:
        return "unclear"
    return "better" if (difference.value > 0) != (metric in LOWER_IS_BETTER) else "worse"
