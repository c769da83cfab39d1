"""BatchReward: a reward that is built with settings, and is asked about a whole batch at once.

Plain rewards are pure functions of one ruling. What needs a client, a cache or weights, or gains by seeing many
rulings together, is a class instead. A rubric names it as it names any reward, with the settings beside the weight:
``craft: {judge: {weight: 0.1, model: qwen}}``. Reading the rubric only looks at the signature of ``__init__``;
the reward is built when the rubric first scores. So its module must import torch, clients and the like where they
are used, and not at the top.

Example:
    >>> from data import Case, Rulebook
    >>> class Longest(BatchReward):
    ...     name = "doc_longest"
    ...     def score_batch(self, items):
    ...         most = max(len(item.ruling.reasoning) for item in items)
    ...         return [len(item.ruling.reasoning) / most for item in items]
    >>> book = Rulebook(name="none", rules=[])
    >>> said = [Ruling(reasoning=text, verdict="approve", confidence=1) for text in ("Fine.", "It is fine")]
    >>> list(Longest().outcomes([Item(ruling, Brief(Case(id="1"), book)) for ruling in said]))
    [0.5, 1.0]
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from data import Brief, Case, Gold, Rulebook, Ruling
from prompts import Episode, ParseFailure, parse, write
from rewards.score import Outcome, RewardError, checked

Answer = str | Ruling
"""A completion, or the ruling that it states."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be judged: what was read from a completion, and what it is about."""

    ruling: Ruling | ParseFailure
    brief: Brief
    episode: Episode | None = None
    """What it was read from, where it was."""

    @classmethod
    def of(cls, answer: Answer | Episode | ParseFailure, brief: Brief) -> "Item":
        """A completion or an episode, of which the last turn is parsed, or what was parsed from one.

        Raises:
            ValueError: the episode is about another case.
        """
        if isinstance(answer, str):
            return cls(parse(answer), brief, Episode.plain(brief.id, answer))
        if isinstance(answer, Episode):
            if answer.case != brief.id:
                raise ValueError(f"an episode about case '{answer.case}' cannot be scored on case '{brief.id}'")
            return cls(parse(answer.completion), brief, answer)
        return cls(answer, brief)

    @property
    def case(self) -> Case:
        return self.brief.case

    @property
    def excerpt(self) -> Rulebook:
        return self.brief.excerpt

    @property
    def gold(self) -> Gold | None:
        """As it stands under the excerpt."""
        return self.brief.gold

    @property
    def completion(self) -> str:
        """The text as the model wrote it. A ruling that was read from none stands for the one that states it."""
        if self.episode is None:
            return write(self.ruling) if isinstance(self.ruling, Ruling) else ""
        return self.episode.completion


class BatchReward(ABC):
    """A reward for whole batches. Settings are keyword arguments of ``__init__``, with type hints."""

    name: ClassVar[str]
    """How it is logged."""
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    on_failure: ClassVar[bool] = False
    """Whether it is asked about ParseFailures too; otherwise a parse failure earns the low end of the range. As craft
    it is not, as it is not about wrong verdicts and behind closed gates: there it could add nothing.
    """

    @abstractmethod
    def score_batch(self, items: Sequence[Item]) -> Iterable[Outcome | Exception]:
        """One outcome for each item, in their order.

        An exception in the place of an outcome is the fault that kept this one item from being scored; one that is
        raised keeps all of them. What a generator has yielded by the time limit counts; a list counts as a whole.
        """

    def follow(self, policy: Any) -> None:  # noqa: B027 - doing nothing is what most want
        """Called once before training.

        Args:
            policy: the model that is trained, as its weights are held (under ZeRO-3, in pieces).
        """

    def after_step(self, progress: float) -> None:  # noqa: B027 - doing nothing is what most want
        """Called once after each training step.

        Args:
            progress: how much of the training is done, 0..1.
        """

    def save(self, folder: Path) -> None:  # noqa: B027
        """Called by one process at each checkpoint: writes what the reward has become by training, if anything.

        Args:
            folder: the reward's own within the checkpoint; not there yet.
        """

    def restore(self, folder: Path) -> None:  # noqa: B027
        """Called before a resumed training: reads what `save` wrote."""

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome | Exception]:
        """The checked outcomes, one for each item: a broken contract takes the place of the outcome.

        Raises:
            RewardError: there are more or fewer outcomes than items.
        """
        count = 0
        for count, outcome in enumerate(self.score_batch(items), start=1):
            if count <= len(items):
                yield _checked(self, outcome, items[count - 1].case)
        if count != len(items):
            first = f" (first case '{items[0].case.id}')" if items else ""
            raise RewardError(f"reward '{self.name}' returned {count} outcomes for {len(items)} items{first}")


def _checked(reward: BatchReward, outcome: Outcome | Exception, case: Case) -> Outcome | Exception:
    if isinstance(outcome, Exception):
        return outcome
    try:
        return checked(outcome, reward.name, reward.range, case.id)
    except RewardError as error:
        return error
