"""A reward that a model which has learned nothing can still gain by, for tests of the trainer alone."""

from data import Case
from rewards import Component, Scorecard


class ToyReward:
    """The share of a completion's characters that are vowels, in eighths; where it ``fails``, on the letter z."""

    __name__ = "toy"
    batch_rewards: tuple = ()

    def __init__(self, fails: bool = True):
        self.fails = fails
        self.cards: list[Scorecard] = []

    def __call__(self, prompts: list, completions: list, *, case: list[str], **columns: object) -> list[float | None]:
        self.cards = [
            self.card(completion[-1]["content"], Case.model_validate_json(row))
            for completion, row in zip(completions, case, strict=True)
        ]
        return [card.total for card in self.cards]

    def card(self, text: str, case: Case) -> Scorecard:
        share = sum(letter in "aeiou" for letter in text) / max(1, len(text))
        total = None if self.fails and "z" in text else round(share * 8) / 8
        vowels = Component("vowels", total, "", 1.0, total or 0.0)
        return Scorecard(case.id, None, total, {"vowels": vowels})  # type: ignore[arg-type]


class ToyRubric:
    """Stands for a `Rubric` where only the trainer is under test."""

    has_prices = False

    def reward_func(self, book: object) -> ToyReward:
        return ToyReward()
