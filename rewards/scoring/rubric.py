"""Rubric: a priced, weighted, gated set of rewards. What training maximises, and what a designer edits.

``total = U + λ·calibration + [verdict right]·Σ craft weight·value - Σ penalty weight·value``, or the floor where the
completion does not parse or a gate is closed. The checks below keep any part from being traded against the verdict.

Where no gold is to decide, one reward may stand in place of all that asks for it (`Rubric.only`):
``total = weight·value - Σ penalty weight·value``.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from data import Brief, Briefs, Case, DataError, Rulebook
from data.errors import explain, suggest
from data.yaml_model import find_yaml, load_yaml
from prompts import Episode, ParseFailure
from rewards.batch import Answer, BatchReward, Item
from rewards.pure.calibration import calibration, log_score
from rewards.pure.utility import Prices, verdict_utility
from rewards.reward_function import RewardFunction
from rewards.scoring.entry import Entry
from rewards.scoring.part import Override, Part
from rewards.scoring.plan import Kind, Plan
from rewards.scoring.schedule import Place, Schedule, filled, find_schedules
from rewards.scoring.scorecard import Scorecard
from rewards.scoring.scorer import score_answers, score_items

SHIPPED = Path(__file__).parent.parent / "rubrics"
MOST_CRAFT = 0.5
MOST_PENALTY = 0.5
_POINTS = 100
"""How finely a schedule's way is checked: what is sound at both ends need not be so between."""


