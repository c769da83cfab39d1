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

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from data import Brief, Case, Gold, Rulebook, Ruling
from prompts import Episode, ParseFailure, parse, write
from rewards.score import Outcome, RewardError, Unscored, checked

Answer = str | Ruling
"""A completion, or the ruling that it states."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be judged: what was read from a completion, and what it is about."""

    ruling: Ruling | ParseFailure
    brief: Brief
    source: Episode | str | None = None
    """What it was read from, where it was."""

    @classmethod
    def of(
        cls,
        answer: Answer | Episode | ParseFailure,
        brief: Brief,
        read: Callable[[str], Ruling | ParseFailure] = parse,
    ) -> "Item":
        """A completion or an episode, of which the last turn is parsed, or what was parsed from one.

        Args:
            read: what parses; one that remembers, where many are alike.

        Raises:
            ValueError: the episode is about another case.
        """
        if isinstance(answer, str):
            return cls(read(answer), brief, answer)
        if isinstance(answer, Episode):
            if answer.case != brief.id:
                raise ValueError(f"an episode about case '{answer.case}' cannot be scored on case '{brief.id}'")
            return cls(read(answer.completion), brief, answer)
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
    def episode(self) -> Episode | None:
        """What it was read from, where it was: of a text alone, an episode of one turn."""
        return Episode.plain(self.brief.id, self.source) if isinstance(self.source, str) else self.source

    @property
    def completion(self) -> str:
        """The text as the model wrote it. A ruling that was read from none stands for the one that states it."""
        if self.source is None:
            return write(self.ruling) if isinstance(self.ruling, Ruling) else ""
        return self.source if isinstance(self.source, str) else self.source.completion


class BatchReward(ABC):
    """A reward for whole batches. Settings are keyword arguments of ``__init__``, with type hints."""

    name: ClassVar[str]
    """How it is logged."""
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    at_once: int | None = None
    """The most items that `score_batch` is given at a time; None: all of them. What earlier ones have earned stays
    when the time runs out or a later call raises: set it where the items need not be seen together.
    """
    on_failure: ClassVar[bool] = False
    """Whether it is asked about ParseFailures too; otherwise a parse failure earns the low end of the range. As craft
    it is not, as it is not about wrong verdicts and behind closed gates: there it could add nothing.
    """

    @abstractmethod
    def score_batch(self, items: Sequence[Item]) -> Iterable[Outcome | Exception]:
        """One outcome for each item, in their order.

        An exception in the place of an outcome is the fault that kept this one item from being scored; one that is
        raised keeps all those that have no outcome yet. By the time limit counts what a generator has yielded; a list
        counts as a whole, so that it is lost if it comes too late: give it in parts, by `at_once`.
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

    def outcomes(self, items: Sequence[Item]) -> Iterator[Outcome | Unscored]:
        """The checked outcomes, one for each item; a fault, such as a broken contract, takes the place of one.

        Raises:
            RewardError: there are more or fewer outcomes than items.
        """
        size = self.at_once or len(items)
        for start in range(0, len(items), size or 1):
            yield from self._outcomes(items[start : start + size])

    def _outcomes(self, items: Sequence[Item]) -> Iterator[Outcome | Unscored]:
        count = 0
        for count, outcome in enumerate(self.score_batch(items), start=1):
            if count <= len(items):
                yield _checked(self, outcome, items[count - 1].case)
        if count != len(items):
            raise RewardError(
                f"reward '{self.name}' returned {count} outcomes for {len(items)} items "
                f"(first case '{items[0].case.id}')"
            )

    @property
    def file(self) -> str | None:
        """The file that its `score_batch` stands in; None where that is not written in Python."""
        return file_of(type(self).score_batch)


def file_of(function: Callable[..., Any]) -> str | None:
    """The file that a function stands in, under all that decorates it; None where it is not written in Python."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code.co_filename if code is not None else None


def _checked(reward: BatchReward, outcome: Outcome | Exception, case: Case) -> Outcome | Unscored:
    try:
        if isinstance(outcome, Exception):
            raise outcome
        return checked(outcome, reward.name, reward.range, case.id)
    except Exception as error:
        return Unscored.by(error, reward.name, case.id, reward.file)
