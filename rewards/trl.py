"""The one function that a TRL trainer gets."""

import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from data import Case, Rulebook
from rewards.batch import BatchReward
from rewards.plan import Plan
from rewards.scorecard import Scorecard
from rewards.scoring import read_many, score_items


class RewardFunction:
    """A rubric as a TRL reward function (trl 1.16): returns the totals and logs the parts.

    A total is None where a reward failed. TRL must get this function alone: among several, its sum counts a None as 0.
    Completions are parsed from their text, so ``<think>`` and ``<answer>`` must not be special tokens of the
    tokenizer, which TRL's decoding drops.
    """

    def __init__(self, plan: Plan, book: Rulebook):
        self.__name__ = "ruling"
        self.cards: list[Scorecard] = []
        """The scorecards of the last batch, in its order: what the rollout log writes down."""
        self.batch_rewards = [step.reward for step in plan.steps if isinstance(step.reward, BatchReward)]
        """Those of the rubric's rewards that are told how training goes."""
        self._plan = plan
        self._book = book
        self._case = lru_cache(maxsize=1024)(Case.model_validate_json)

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[str | list[dict[str, Any]]],
        *,
        case: Sequence[str],
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """The total of each completion.

        Args:
            completions: texts, or chat messages of which the last one's content counts.
            case: each row's case, as JSON.
            log_metric: TRL's; gets ``ruling/<component>`` means, the parse, gate and unscored rates.
        """
        cases = [self._case(row) for row in case]
        self.cards = score_items(
            self._plan, read_many([_text(completion) for completion in completions], cases, self._book)
        )
        if log_metric is not None:
            self._log(log_metric)
        return [card.total for card in self.cards]

    def _log(self, log_metric: Callable[[str, float], None]) -> None:
        for name in self.cards[0].components if self.cards else ():
            values = [value for card in self.cards if (value := card[name].value) is not None]
            if values:
                log_metric(f"ruling/{name}", statistics.fmean(values))
        share = len(self.cards) or 1
        log_metric("ruling/parsed", sum(card.parsed for card in self.cards) / share)
        log_metric("ruling/gate_closed", sum(card.closed is not None for card in self.cards) / share)
        log_metric("ruling/unscored", sum(card.total is None for card in self.cards) / share)


def _text(completion: str | list[dict[str, Any]]) -> str:
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
