"""Rubric: a priced, weighted, gated set of rewards. What training maximises, and what a designer edits.

``total = U + λ·calibration + [verdict right]·Σ craft weight·value - Σ penalty weight·value``, or the floor where the
completion does not parse or a gate is closed. The checks below keep any part from being traded against the verdict.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from data import Case, Rulebook, Ruling
from data.yaml_model import find_yaml, load_yaml
from prompts import ParseFailure, parse, write
from rewards.batch import Item
from rewards.calibration import calibration
from rewards.entry import Entry
from rewards.plan import Kind, Plan
from rewards.scorecard import Scorecard
from rewards.scoring import read_many, score_items
from rewards.trl import RewardFunction
from rewards.utility import Prices, verdict_utility

SHIPPED = Path(__file__).parent / "rubrics"
MOST_CRAFT = 0.5
MOST_PENALTY = 0.5


class Part(BaseModel):
    """A reward's weight, and values for its keyword parameters: ``{weight: 0.1, start: 2000}``, or only ``0.1``."""

    model_config = ConfigDict(extra="allow", frozen=True)

    weight: float = Field(ge=0)

    @model_validator(mode="before")
    @classmethod
    def _weight_alone(cls, value: Any) -> Any:
        return {"weight": value} if isinstance(value, int | float) else value

    @property
    def settings(self) -> dict[str, Any]:
        return self.model_extra or {}


class Rubric(BaseModel):
    """Rewards with their prices and weights, each given by name, ``module:function`` or ``file.py:function``.

    Example:
        >>> rubric = Rubric(name="mine", craft={"rules": 0.3, "evidence": 0.2}, gates=["rulebook_consistency"])
        >>> [round(p, 2) for p in rubric.escalation_band]
        [0.14, 0.65]
        >>> rubric.floor
        -8.5
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    description: str = ""
    prices: Prices = Prices()
    calibration: float = Field(default=0.3, ge=0, le=1)
    """λ: the weight of an honest risk."""
    craft: dict[str, Part] = {}
    """Rewards that count when the verdict is right. Together at most ½."""
    gates: list[str] = []
    """Rewards that must be 1; else the total is the floor."""
    penalties: dict[str, Part] = {}
    """Rewards that are taken off. Together at most ½."""
    folder: str = "."
    """Where relative paths to reward files start: by default, the folder of the rubric's own file."""

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
        return self

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The rewards in the order in which a card shows them: found and checked, but not built."""
        verdict = verdict_utility.with_params({"prices": self.prices}, range=(self.prices.lowest, 1.0))
        return (
            *(Entry.find(reference, "gate", folder=self.folder) for reference in self.gates),
            Entry(verdict, "verdict", 1.0),
            Entry(calibration, "calibration", self.calibration),
            *(self._entry(reference, part, "craft") for reference, part in self.craft.items()),
            *(self._entry(reference, part, "penalty") for reference, part in self.penalties.items()),
        )

    @cached_property
    def plan(self) -> Plan:
        """The rewards, built. Building may load weights or open connections."""
        return Plan(tuple(entry.build() for entry in self.entries), self.floor)

    @property
    def escalation_band(self) -> tuple[float, float]:
        """The beliefs in a violation between which escalating is best, for a rule of severity weight 1."""
        return self.prices.band()

    @cached_property
    def floor(self) -> float:
        """What a parse failure or a closed gate earns: the lowest total that any ruling can get, minus ½."""
        return self.prices.lowest - sum(part.weight for part in self.penalties.values()) - 0.5

    @property
    def has_prices(self) -> bool:
        """Whether errors differ in price, so that advantages must not be divided by the spread of their group."""
        return self.prices.miss != self.prices.false_flag or len(set(self.prices.severity.values)) > 1

    def score(self, completion: str | Ruling | ParseFailure, case: Case, excerpt: Rulebook) -> Scorecard:
        """Scores one completion, or what was parsed from it."""
        if isinstance(completion, str):
            item = Item(parse(completion), case, excerpt, completion)
        else:
            item = Item(completion, case, excerpt, write(completion) if isinstance(completion, Ruling) else "")
        return score_items(self.plan, [item])[0]

    def score_many(self, completions: Sequence[str], cases: Sequence[Case], book: Rulebook) -> list[Scorecard]:
        """Scores completions, one case to each, under the excerpts that the cases name.

        Raises:
            ValueError: the two are not of one length.
            DataError: a case names a rule that the book has not.
        """
        return score_items(self.plan, read_many(completions, cases, book))

    def reward_func(self, book: Rulebook) -> RewardFunction:
        """The one reward function that a TRL trainer gets. Rows carry their case as JSON in the column ``case``."""
        return RewardFunction(self.plan, book)

    def _entry(self, reference: str, part: Part, kind: Kind) -> Entry:
        return Entry.find(reference, kind, part.weight, part.settings, self.folder)
