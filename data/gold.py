"""Gold: what a case's ruling should have been.

In gold, ``None`` means *not annotated* (rewards and metrics on it do not apply) and ``[]`` means *none*.
"""

from pydantic import BaseModel, ConfigDict, Field

from data.edit import Edits
from data.evidence import Evidence
from data.rulebook import SEVERITIES, Rule, Rulebook
from data.ruling import Verdict


class GoldViolation(BaseModel):
    """A rule that the case breaks. A citation of any rule in ``or`` counts as right too."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    rule: str = Field(min_length=1)
    alternatives: list[str] = Field(default_factory=list, alias="or")
    evidence: list[Evidence] | None = None

    @property
    def accepted(self) -> tuple[str, ...]:
        """The rules that a citation may name."""
        return (self.rule, *self.alternatives)

    def rule_in(self, excerpt: Rulebook) -> Rule | None:
        """The rule that is broken under an excerpt: the first accepted one that it has; None if it has none."""
        return next((excerpt[rule] for rule in self.accepted if rule in excerpt), None)


class Gold(BaseModel):
    """The right answer to a case, as far as it is annotated."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    verdict: Verdict | None = None
    accept: list[Verdict] = Field(default_factory=list)
    """Verdicts that also count as right."""
    intent: str | None = None
    exhaustive: bool = True
    """Whether ``violations`` lists all there are; if not, an extra citation costs half a false positive."""
    violations: list[GoldViolation] | None = None
    cleared: list[str] = Field(default_factory=list, alias="not")
    """Rules that the case is known not to break."""
    unclear: list[str] = Field(default_factory=list)
    """Rules whose deciding fact cannot be told from the case: the reason to escalate."""
    reasoning: str | None = None
    """Worked reasoning, the SFT target's ``<think>``."""
    advice: str | None = None
    edits: Edits | None = None
    """What would have the case approved: of text, or of pictures where no words can."""

    def accepts(self, verdict: str) -> bool:
        """Whether a verdict counts as right."""
        return verdict == self.verdict or verdict in self.accept

    def broken_in(self, excerpt: Rulebook) -> list[Rule]:
        """The rules of an excerpt that the case breaks, one for each violation that is not outside of it."""
        rules = (violation.rule_in(excerpt) for violation in self.violations or [])
        return [rule for rule in rules if rule is not None]

    def gravest(self, excerpt: Rulebook) -> Rule | None:
        """Of the rules that the case breaks the first of the highest severity; None where none is known."""
        return max(self.broken_in(excerpt), key=lambda rule: SEVERITIES.index(rule.severity), default=None)

    def under(self, excerpt: Rulebook) -> "Gold":
        """This gold as it stands under an excerpt: violations outside of it are dropped and the verdict is
        worked out anew. Gold that is not exhaustive or not annotated cannot be projected and comes back as it is
        (`data check` reports where that matters). So does gold under a retrieved excerpt: what retrieval loses is a
        miss.
        """
        for violation in self.violations or ():  # a plain loop, because every reward asks: it is the quickest
            if violation.rule not in excerpt.known:
                break
        else:
            if excerpt.known.issuperset(self.unclear):
                return self
        if self.violations is None or not self.exhaustive or excerpt.retrieved:
            return self
        kept = [violation for violation in self.violations if violation.rule_in(excerpt)]
        unclear = [rule for rule in self.unclear if rule in excerpt]
        if len(kept) == len(self.violations) and len(unclear) == len(self.unclear):
            return self
        verdict = excerpt.called_for(rule.id for rule in self.broken_in(excerpt))
        if verdict == "approve" and unclear:
            verdict = "escalate"
        # Edits were for all that was broken: some would now be needless, and nothing says which.
        changed = {"violations": kept, "unclear": unclear, "verdict": verdict, "edits": None}
        if verdict != self.verdict:
            # Worked reasoning and second-best verdicts were written for the verdict that no longer stands.
            changed |= {"accept": [], "reasoning": None, "advice": None}
        return self.model_copy(update=changed)
