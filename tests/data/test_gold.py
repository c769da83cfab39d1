"""Gold under an excerpt: which rule a violation is of, and which of several is the gravest."""

import pytest

from data import Gold, Rule, Rulebook

BOOK = Rulebook(
    name="b",
    rules=[
        Rule(id="A-1", text="No guns.", severity="low", category="arms"),
        Rule(id="A-2", text="No knives.", severity="critical", category="blades"),
        Rule(id="A-3", text="No swords.", severity="critical", category="antiques"),
    ],
)


def gold(*violations: str) -> Gold:
    """Rejects; each violation names the rules it may be cited by: ``A-1 or A-2``."""
    named = [violation.split(" or ") for violation in violations]
    return Gold.model_validate(
        {"verdict": "reject", "violations": [{"rule": first, "or": others} for first, *others in named]}
    )


@pytest.mark.parametrize(
    ("violations", "excerpt", "broken", "gravest"),
    [
        (["A-1 or A-2"], ["A-1", "A-2"], ["A-1"], "A-1"),  # an alternative may be cited, but is not what is broken
        (["A-1 or A-2"], ["A-2"], ["A-2"], "A-2"),
        (["A-1 or A-2"], ["A-3"], [], None),
        (["A-1", "A-3", "A-2"], ["A-2", "A-3", "A-1"], ["A-1", "A-3", "A-2"], "A-3"),  # the first of equals, in gold
        (["A-1", "GONE-1"], ["A-1"], ["A-1"], "A-1"),
        ([], ["A-1"], [], None),
    ],
)
def test_a_violation_is_of_the_first_accepted_rule_that_the_excerpt_has(
    violations: list[str], excerpt: list[str], broken: list[str], gravest: str | None
) -> None:
    shown = BOOK.excerpt(excerpt)
    assert [rule.id for rule in gold(*violations).broken_in(shown)] == broken
    worst = gold(*violations).gravest(shown)
    assert (worst and worst.id) == gravest


def test_what_is_not_annotated_has_no_gravest_rule() -> None:
    assert Gold(verdict="reject").gravest(BOOK) is None
