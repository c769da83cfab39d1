"""Alarm: says once that a policy has had nothing to learn from for ten steps, what that means and what to do.

Such a run goes on without an error to its last step, and its figures stand still as those of a good model do.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from prompts import FailureReason, ParseFailure
from rewards import Scorecard

logger = logging.getLogger(__name__)

PATIENCE = 10
"""Optimiser steps without a lesson."""
_CUT_OFF = {FailureReason.UNCLOSED_THINK, FailureReason.UNCLOSED_ANSWER}


class Alarm:
    """Is told of each generation.

    Args:
        rollouts: where people can read what was written.
        cycle: optimiser steps from one generation to the next.
    """

    def __init__(self, rollouts: Path, cycle: int = 1):
        self._rollouts, self._cycle = rollouts, cycle
        self._parsed: int | None = None
        """The step until which something was read as a ruling; None before the first generation."""
        self._taught: int | None = None
        """The step until which some completion had an advantage."""
        self._rung = False

    def hear(self, step: int, cards: Sequence[Scorecard], parsed: bool, taught: bool) -> None:
        """What came of a generation; warns if it is the last straw.

        Args:
            step: how many optimiser steps were done before it.
            cards: of this process's completions.
            parsed: whether any process's completion is a ruling.
            taught: whether any has an advantage.
        """
        end = step + self._cycle
        self._parsed = end if parsed else step if self._parsed is None else self._parsed
        self._taught = end if taught else step if self._taught is None else self._taught
        if self._rung or end - min(self._parsed, self._taught) < PATIENCE:
            return
        self._rung = True
        unread = end - self._parsed >= PATIENCE
        logger.warning("%s (%s)", _unread(cards) if unread else _FLAT, self._rollouts)


def _unread(cards: Sequence[Scorecard]) -> str:
    reasons = Counter(card.ruling.reason for card in cards if isinstance(card.ruling, ParseFailure))
    most = reasons.most_common(1)
    reason = most[0][0] if most else None
    if reason in _CUT_OFF:
        do = "they are cut off or never end: raise max_completion_length, or train with SFT first"
    else:
        do = "the model does not write the form of a ruling: train with SFT first"
    said = f", most often {reason.value}" if reason else ""
    return (
        f"nothing that the model wrote in {PATIENCE} steps could be read as a ruling{said}. Every completion earns "
        f"the floor and nothing is learned; {do}, and read what it writes"
    )


_FLAT = (
    f"for {PATIENCE} steps, all completions on each case have earned the same. None has an advantage and nothing is "
    "learned; draw cases that the model gets wrong at times (hard), raise num_generations or temperature, or take a "
    "rubric that tells completions apart, and read what it writes"
)
