"""RewardModel: what a model with a scalar head, trained on better and worse rulings, thinks of a ruling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from data import Brief, Ruling
from prompts import Message, render, write
from prompts.parts import Text
from rewards.batch import Item
from rewards.model_based.local_reward import LocalReward, low_if_too_long
from rewards.score import Outcome, Score


@dataclass(kw_only=True, eq=False)
class RewardModel(LocalReward):
    """``1 / (1 + exp(-s))`` of the score s that a model gives the `conversation`, 0..1, whatever blanks or order of
    keys the policy chose.

    If s comes from a model of preferences after Bradley and Terry, a difference in s is the log odds of being
    preferred, and the value is the probability of being preferred to a ruling of score 0. The checkpoint is a folder
    as `rewards.models.scalar_head` describes it.

    Raises:
        DataError: when built: there is no such model, or it is none with a scalar head.

    Example:
        ``craft: {reward_model: {weight: 0.1, model: runs/preferences}}``
    """

    name: ClassVar[str] = "reward_model"

    template: str = "default"
    """The prompt template that it was trained with."""

    def __post_init__(self) -> None:
        from rewards.models.checkpoint import load_processor
        from rewards.models.local_model import LocalModel
        from rewards.models.location import resolve
        from rewards.models.scalar_head import load_scorer

        where = resolve(self.model)
        processor = load_processor(where)
        self._local = LocalModel.of(load_scorer(where, processor, self.dtype), processor, self.device)

    def score_batch(self, items: Sequence[Item]) -> Sequence[Outcome | Exception]:
        """One Score for each item, or the fault that there is none."""

        def read(inputs: Any, rows: list[int]) -> list[Score]:
            scores = self._local.forward(inputs).logits[:, 0].float()
            pairs = zip(scores.sigmoid().tolist(), scores.tolist(), strict=True)
            return [Score(value, f"score {score:.2f}", {"score": score}) for value, score in pairs]

        specials = self._local.special_tokens
        conversations = [conversation(item.brief, _ruled(item), self.template, specials) for item in items]
        outcomes = self._local.each(
            conversations, read, self.batch_size, case_of=lambda row: conversations[row][:-1], reply=False
        )
        return [low_if_too_long(outcome) for outcome in outcomes]


def conversation(
    brief: Brief, ruling: Ruling, template: str = "default", special_tokens: tuple[str, ...] = ()
) -> list[Message]:
    """What a reward model reads, in training as when it scores: the prompt that the policy got, and the ruling in the
    one form that `prompts.write` gives it. No ruling can write a special token of the model.
    """
    said = Message("assistant", (Text(write(ruling, special_tokens)),))
    return [*render(brief.case, brief.excerpt, template, special_tokens), said]


def _ruled(item: Item) -> Ruling:
    assert isinstance(item.ruling, Ruling), "a parse failure is not put to a reward model"
    return item.ruling
