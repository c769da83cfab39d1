"""Habits: how much a policy reasons and looks things up, and a warning when it stops while its total holds.

A policy that answers as well without reasoning or tools has found a way around them, and what it is paid for says
nothing of that. Such a run goes on without an error, and its reward curve looks well.
"""

import logging
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from prompts import Episode
from prompts.parse import END_THINK, THINK

logger = logging.getLogger(__name__)

REASONING, USED, CALLS, FAILED = "reasoning/length", "desk/used", "desk/calls", "desk/failed"
PATIENCE = 5
"""Generations before which nothing is a habit."""
KEEPS = 0.7
"""How much of a mean over generations is that of those before."""
COLLAPSED = 0.3
"""Below this share of what it was at its most, a habit has gone."""
HOLDS = 0.05
"""A total that has fallen by less has held, in units of the rubric."""
_SAID = {
    REASONING: "reasons no more: its reasoning has {share:.0%} of the length that it had",
    USED: "looks nothing up any more: the share of episodes with a call is {share:.0%} of what it was",
}


def habits_of(episodes: Sequence[Episode], at_desk: bool) -> dict[str, float]:
    """Means over some episodes: characters of reasoning; at a desk, the share that call tools, their calls, and the
    share of calls that failed.
    """
    found = {REASONING: statistics.fmean(_reasoning(episode) for episode in episodes)}
    if at_desk:
        looks = [episode.looks for episode in episodes]
        calls = sum(map(len, looks))
        found[USED] = sum(map(bool, looks)) / len(looks)
        found[CALLS] = calls / len(looks)
        found[FAILED] = sum(bool(look.error) for some in looks for look in some) / max(1, calls)
    return found


class Habits:
    """Is told of each generation.

    Args:
        rollouts: where people can read what was written.
    """

    def __init__(self, rollouts: Path):
        self._rollouts = rollouts
        self._heard = 0
        self._means: dict[str, float] = {}
        self._most: dict[str, tuple[float, float]] = {}
        """Of each habit the most, and the total then."""
        self._rung: set[str] = set()

    def hear(self, figures: Mapping[str, float], total: float) -> None:
        """What came of a generation; warns, once for each habit, that it has gone.

        Args:
            figures: by `habits_of`, over all processes.
            total: the mean of what was earned.
        """
        self._heard += 1
        for name, value in {**figures, "": total}.items():
            self._means[name] = KEEPS * self._means.get(name, value) + (1 - KEEPS) * value
        if self._heard < PATIENCE:
            return
        for name in _SAID.keys() & figures.keys():
            now, earned = self._means[name], self._means[""]
            if now >= self._most.get(name, (0.0, 0.0))[0]:
                self._most[name] = (now, earned)
            most, then = self._most[name]
            if name not in self._rung and now < COLLAPSED * most and earned >= then - HOLDS:
                self._rung.add(name)
                what = _SAID[name].format(share=now / most)
                logger.warning(
                    "the policy %s, while what it earns holds (%.2f, it was %.2f). Read what it writes (%s), and pay "
                    "for what you miss: see 'looked' and 'tool_bonus'",
                    *(what, earned, then, self._rollouts),
                )


def _reasoning(episode: Episode) -> int:
    turns = [turn.text for turn in episode.turns if turn.author == "policy"]
    return sum(len(text.partition(THINK)[2].partition(END_THINK)[0]) for text in turns)
