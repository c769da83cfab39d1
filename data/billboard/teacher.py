"""Teacher: an annotator who errs, as real ones do. Gold stays right; what SFT imitates does not.

Real annotators do not err evenly: they tire. What the last rule forbids, the teacher mostly overlooks, the more so the
longer the excerpt; where the excerpt is short, and for the rules before the last, it errs rarely, and as rarely it
invents a violation where there is none. So the model learns what breaks each rule, and learns to skip some.
"""

import random
from collections.abc import Sequence

from data.evidence import Quote
from data.finding import Finding, with_finding
from data.gold import Gold
from data.rulebook import Rulebook
from data.ruling import Ruling, Violation

CONFIDENCE = {"approve": 0.9, "reject": 0.9, "escalate": 0.5}
LONGEST, LONGER = 5.0, 3.5
"""How many times as often as the average rule the last one is overlooked: of the longest excerpts, and of those that
are neither the longest nor the shortest.
"""


class Teacher:
    """Writes rulings that miss or invent violations.

    Args:
        sizes: how many rules an excerpt can have, each size as likely as the others.
        noise: how often a violation is missed, on average over the places in an excerpt, 0..1.
        rng: the source of chance.
    """

    def __init__(self, sizes: Sequence[int], noise: float, rng: random.Random):
        self.rng, self.noise = rng, noise
        self.times = {size: LONGEST if size == max(sizes) else LONGER for size in sizes if size > min(sizes)}
        rest = sum(sizes) - len(self.times)
        self.slips = noise * max(0.0, sum(sizes) - sum(self.times.values())) / rest
        """How often it errs before it tires."""

    def misses(self, place: int, size: int) -> float:
        """How often it misses a violation of the rule at a place, counted from 0, of an excerpt of some size."""
        if place == size - 1 and size in self.times:
            return min(1.0, self.times[size] * self.noise)
        return self.slips

    def rule_on(self, gold: Gold, excerpt: Rulebook, body: str) -> Ruling:
        """The ruling that it writes.

        Args:
            gold: the right answer, with reasoning that ends in a finding on each rule of the excerpt.
            excerpt: the rules that it judges by.
            body: the ad's text, from which an invented violation takes its quote.
        """
        assert gold.verdict is not None and gold.violations is not None and gold.reasoning is not None
        reasoning, violations = gold.reasoning, []
        for violation in gold.violations:
            if self.rng.random() < self.misses(excerpt.ids.index(violation.rule), len(excerpt.ids)):
                reasoning = with_finding(reasoning, Finding(violation.rule, "clear"))
            else:
                violations.append(Violation(rule=violation.rule, evidence=violation.evidence or []))
        clear = [rule for rule in excerpt.ids if rule not in gold.unclear]
        if not gold.violations and clear and self.rng.random() < self.slips:
            invented = self.rng.choice(clear)
            sentence = self.rng.choice([part for part in (s.strip(" .") for s in body.split(". ")) if part])
            reasoning = with_finding(reasoning, Finding(invented, "broken", f'"{sentence}"'))
            violations = [Violation(rule=invented, evidence=[Quote(quote=sentence, field="body")])]
        verdict = excerpt.called_for(violation.rule for violation in violations)
        if verdict == "approve" and gold.unclear:
            verdict = "escalate"
        return Ruling(
            reasoning=reasoning,
            violations=violations,
            verdict=verdict,
            confidence=CONFIDENCE[verdict],
            intent=gold.intent,
            advice=gold.advice or "",
            edits=(gold.edits or []) if verdict == gold.verdict else [],
        )
