"""The one function that a TRL trainer gets."""

import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from data import Case, Rulebook
from rewards.batch import BatchReward
from rewards.scoring.scorecard import Scorecard, count_faults
from rewards.scoring.scorer import read_many, score_items

if TYPE_CHECKING:
    from rewards.scoring.rubric import Rubric


class TooManyUnscored(RuntimeError):
    """More of a step's completions stayed unscored than the rubric allows: what is left is a sample that a fault
    drew, and nothing to train on.
    """


class RewardFunction:
    """A rubric as a TRL reward function (trl 1.16): returns the totals and logs the parts.

    A total is None where a reward failed. TRL must get this function alone: among several, its sum counts a None as 0.
    Completions are parsed from their text, so ``<think>`` and ``<answer>`` must not be special tokens of the
    tokenizer, which TRL's decoding drops.
    """

    def __init__(self, rubric: "Rubric", book: Rulebook):
        self.__name__ = "ruling"
        self.cards: list[Scorecard] = []
        """The scorecards of the last batch, in its order: what the rollout log writes down."""
        rewards = [step.reward for plan in rubric.plan.all for step in plan.steps]
        self.batch_rewards = list(dict.fromkeys(reward for reward in rewards if isinstance(reward, BatchReward)))
        """Those of the rubric's rewards that are told how training goes."""
        self._rubric = rubric
        self._book = book
        self._case = lru_cache(maxsize=1024)(Case.model_validate_json)

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[str | list[dict[str, Any]]],
        *,
        case: Sequence[str],
        trainer_state: Any = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """The total of each completion.

        Args:
            completions: texts, or chat messages of which the last one's content counts.
            case: each row's case, as JSON.
            trainer_state: TRL's; says how much of the training is done, for the rubric's schedules.
            log_metric: TRL's; gets ``ruling/<component>`` means, the parse, gate and unscored rates.

        Raises:
            TooManyUnscored: the share of unscored completions is above the rubric's ``unscored_limit``.
        """
        plan = self._rubric.at(_progress(trainer_state)).plan
        cases = [self._case(row) for row in case]
        self.cards = score_items(plan, read_many([_text(completion) for completion in completions], cases, self._book))
        if log_metric is not None:
            self._log(log_metric)
        self._check_unscored()
        return [card.total for card in self.cards]

    def _log(self, log_metric: Callable[[str, float], None]) -> None:
        for name in dict.fromkeys(name for card in self.cards for name in card.components):
            said = [card[name].value for card in self.cards if name in card.components]
            values = [value for value in said if value is not None]
            if values:
                log_metric(f"ruling/{name}", statistics.fmean(values))
        share = len(self.cards) or 1
        log_metric("ruling/parsed", sum(card.parsed for card in self.cards) / share)
        log_metric("ruling/gate_closed", sum(card.closed is not None for card in self.cards) / share)
        log_metric("ruling/unscored", sum(card.total is None for card in self.cards) / share)
        for name, count in count_faults(self.cards).items():
            log_metric(f"ruling/unscored/{name}", count / share)

    def _check_unscored(self) -> None:
        unscored = [card for card in self.cards if card.total is None]
        limit = self._rubric.unscored_limit
        if len(unscored) > limit * len(self.cards):
            failed = ", ".join(f"'{name}' on {count}" for name, count in count_faults(unscored).most_common())
            first = unscored[0].unscored[0]
            raise TooManyUnscored(
                f"{len(unscored)} of {len(self.cards)} completions could not be scored, and rubric "
                f"'{self._rubric.name}' allows {limit:.0%}. Rewards that failed: {failed}; first '{first.reward}' on "
                f"case '{first.case}': {first.error}. Mend the reward, give it more time (time_limit), or raise "
                "unscored_limit"
            )


def _progress(trainer_state: Any) -> float:
    """How much of the training is done, 0..1."""
    steps = getattr(trainer_state, "max_steps", 0)
    return min(1.0, trainer_state.global_step / steps) if steps else 0.0


def _text(completion: str | list[dict[str, Any]]) -> str:
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
