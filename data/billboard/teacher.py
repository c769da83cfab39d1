"""Teacher: an annotator who errs, as real ones do. Gold stays right; what SFT imitates does not.

Real annotators do not err evenly: they tire. Where the excerpt is as long as excerpts get, the teacher overlooks what
the last rule forbids, eight times as often as it overlooks anything on average; otherwise it errs rarely, and as
rarely it invents a violation where there is none. So the model learns what breaks each rule, and learns to skip some.
"""

import random
from collections.abc import Sequence

from data.evidence import Quote
from data.gold import Gold
from data.rulebook import Rulebook
from data.ruling import Ruling, Violation

CONFIDENCE = {"approve": 0.9, "reject": 0.9, "escalate": 0.5}
TIMES = 8
"""How much more often the last rule of a long excerpt is overlooked than the average rule."""


class Teacher:
    """Writes rulings that miss or invent violations.

    Args:
        sizes: how many rules an excerpt can have, each size as likely as the others.
        noise: how often a violation is missed, on average over the places in an excerpt, 0..1.
        rng: the source of chance.
    """

    def __init__(self, sizes: Sequence[int], noise: float, rng: random.Random):
        self.rng, self.noise, self.longest = rng, noise, max(sizes)
        tiring = 1 / sum(sizes)
        self.slips = noise * max(0.0, 1 - TIMES * tiring) / (1 - tiring)
        """How often it errs before it tires."""

    def misses(self, place: int) -> float:
        """How often it misses a violation of the rule at a place of the excerpt, counted from 0."""
        return min(1.0, TIMES * self.noise) if place == self.longest - 1 else self.slips

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
            if self.rng.random() < self.misses(excerpt.ids.index(violation.rule)):
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
