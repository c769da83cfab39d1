"""Variants: the same cases with something changed that should not matter, to see whether the verdict stays.

A variant names its original under ``meta.variant_of`` and the change under ``meta.variant``. Those made here change
the excerpt; data may bring others, such as paraphrases, under the same keys.
"""

import random
from collections.abc import Callable, Sequence

from data import Brief, Briefs, Case, DataError, Rulebook, suggest
from data.renaming import renamed


def variants_of(briefs: Briefs, kinds: Sequence[str]) -> list[Brief]:
    """The variants of these kinds, kind by kind; a case with fewer than two rules has none.

    Args:
        kinds: ``rule-order`` shuffles the excerpt; ``rule-ids`` gives every rule a number that says nothing.

    Raises:
        DataError: there is no such kind.
    """
    made = []
    for kind in kinds:
        if kind not in KINDS:
            raise DataError(f"no variant '{kind}'{suggest(kind, KINDS)}: choose from {', '.join(KINDS)}")
        for brief in briefs:
            case, excerpt = brief.case, brief.excerpt
            if len(excerpt.rules) > 1 and case.meta.get("variant_of") is None:
                meta = {**case.meta, "variant_of": case.id, "variant": kind}
                named = {"id": f"{case.id}~{kind}", "group": case.cluster, "twin": None, "meta": meta}
                changed = KINDS[kind](case, excerpt, random.Random(f"{kind} {case.id}"))
                variant = case.model_copy(update={**named, **changed})
                retrieved = excerpt.retrieval or excerpt.retrieved
                made.append(Brief.of(variant, briefs.book, retrieved=retrieved))
    return made


def _reordered(case: Case, excerpt: Rulebook, rng: random.Random) -> dict[str, object]:
    rules = list(excerpt.rules)
    while tuple(rules) == excerpt.rules:
        rng.shuffle(rules)
    return {"rules": rules}


def _renamed(case: Case, excerpt: Rulebook, rng: random.Random) -> dict[str, object]:
    rules, gold = renamed(case.gold, excerpt, rng)
    return {"rules": rules, "gold": gold}


KINDS: dict[str, Callable[[Case, Rulebook, random.Random], dict[str, object]]] = {
    "rule-order": _reordered,
    "rule-ids": _renamed,
}
"""How each kind changes a case."""
