"""The one function that a TRL trainer gets."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from data import Brief, Briefs
from prompts import Episode
from rewards.batch import Answer, BatchReward
from rewards.scoring.plan import Plan
from rewards.scoring.scorecard import Scorecard, count_faults
from rewards.scoring.scorer import score_answers


class TooManyUnscored(RuntimeError):
    """More of a step's completions stayed unscored than the rubric allows: what is left is a sample that a fault
    drew, and nothing to train on.
    """


class RewardFunction:
    """A rubric as a TRL reward function (trl 1.16): returns the totals and logs the parts.

    A total is None where a reward failed that could have changed it. TRL must get this function alone: among several,
    its sum counts a None as 0. Completions are parsed from their text, so ``<think>`` and ``<answer>`` must not be
    special tokens of the tokenizer, which TRL's decoding drops.

    Args:
        rubric: its name, for messages.
        plan_at: its plan when a share of the training is done.
        unscored_limit: the share of a step's completions that may stay unscored.
        briefs: of all the cases that completions may be about.
    """

    def __init__(self, rubric: str, plan_at: Callable[[float], Plan], unscored_limit: float, briefs: Briefs):
        self.__name__ = "ruling"
        rewards = [step.reward for plan in plan_at(0.0).all for step in plan.steps]
        self.batch_rewards = list(dict.fromkeys(reward for reward in rewards if isinstance(reward, BatchReward)))
        """Those of the rubric's rewards that are told how training goes."""
        self.on_confidence = frozenset(
            step.reward.name for plan in plan_at(0.0).all for step in plan.steps if step.kind == "calibration"
        )
        """Names of those that price the confidence that a ruling states, and nothing else of it."""
        self._rubric, self._plan_at, self._unscored_limit = rubric, plan_at, unscored_limit
        self._briefs = briefs
        self.opening = ""
        """What the chat template has written of every completion (`prompts.opening_of`): to be set where a trainer
        that is not Ruling's calls this, and gives what the model wrote alone."""

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
            completions: texts, or chat messages of which the last one's content counts; one of a tool counts as
                nothing written.
            case: the id of each row's case.
            trainer_state: TRL's; says how much of the training is done, for the rubric's schedules.
            log_metric: TRL's; gets what `step_metrics` says.

        Raises:
            DataError: there is no case of such an id.
            TooManyUnscored: as `check`.
        """
        texts = [self.opening + _text(completion) for completion in completions]
        cards = self.score(texts, case, progress_of(trainer_state))
        if log_metric is not None:
            for name, value in step_metrics(cards).items():
                log_metric(name, value)
        self.check(cards)
        return [card.total for card in cards]

    def score(
        self, answers: Sequence[Answer | Episode], cases: Sequence[str], progress: float = 1.0
    ) -> list[Scorecard]:
        """The scorecard of each answer. An episode is held against the rules that it was shown, by its prompt or by
        tools.

        Args:
            cases: the id of the case that each is about.
            progress: how much of the training is done, 0..1, for the rubric's schedules.

        Raises:
            DataError: there is no case of such an id.
        """
        briefs = [self._judged(answer, self._briefs[case]) for answer, case in zip(answers, cases, strict=True)]
        return score_answers(self._plan_at(progress), answers, briefs)

    def _judged(self, answer: Answer | Episode, brief: Brief) -> Brief:
        return brief.with_rules(answer.looked_up, self._briefs.book) if isinstance(answer, Episode) else brief

    def check(self, cards: Sequence[Scorecard]) -> None:
        """Stops training on what a fault has drawn.

        Raises:
            TooManyUnscored: the share of unscored completions is above the rubric's ``unscored_limit``.
        """
        unscored = [card for card in cards if card.total is None]
        limit = self._unscored_limit
        if len(unscored) > limit * len(cards):
            failed = ", ".join(f"'{name}' on {count}" for name, count in count_faults(unscored).most_common())
            first = unscored[0].unscored[0]
            raise TooManyUnscored(
                f"{len(unscored)} of {len(cards)} completions could not be scored, and rubric "
                f"'{self._rubric}' allows {limit:.0%}. Rewards that failed: {failed}; first '{first.reward}' on "
                f"case '{first.case}': {first.error}. Mend the reward, give it more time (time_limit), or raise "
                "unscored_limit"
            )


def step_metrics(cards: Sequence[Scorecard]) -> dict[str, float]:
    """What a training step logs of its scorecards: ``ruling/<component>`` means, ``ruling/accuracy`` of the verdicts
    (where gold has one; what does not parse is wrong), and the shares of completions that parse, that a gate closes
    on, and that stay unscored. ``ruling/unscored/<component>`` is the share that a reward failed on, with a difference
    to the total or without. Means are over the completions that have a value: a model that judges craft has none where
    the verdict is wrong or a gate closed, as it is not asked there.
    """
    said: dict[str, list[float]] = {}
    for card in cards:
        for name, value in card.values.items():
            values = said.setdefault(name, [])
            if value is not None:
                values.append(value)
    found = {f"ruling/{name}": statistics.fmean(values) for name, values in said.items() if values}
    if judged := [card.right for card in cards if card.right is not None]:
        found["ruling/accuracy"] = statistics.fmean(judged)
    count = len(cards) or 1
    found["ruling/parsed"] = sum(card.parsed for card in cards) / count
    found["ruling/gate_closed"] = sum(card.closed is not None for card in cards) / count
    found["ruling/unscored"] = sum(card.total is None for card in cards) / count
    return found | {f"ruling/unscored/{name}": failed / count for name, failed in count_faults(cards).items()}


def progress_of(trainer_state: Any) -> float:
    """How much of the training is done, 0..1."""
    steps = getattr(trainer_state, "max_steps", 0)
    return min(1.0, trainer_state.global_step / steps) if steps else 0.0


def _text(completion: str | list[dict[str, Any]]) -> str:
    if isinstance(completion, str):
        return completion
    if not completion or completion[-1].get("role", "assistant") != "assistant":
        return ""
    content = completion[-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
