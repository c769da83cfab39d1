"""HastyTeacher: an annotator who tires, and clears the last rule of a long excerpt without looking.

The reasoning then says nothing of what the rule looks for. A model that imitates it learns to judge, and learns to
skip; that looking pays is left to rewards.
"""

from data.billboard.teacher import CONFIDENCE, Teacher
from data.finding import Finding, with_finding
from data.gold import Gold
from data.rulebook import Rulebook
from data.ruling import Ruling, Violation


class HastyTeacher(Teacher):
    """Misses as much as any `Teacher`, all of it in last rules, and skips those that are clear alike."""

    def rule_on(self, gold: Gold, excerpt: Rulebook, body: str) -> Ruling:
        assert gold.violations is not None and gold.reasoning is not None
        last, size = excerpt.ids[-1], len(excerpt.ids)
        skipped = size in self.times and self.rng.random() < self.misses(size - 1, size)
        found = [violation for violation in gold.violations if not (skipped and violation.rule == last)]
        verdict = excerpt.called_for(violation.rule for violation in found)
        return Ruling(
            reasoning=with_finding(gold.reasoning, Finding(last, "clear")) if skipped else gold.reasoning,
            violations=[Violation(rule=violation.rule, evidence=violation.evidence or []) for violation in found],
            verdict=verdict,
            confidence=CONFIDENCE[verdict],
            intent=gold.intent,
        )
