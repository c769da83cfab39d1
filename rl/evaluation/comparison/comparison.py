"""Comparison: everything that can be said of models on the same cases, as plain data.

`rl.evaluation.comparison.compare` makes one; tables, the page and files are drawn from it. Lists over models have the
baseline first; lists over *challengers* leave it out, in the same order. Differences are a challenger less the
baseline, in the figure's own unit (0.02 are two points of a share), whichever way is better.
"""

from dataclasses import dataclass
from typing import Literal

from data.rulebook import Severity
from rl.evaluation.metrics import SHARES
from rl.evaluation.statistics.estimate import Difference, Estimate

Judgement = Literal["better", "worse", "unclear"]
"""What an interval says: it leaves out 0 on the one side, on the other, or not at all."""
Decision = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True)
class MetricRow:
    """One figure of all models."""

    name: str
    title: str
    lower_is_better: bool
    values: list[Estimate | None]
    """One per model; None where it does not apply."""
    differences: list[Difference | None]
    """One per challenger."""
    judgements: list[Judgement]
    """One per challenger, by its interval alone."""
    simultaneous: list[Estimate]
    """One per challenger: intervals that hold together (max-t); empty with one challenger."""


@dataclass(frozen=True)
class Pairs:
    """Baseline against one challenger on the primary metric, pair by pair; for metrics that are right or wrong."""

    model: str
    """The challenger."""
    both_right: int
    lost: int
    """Right in the baseline alone."""
    gained: int
    """Right in the challenger alone."""
    both_wrong: int
    p: float
    """Two-sided: exact McNemar, or whole clusters sign-flipped."""
    mid_p: float
    test: Literal["mcnemar", "sign flip"]
    risk_difference: Difference
    odds_ratio: Estimate
    """Gained to lost, with the exact interval; above 1 favours the challenger. Infinite where nothing was lost."""
    cohens_h: float
    """Distance of the two shares on the arcsine scale: .2 is small, .5 medium, .8 large."""
    cohens_g: float
    """Share of gains among the pairs that differ, less a half: .05 is small, .15 medium, .25 large (either sign)."""


@dataclass(frozen=True)
class Needed:
    """How many cases it takes to see a difference."""

    difference: float
    cases: int
    """At 80 % power, two-sided 5 %, if as many pairs differ as differ here."""


@dataclass(frozen=True)
class RuleRow:
    """One rule in all models. A model decides a rule rightly on a case if it cites it exactly where gold does."""

    rule: str
    title: str
    severity: Severity | None
    """None where the rulebook is not known."""
    category: str | None
    support: int
    """How often gold has it broken."""
    few: bool
    """The support is below 20: read with care."""
    f1: list[Estimate | None]
    """One per model; None where nothing is cited and nothing is broken."""
    precision: list[Estimate | None]
    recall: list[Estimate | None]
    f1_difference: list[Difference | None]
    """One per challenger."""
    recall_difference: list[Difference | None]
    lost: list[int]
    """One per challenger: decisions on this rule that only the baseline has right."""
    gained: list[int]
    p: list[float]
    """One per challenger: lost against gained, exact McNemar or sign flip."""
    p_holm: list[float]
    """The same, corrected for the number of rules that are tested (Holm)."""


@dataclass(frozen=True)
class SliceRow:
    """Verdicts on the cases that break a rule of one severity or category."""

    kind: Literal["severity", "category"]
    value: str
    cases: int
    accuracy: list[Estimate]
    """One per model."""
    differences: list[Difference]
    """One per challenger."""
    judgements: list[Judgement]
    lost: list[int]
    gained: list[int]


@dataclass(frozen=True)
class Agreement:
    """How often two models give the same verdict, whether right or not; what is no ruling counts as a
    verdict too: unparsed, or refused."""

    names: list[str]
    """The models, then ``gold``."""
    share: list[list[float]]
    """0..1, a symmetric table."""
    kappa: list[list[float]]
    """Cohen's kappa: the same beyond chance; nan where only one verdict occurs."""


@dataclass(frozen=True)
class Flip:
    """A case that one of baseline and challenger has right, and the other wrong."""

    case: str
    sample: int
    model: str
    """The challenger."""
    direction: Literal["gained", "lost"]
    gold: str
    before: str
    """The baseline's verdict."""
    after: str
    rules: list[str]
    """The rules that gold has broken."""
    severity: Severity | None
    """Of the gravest of them."""


@dataclass(frozen=True)
class Suspect:
    """A case whose gold may be wrong: every model contradicts it, all alike and all confident."""

    case: str
    gold: str
    verdict: str
    """What the models say."""
    confidence: float
    """Of the least confident, 0..1."""

    @property
    def reason(self) -> str:
        """In words."""
        return f"every model says {self.verdict}, confidence {self.confidence:.2f} or more"


@dataclass(frozen=True)
class CriterionResult:
    """One criterion of a gate, for one challenger."""

    model: str
    metric: str
    title: str
    """What is measured on what: ``miss rate, severity critical``."""
    margin: float | None
    """How much worse than the baseline it may be; None where the limit is absolute."""
    limit: float | None
    """What the challenger's own figure may be at most, or at least; None where there is a margin."""
    lower_is_better: bool
    found: Estimate
    """The `Difference` from the baseline or, under a limit, the challenger's own figure. Two-sided 90 %: its ends are
    the one-sided 95 % bounds."""
    bound: float
    """The end on the worse side: it is hardly worse than that."""
    decision: Decision
    needed: int | None
    """How many cases of this kind would decide it, if the figure stays what it is; None if decided, or if no number
    would: the figure is the margin or the limit itself."""
    note: str = ""
    """Why it is undecided whatever was found: too few cases, or too few groups of them."""

    @property
    def share(self) -> bool:
        """Whether the metric is a share, to be told in hundredths."""
        return self.metric in SHARES


@dataclass(frozen=True)
class GateResult:
    """What a gate says: it passes if every criterion holds for every challenger, and fails if one is broken."""

    name: str
    decision: Decision
    by_model: dict[str, Decision]
    criteria: list[CriterionResult]
    """The decisive ones first: fail, undecided, pass."""
    needed: int | None
    """How many cases like these in all would decide it; None where it is decided, or no number would."""
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """Models on the same cases."""

    sentence: str
    """The verdict in one sentence, the gate's first where there is one."""
    details: str
    """The figures behind it."""
    primary: str
    """The one metric that was chosen beforehand."""
    baseline: str
    models: list[str]
    """Baseline first."""
    split: str
    cases: int
    predictions: int
    """Cases times samples."""
    clusters: int
    clustered: bool
    """Whether some cluster holds more than one prediction, so that whole clusters are drawn and flipped."""
    metrics: list[MetricRow]
    """The primary first."""
    pairs: list[Pairs]
    """One per challenger; empty where the primary is no share of cases."""
    needed: list[Needed]
    """For the primary, from large differences to small; empty where it is no share of cases."""
    rules: list[RuleRow]
    """The most broken first."""
    slices: list[SliceRow]
    """Severities from grave to slight, then categories; empty where the rulebook is not known."""
    agreement: Agreement
    flips: list[Flip]
    """The gravest losses first."""
    suspects: list[Suspect]
    """The most confident first."""
    gate: GateResult | None = None
