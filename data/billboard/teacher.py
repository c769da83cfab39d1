"""Teacher: an annotator who errs, as real ones do. Gold stays right; what SFT imitates does not.

With probability ``noise`` a ruling misses a violation that is there, or invents one that is not. Real annotators do
not err evenly: they overlook some rules again and again, so a rule's share of the misses is its own.
"""

import random

from data.evidence import Quote
from data.gold import Gold
from data.rulebook import Rulebook
from data.ruling import Ruling, Violation

CONFIDENCE = {"approve": 0.9, "reject": 0.9, "escalate": 0.5}


def teach(gold: Gold, excerpt: Rulebook, body: str, noise: float, rng: random.Random) -> Ruling:
    """The ruling that the teacher writes.

    Args:
        gold: the right answer, with reasoning that names each rule of the excerpt once, as ``ID: words.``.
        excerpt: the rules in the order of the reasoning.
        body: the ad's text, from which an invented violation takes its quote.
        noise: how often the teacher errs, 0..1.
        rng: the source of chance.
    """
    assert gold.verdict is not None and gold.violations is not None and gold.reasoning is not None
    reasoning = gold.reasoning
    violations = [Violation(rule=v.rule, evidence=v.evidence or []) for v in gold.violations]
    verdict = gold.verdict
    if rng.random() < noise:
        if violations:
            missed = violations.pop(rng.randrange(len(violations)))
            reasoning = _rewrite(reasoning, missed.rule, excerpt, "no")
        else:
            sentence = rng.choice([s.strip(" .") for s in body.split(". ") if s.strip(" .")])
            clear = [rule for rule in excerpt.ids if rule not in gold.unclear] or excerpt.ids
            invented = rng.choice(clear)
            reasoning = _rewrite(reasoning, invented, excerpt, f'"{sentence}"')
            violations = [Violation(rule=invented, evidence=[Quote(quote=sentence, field="body")])]
        verdict = excerpt.called_for(v.rule for v in violations)
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
