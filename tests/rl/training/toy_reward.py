"""A reward that a model which has learned nothing can still gain by, for tests of the trainer alone."""

from collections.abc import Sequence

from data import Briefs, Ruling
from prompts import Episode
from rewards import Component, Scorecard

RULING = Ruling(verdict="approve", confidence=0.5)


class ToyReward:
    """The share of a completion's characters that are vowels, in eighths; where it ``fails``, on the letter z. With
    a quarter, the verdict is right.

    Our trainers ask for scorecards, TRL's own for totals.
    """

    __name__ = "toy"
    batch_rewards: tuple = ()

    def __init__(self, fails: bool = True):
        self.fails = fails

    def __call__(self, prompts: list, completions: list, *, case: list[str], **columns: object) -> list[float | None]:
        texts = [completion[-1]["content"] for completion in completions]
        return [self.card(text, id_).total for text, id_ in zip(texts, case, strict=True)]

    def score(self, episodes: Sequence[Episode], cases: Sequence[str], progress: float = 1.0) -> list[Scorecard]:
        return [self.card(episode.completion, id_) for episode, id_ in zip(episodes, cases, strict=True)]

    def check(self, cards: Sequence[Scorecard]) -> None:
        """Whatever stays unscored, training goes on."""

    def card(self, text: str, case: str) -> Scorecard:
        share = sum(letter in "aeiou" for letter in text) / max(1, len(text))
        total = None if self.fails and "z" in text else round(share * 8) / 8
        vowels = Component("vowels", total, "", 1.0, total or 0.0)
        return Scorecard(case, RULING, total, {"vowels": vowels}, right=share >= 0.25)


class ToyRubric:
    """Stands for a `Rubric` where only the trainer is under test."""

    has_prices = False
    fingerprint = "toy"

    def reward_func(self, briefs: Briefs) -> ToyReward:
        return ToyReward()
