"""The cases that `scoring.py` times rewards on. Whether completions are alike is for whoever makes the claims."""

from data import Case, Category, Rule, Rulebook

FOLD = 8
"""Completions to a case."""
RULES_IN_EXCERPT = 6
CLAIMS = 30


def make_book(count: int) -> Rulebook:
    categories = [Category(id="health"), *(Category(id=f"health/{i}", parent="health") for i in range(5))]
    rules = [Rule(id=f"HEALTH-{i}", text=f"No claim of kind {i}.", category=f"health/{i % 5}") for i in range(count)]
    return Rulebook(name="bench", categories=categories, rules=rules, intents=("supplement", "game"))


def make_case(i: int, claim: int | None = None) -> Case:
    """The case of a number, with one of `CLAIMS` if none is given; what is said of a claim is said alike."""
    claimed = f"cures diabetes in {(i % CLAIMS if claim is None else claim) + 2} days"
    evidence = [{"quote": claimed, "field": "title"}]
    return Case(
        id=f"bench-{i}",
        lang="en",
        text={"title": f"Tea number {i} {claimed}", "body": "Order it now and tell your friends about it. " * 8},
        rules=[f"HEALTH-{j}" for j in range(RULES_IN_EXCERPT)],
        gold={
            "verdict": "reject",
            "violations": [{"rule": "HEALTH-1", "evidence": evidence}],
            "intent": "supplement",
            "advice": "Leave out the promise of a cure.",
        },
    )
