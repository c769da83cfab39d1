"""Teacher: an annotator who errs, as real ones do. Gold stays right; what SFT imitates does not.

Real annotators do not err evenly: they overlook the same few rules again and again, and rather a way of putting things
than a gun in plain sight. So an eighth of the rules, all on what ads claim, are the teacher's blind spots, missed five
times as often as the average rule; on the others it errs rarely, and as rarely it invents a violation where there is
none.
"""

import random
from collections.abc import Sequence

from data.evidence import Quote
from data.gold import Gold
from data.rulebook import Rulebook
from data.ruling import Ruling, Violation

CONFIDENCE = {"approve": 0.9, "reject": 0.9, "escalate": 0.5}
BLIND, TIMES = 1 / 8, 5
"""Share of the rules that are blind spots, and how much more often those are missed than the average rule."""


class Teacher:
    """Writes rulings that miss or invent violations.

    Args:
        rules: ids of the rules that it knows.
        overlooked: those among which its blind spots lie.
        noise: how often a violation is missed, on average over the rules, 0..1.
        rng: the source of chance.
    """

    def __init__(self, rules: Sequence[str], overlooked: Sequence[str], noise: float, rng: random.Random):
        self.rng, self.noise = rng, noise
        self.blind = set(rng.sample(list(overlooked), max(1, round(len(rules) * BLIND))))
        rest = len(rules) - len(self.blind)
        self.slips = noise * max(0, len(rules) - TIMES * len(self.blind)) / max(1, rest)
        """How often it errs outside of its blind spots."""

    def misses(self, rule: str) -> float:
        """How often it misses a violation of a rule."""
        return min(1.0, TIMES * self.noise) if rule in self.blind else self.slips

    def rule_on(self, gold: Gold, excerpt: Rulebook, body: str) -> Ruling:
        """The ruling that it writes.

        Args:
            gold: the right answer, with reasoning that names each rule of the excerpt once, as ``ID: words.``.
            excerpt: the rules in the order of the reasoning.
            body: the ad's text, from which an invented violation takes its quote.
        """
        assert gold.verdict is not None and gold.violations is not None and gold.reasoning is not None
        reasoning, violations = gold.reasoning, []
        for violation in gold.violations:
            if self.rng.random() < self.misses(violation.rule):
                reasoning = _rewrite(reasoning, violation.rule, excerpt, "no")
            else:
                violations.append(Violation(rule=violation.rule, evidence=violation.evidence or []))
        clear = [rule for rule in excerpt.ids if rule not in gold.unclear]
        if not gold.violations and clear and self.rng.random() < self.slips:
            invented = self.rng.choice(clear)
            sentence = self.rng.choice([part for part in (s.strip(" .") for s in body.split(". ")) if part])
            reasoning = _rewrite(reasoning, invented, excerpt, f'"{sentence}"')
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
        )


def _rewrite(reasoning: str, rule: str, excerpt: Rulebook, words: str) -> str:
    """The reasoning with other words for one rule."""
    start = reasoning.index(f" {rule}: ") + 1
    order = excerpt.ids
    following = order[order.index(rule) + 1 :]
    end = reasoning.index(f" {following[0]}: ") if following else len(reasoning)
    return f"{reasoning[:start]}{rule}: {words}.{reasoning[end:]}"
