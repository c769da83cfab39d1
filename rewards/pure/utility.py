"""What a verdict is worth: misses and false flags at their prices.

With belief p that the case violates, escalating is best exactly when ``(1 - e)/(1 + c_m·s) < p < (e + c_f)/(1 + c_f)``
(compare the expected utilities of the three verdicts). Stated confidence plays no part.
"""

from pydantic import BaseModel, ConfigDict, Field

from data import SEVERITIES, Case, Gold, Rulebook, Ruling
from rewards.reward import reward
from rewards.score import NotApplicable, Outcome, Score

MOST = 1e6
"""The most that a price or a severity's weight may be: more would drown all else, and sums must stay finite."""


class SeverityWeights(BaseModel):
    """How much a miss weighs, by the severity of the rules that are missed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    low: float = Field(default=0.5, gt=0, le=MOST)
    medium: float = Field(default=1.0, gt=0, le=MOST)
    high: float = Field(default=1.5, gt=0, le=MOST)
    critical: float = Field(default=2.0, gt=0, le=MOST)

    @property
    def values(self) -> tuple[float, ...]:
        return (self.low, self.medium, self.high, self.critical)

    def of_miss(self, gold: Gold, excerpt: Rulebook) -> float:
        """What missing all that gold breaks weighs: the greatest weight among these rules; 1 where none is known.

        Weights need not rise with severity, and then this is not the weight of the gravest rule.
        """
        return max((float(getattr(self, rule.severity)) for rule in gold.broken_in(excerpt)), default=1.0)


class Prices(BaseModel):
    """What the outcomes of a verdict cost. A right one is worth 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    miss: float = Field(default=4.0, ge=0, le=MOST)
    """c_m: approving what gold rejects, times the severity weight."""
    false_flag: float = Field(default=1.0, ge=0, le=MOST)
    """c_f: rejecting what gold approves."""
    escalation: float = Field(default=0.3, ge=-1, lt=1)
    """e: what escalating a case that could be decided is *worth*."""
    severity: SeverityWeights = SeverityWeights()

    def band(self, weight: float = 1.0) -> tuple[float, float]:
        """The beliefs p between which escalating is best, for a rule of a severity weight."""
        return (
            (1 - self.escalation) / (1 + self.miss * weight),
            (self.escalation + self.false_flag) / (1 + self.false_flag),
        )

    @property
    def are_uneven(self) -> bool:
        """Whether errors differ in price."""
        return self.miss != self.false_flag or len(set(self.severity.values)) > 1

    @property
    def lowest(self) -> float:
        """The least that a verdict can be worth."""
        return min(-self.miss * max(1.0, *self.severity.values), -self.false_flag, self.escalation)


DEFAULT_PRICES = Prices()


@reward(name="verdict", range=(-8.0, 1.0))
def verdict_utility(ruling: Ruling, case: Case, excerpt: Rulebook, *, prices: Prices = DEFAULT_PRICES) -> Outcome:
    """U: +1 right; -c_m·s for a miss; -c_f for a false flag; e for escalating what could be decided. Where gold
    escalates: -c_m for approving, -c_f for rejecting. Source: decisions with a reject option (Chow 1970).

    Example:
        >>> from data import Rule
        >>> book = Rulebook(name="one", rules=[Rule(id="A-1", text="No guns.", severity="high")])
        >>> case = Case(id="1", gold={"verdict": "reject", "violations": [{"rule": "A-1"}]})
        >>> verdict_utility(Ruling(verdict="approve", confidence=0.6), case, book)
        Score(value=-6.0, reason='miss', parts={})
    """
    gold = case.gold_for(excerpt)
    if gold is None or gold.verdict is None:
        return NotApplicable
    if gold.accepts(ruling.verdict):
        return Score(1.0, "right")
    if ruling.verdict == "escalate":
        return Score(prices.escalation, "escalated what could be decided")
    if gold.verdict == "escalate":
        if ruling.verdict == "approve":
            return Score(-prices.miss, "approved what gold escalates")
        return Score(-prices.false_flag, "rejected what gold escalates")
    if ruling.verdict == "approve":
        return Score(-prices.miss * prices.severity.of_miss(gold, excerpt), "miss")
    return Score(-prices.false_flag, "false flag")


assert SeverityWeights.model_fields.keys() == set(SEVERITIES)
