"""Renaming: an excerpt whose rules go by numbers that say nothing, and gold that follows."""

import random
from collections.abc import Sequence

from data.gold import Gold
from data.rulebook import Rule, Rulebook


def renamed(gold: Gold | None, excerpt: Rulebook, rng: random.Random) -> tuple[list[Rule], Gold | None]:
    """The rules of an excerpt under other ids, and the gold of a case that is judged by it; its worked reasoning names
    the old ones and goes."""
    numbers = rng.sample(range(1, max(100, 2 * len(excerpt.rules))), len(excerpt.rules))
    names = {rule.id: f"R-{number}" for rule, number in zip(excerpt.rules, numbers, strict=True)}
    return [rule.model_copy(update={"id": names[rule.id]}) for rule in excerpt.rules], _under(gold, names)


def _under(gold: Gold | None, names: dict[str, str]) -> Gold | None:
    if gold is None:
        return None

    def new(ids: Sequence[str]) -> list[str]:
        return [names.get(id_, id_) for id_ in ids]

    violations = gold.violations and [
        violation.model_copy(update={"rule": new([violation.rule])[0], "alternatives": new(violation.alternatives)})
        for violation in gold.violations
    ]
    changed = {"violations": violations, "cleared": new(gold.cleared), "unclear": new(gold.unclear), "reasoning": None}
    return gold.model_copy(update=changed)