class Rubric(BaseModel):
    """Rewards with their prices and weights, each given by name, ``module:function`` or ``file.py:function``.

    A price or weight may be a schedule over the training, such as ``{0: 0, 0.5: 0.25}``; see `Schedule`. The rubric
    itself then has the numbers of the start, and `at` gives it with those of any other time.

    Example:
        >>> rubric = Rubric(name="mine", craft={"rules": 0.3, "evidence": 0.2}, gates=["rulebook_consistency"])
        >>> [round(p, 2) for p in rubric.escalation_band]
        [0.14, 0.65]
        >>> rubric.floor
        -8.5
        >>> Rubric(name="stricter", prices={"miss": {0: 1, 0.5: 4}}).at(0.25).prices.miss
        2.5
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(min_length=1)
    description: str = ""
    prices: Prices = Prices()
    calibration: float = Field(default=0.3, ge=0, le=1)
    """λ: the weight of an honest risk."""
    calibration_score: Literal["quadratic", "log"] = "quadratic"
    """Which score the risk earns: the rewards `calibration` and `log_score`."""
    craft: dict[str, Part] = {}
    """Rewards that count when the verdict is right. Together at most ½."""
    only: dict[str, Part] = {}
    """One reward, such as a reward model, in place of the verdict's worth, calibration and craft. It needs no gold;
    what it is wrong about, nothing but gates and penalties keeps a policy from: audit it first.
    """
    gates: list[str] = []
    """Rewards that must be 1; else the total is the floor."""
    penalties: dict[str, Part] = {}
    """Rewards that are taken off. Together at most ½."""
    overrides: dict[str, Override] = {}
    """What is different where the gravest gold violation lies in a category, or below it."""
    time_limit: float = Field(default=60.0, gt=0)
    """Seconds that any one reward may take for one batch; what it has not scored by then stays unscored."""
    unscored_limit: float = Field(default=0.25, ge=0, le=1)
    """The share of a training step's completions that may stay unscored; above it, the run stops."""
    folder: str = "."
    """Where relative paths to reward files start: by default, the folder of the rubric's own file."""

    _content: dict[str, Any] = PrivateAttr(default_factory=dict)
    _schedules: dict[Place, Schedule] = PrivateAttr(default_factory=dict)
    _built: dict[tuple[type[BatchReward], str], BatchReward] = PrivateAttr(default_factory=dict)
    """Shared by all rubrics that come of this one: weights are loaded once."""

    @classmethod
    def load(cls, source: str | Path, overrides: dict[str, Any] | None = None) -> "Rubric":
        """Reads a rubric from a YAML file, or a shipped one by name.

        Args:
            overrides: dotted keys and their values, such as ``{"prices.miss": 1}``.

        Raises:
            DataError: the file is missing or is no rubric; names the file and the field.
        """
        path = find_yaml(source, SHIPPED, "rubric")
        return load_yaml(cls, path, {"folder": path.parent.as_posix(), **(overrides or {})})

    @field_validator("craft", "penalties")
    @classmethod
    def _bounded(cls, parts: dict[str, Part], info: Any) -> dict[str, Part]:
        most = MOST_CRAFT if info.field_name == "craft" else MOST_PENALTY
        total = sum(part.weight for part in parts.values())
        if total > most + 1e-9:
            raise ValueError(f"the weights sum to {total:g}; at most {most:g}, so that a verdict outweighs them")
        return parts

    @model_validator(mode="after")
    def _one_stands_alone(self) -> "Rubric":
        if self.only:
            others = {"prices", "calibration", "calibration_score", "craft"} & self.model_fields_set
            if others or len(self.only) > 1:
                besides = ", ".join(sorted(others)) or "a second reward"
                raise ValueError(f"only: one reward stands in place of all others, so leave out {besides}")
        return self

    @model_validator(mode="after")
    def _sound(self) -> "Rubric":
        for severity, weight in self.prices.severity:
            low, high = self.prices.band(weight)
            if low >= high:
                raise ValueError(
                    f"prices: it would never be best to escalate where the rule's severity is {severity} "
                    f"(band {low:.2f} to {high:.2f} is empty): raise escalation or the prices of errors"
                )
        # Finding the rewards now makes a misspelt name an error of the file, not of the first training step.
        names = [entry.name for entry in self.entries]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"reward '{name}' is in the rubric twice")
        assert self.by_category.keys() == self.overrides.keys()
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _scheduled(cls, content: Any, read: Callable[[Any], "Rubric"]) -> "Rubric":
        # It stands below `_sound`, which pydantic therefore counts as a part of reading.
        schedules = find_schedules(content) if isinstance(content, Mapping) else {}
        if not schedules:
            return read(content)
        for point in range(_POINTS, -1, -1):
            rubric = read(filled(content, schedules, point / _POINTS))
        rubric._content, rubric._schedules = dict(content), schedules
        return rubric

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The rewards in the order in which a card shows them: found and checked, but not built."""
        return (
            *(Entry.find(reference, "gate", Part(weight=0), self.folder) for reference in self.gates),
            *(self._entries("only", self.only) or self._judged),
            *self._entries("penalty", self.penalties),
        )

    @property
    def _judged(self) -> list[Entry]:
        """What gold decides, and craft."""
        verdict = verdict_utility.with_params({"prices": self.prices}, range=(self.prices.lowest, 1.0))
        score = calibration if self.calibration_score == "quadratic" else log_score
        craft = self._entries("craft", self.craft)
        return [Entry(verdict, "verdict", 1.0), Entry(score, "calibration", self.calibration), *craft]

    def _entries(self, kind: Kind, parts: Mapping[str, Part]) -> list[Entry]:
        return [Entry.find(reference, kind, part, self.folder) for reference, part in parts.items()]

    @cached_property
    def by_category(self) -> dict[str, "Rubric"]:
        """What this rubric is for the cases of the categories that have overrides."""
        content = self.model_dump(exclude={"overrides"}, exclude_unset=True)
        rubrics = {}
        for category, override in self.overrides.items():
            try:
                rubrics[category] = Rubric.model_validate(override.applied(content))
            except ValidationError as error:
                field, message = explain(error, Rubric)
                raise ValueError(f"overrides.{category}{'.' if field else ''}{field}: {message}") from error
        return rubrics

    @cached_property
    def plan(self) -> Plan:
        """The rewards, built. Building may load weights or open connections."""
        steps = tuple(entry.build(self.time_limit, self._built) for entry in self.entries)
        return Plan(steps, self.floor, {name: self._sharing(own).plan for name, own in self.by_category.items()})

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the content, schedules included, 12 hex digits. The code of rewards is no part of it."""
        content = [self.model_dump(mode="json", exclude={"name", "description", "folder"}), str(self.schedules)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def schedules(self) -> dict[str, Schedule]:
        """The schedules by the dotted name of the number that they stand for."""
        return {".".join(place): schedule for place, schedule in self._schedules.items()}

    def at(self, progress: float) -> "Rubric":
        """The rubric when a share of the training is done.

        Args:
            progress: 0..1.
        """
        if not self._schedules:
            return self
        return self._sharing(Rubric.model_validate(filled(self._content, self._schedules, progress)))

    def _sharing(self, other: "Rubric") -> "Rubric":
        """Another rubric, with the rewards that have been built for this one."""
        other._built = self._built
        return other

    @property
    def escalation_band(self) -> tuple[float, float]:
        """The beliefs in a violation between which escalating is best, for a rule of severity weight 1."""
        return self.prices.band()

    @cached_property
    def floor(self) -> float:
        """What a parse failure or a closed gate earns: the lowest total that any ruling can get, minus ½."""
        alone = [entry.weight * entry.range[0] for entry in self.entries if entry.kind == "only"]
        lowest = alone[0] if alone else self.prices.lowest
        return lowest - sum(part.weight for part in self.penalties.values()) - 0.5

    @property
    def has_prices(self) -> bool:
        """Whether errors differ in price, ever or anywhere, so that advantages must not be divided by the spread of
        their group.
        """
        if self.only:
            return False
        times = {progress for schedule in self._schedules.values() for progress, _ in schedule.points}
        own = self.prices.are_uneven or any(self.at(progress).prices.are_uneven for progress in times)
        return own or any(rubric.has_prices for rubric in self.by_category.values())

    def score(self, answer: Answer | Episode | ParseFailure, case: Case, excerpt: Rulebook) -> Scorecard:
        """Scores one completion or episode, or what was parsed from one.

        Raises:
            DataError: the excerpt is not the one that the case is judged by.
        """
        return score_items(self.plan, [Item.of(answer, Brief(case, excerpt))])[0]

    def score_many(self, answers: Sequence[Answer | Episode], briefs: Sequence[Brief]) -> list[Scorecard]:
        """Scores completions or episodes, one brief to each.

        Raises:
            ValueError: the two are not of one length.
        """
        return score_answers(self.plan, answers, briefs)

    def reward_func(self, briefs: Briefs) -> RewardFunction:
        """The one reward function that a TRL trainer gets. Rows carry the id of their case in the column ``case``.

        Args:
            briefs: of all the cases that rows may name.

        Raises:
            DataError: the rubric has overrides for a category that the book has not.
        """
        self.check_categories(briefs.book)
        return RewardFunction(self.name, lambda progress: self.at(progress).plan, self.unscored_limit, briefs)

    def check_categories(self, book: Rulebook) -> None:
        """Refuses overrides for what the book does not have: they would do nothing.

        Raises:
            DataError: the book has no such category.
        """
        known = {category.id for category in book.categories} | {rule.category for rule in book.rules} - {None}
        for category in self.overrides:
            if category not in known:
                near = suggest(category, filter(None, known))
                raise DataError(f"rulebook '{book.name}' has no category '{category}'{near}", field="overrides")
