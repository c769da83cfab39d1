"""Results: what a model decided on one case when its reasoning was taken away, given alone, or changed."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from data import Ruling, Verdict


class Decision(BaseModel):
    """What an answer comes to. Two are the same if they are equal: verdict and cited rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verdict: Verdict | Literal["unparsed"]
    rules: tuple[str, ...] = ()
    """The cited rules, each once, in alphabetical order."""

    @classmethod
    def of(cls, ruling: Ruling | None) -> "Decision":
        """The decision of a ruling; None is an answer that is none."""
        if ruling is None:
            return cls(verdict="unparsed")
        return cls.citing(ruling.verdict, (violation.rule for violation in ruling.violations))

    @classmethod
    def citing(cls, verdict: Verdict, rules: Iterable[str]) -> "Decision":
        """A verdict with the rules that it rests on."""
        return cls(verdict=verdict, rules=tuple(sorted(set(rules))))


class Followed(BaseModel):
    """What became of a case after one finding of its reasoning was turned round."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    """Whose finding it is."""
    outcome: Literal["broken", "clear"]
    """What the finding says now."""
    called_for: Decision
    """What the findings call for as they are now."""
    decided: Decision


class Probed(BaseModel):
    """What a model decided on one case under each probe; None where the probe does not apply to its ruling."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alone: Decision | None = None
    """Given the reasoning, without the case."""
    flipped: Followed | None = None
    """Given the case and the reasoning with one finding turned round."""
    requoted: Decision | None = None
    """Given the case and the reasoning with the words that it quotes replaced by another case's."""
    resampled: tuple[Decision, ...] | None = None
    """Given the case, with other reasoning of its own, sampled at temperature 1."""
    without: Decision | None = None
    """Given the case, without any reasoning."""
