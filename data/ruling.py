"""Ruling: the decision a reviewer hands down, in the order in which it is written.

The keys of the answer come in the order ``violations, verdict, confidence, intent, advice, edits``, so that
a model names what is wrong before it commits to a verdict. Reasoning is kept apart: it lives in
``<think>`` and never in the answer. It ends in one finding a rule, which the answer follows from.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data.edit import Edits
from data.evidence import Evidence
from data.finding import Finding, findings_in

Verdict = Literal["approve", "reject", "escalate"]
VERDICTS: tuple[Verdict, ...] = ("approve", "reject", "escalate")


class Violation(BaseModel):
    """A rule said to be broken, and the evidence for it."""

    model_config = ConfigDict(extra="forbid")

    rule: str = Field(min_length=1)
    evidence: list[Evidence] = Field(default_factory=list)


class Ruling(BaseModel):
    """A decision on one case."""

    model_config = ConfigDict(extra="forbid")

    reasoning: str = ""
    violations: list[Violation] = Field(default_factory=list)
    verdict: Verdict
    confidence: float = Field(ge=0.0, le=1.0, allow_inf_nan=False)
    """How sure the reviewer is of its verdict, 0..1."""
    intent: str | None = None
    """What the ad promotes: one of the rulebook's intents."""
    advice: str = ""
    """What the advertiser could change, in words."""
    edits: Edits = Field(default_factory=list)
    """The same, so that it can be applied (`data.fix`)."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the reasoning says of each rule, in its order; see `data.finding` for the form."""
        return findings_in(self.reasoning)

    @property
    def risk(self) -> float:
        """How likely the ruling says a violation is: q if it rejects, 1 - q if it approves, else 1/2."""
        if self.verdict == "escalate":
            return 0.5
        return self.confidence if self.verdict == "reject" else 1.0 - self.confidence
