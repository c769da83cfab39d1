"""Bench: scores what cheats and honest reviewers hand in, and takes means over a mix of gold verdicts."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from data import Verdict
from prompts import Episode, write
from rewards.audit.mix import EVEN, Mix
from rewards.audit.subject import Subject
from rewards.batch import Answer, Item
from rewards.score import Unscored
from rewards.scoring.rubric import Rubric
from rewards.scoring.scorecard import Scorecard
from rewards.scoring.scorer import score_items

BATCH = 512
Handed = Answer | Episode
"""What is handed in to be scored."""


@dataclass(frozen=True)
class Exhibit:
    """One offending completion."""

    case: str
    completion: str
    """As a model would write it. It may hold what somebody else wrote: escape it before it is shown."""
    total: float
    rival: float | None = None
    """What it is measured against: the total of gold, of the honest error, or of the ruling without padding."""

    @classmethod
    def of(cls, subject: Subject, answer: Handed, total: float, rival: float | None = None) -> "Exhibit":
        said = answer.completion if isinstance(answer, Episode) else answer
        text = said if isinstance(said, str) else write(said)
        return cls(subject.case.id, text, total, rival)


class Bench:
    """A rubric and the subjects that it is tried on."""

    def __init__(self, rubric: Rubric, subjects: Sequence[Subject]):
        self.rubric, self.subjects = rubric, subjects
        self.scored = 0
        """How many completions so far."""
        self.faults: Counter[str] = Counter()
        """How often each reward failed."""
        self.first_fault: dict[str, Unscored] = {}
        self.choosy: dict[str, tuple[Subject, Handed, Scorecard]] = {}
        """The rewards that judge some answers to a case and not others, which only the case may decide: the first
        answer that each took or left, unlike the one before.
        """
        self._applies: dict[tuple[str, str], bool] = {}
        self._honest: dict[float, list[list[float | None]]] = {}

    def cards(self, answers: Sequence[tuple[Subject, Handed]]) -> Iterator[Scorecard]:
        """The scorecard of each answer."""
        for start in range(0, len(answers), BATCH):
            batch = answers[start : start + BATCH]
            items = [Item.of(answer, subject.brief) for subject, answer in batch]
            cards = score_items(self.rubric.plan, items)
            for (subject, answer), card in zip(batch, cards, strict=True):
                self.scored += 1
                if card.parsed and card.total is not None:
                    self._watch_choice(subject, answer, card)
                for fault in card.unscored:
                    self.faults[fault.reward] += 1
                    self.first_fault.setdefault(fault.reward, fault)
                yield card

    def _watch_choice(self, subject: Subject, answer: Handed, card: Scorecard) -> None:
        for name, component in card.components.items():
            applies = component.applies
            if applies is not None and applies != self._applies.setdefault((card.case, name), applies):
                self.choosy.setdefault(name, (subject, answer, card))

    def totals(self, answers: Sequence[tuple[Subject, Handed]]) -> list[float | None]:
        """What each answer earns; None after a fault."""
        return [card.total for card in self.cards(answers)]

    @cached_property
    def gold(self) -> list[Scorecard]:
        """The scorecard of gold, for each subject."""
        return list(self.cards([(subject, subject.right) for subject in self.subjects]))

    def honest(self, confidence: float = 1.0) -> list[list[float | None]]:
        """What each subject's right ruling earns and what its wrong ones do, when they state this confidence."""
        if confidence not in self._honest:
            changed = {"confidence": confidence}
            answers = [(subject, r.model_copy(update=changed)) for subject in self.subjects for r in subject.honest]
            totals = iter(self.totals(answers))
            self._honest[confidence] = [[next(totals) for _ in subject.honest] for subject in self.subjects]
        return self._honest[confidence]

    @property
    def wrong(self) -> list[float | None]:
        """The least that an honest wrong ruling earns, for each subject."""
        groups = ([total for total in wrong if total is not None] for _, *wrong in self.honest())
        return [min(group, default=None) for group in groups]

    def by_verdict(self, totals: Sequence[float | None]) -> dict[Verdict, float]:
        """The mean total for each gold verdict, of one total for each subject; faults are left out."""
        groups: dict[Verdict, list[float]] = {}
        for subject, total in zip(self.subjects, totals, strict=True):
            if total is not None:
                groups.setdefault(subject.verdict, []).append(total)
        return {verdict: statistics.fmean(group) for verdict, group in groups.items()}

    def mean(self, totals: Sequence[float | None], mix: Mix = EVEN) -> float:
        """The mean total, gold verdicts weighted as a mix says; NaN where everything failed."""
        return mix.mean(self.by_verdict(totals))
