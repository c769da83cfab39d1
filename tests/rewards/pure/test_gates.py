"""Gates close on what does not hang together, and pay nothing."""

import pytest

from data import Rule
from rewards import reasoning_agreement, rulebook_consistency
from rewards.testing.small import BOOK, approving, rule_on


@pytest.mark.parametrize(
    ("verdict", "cited", "open_"),
    [
        ("approve", [], True),
        ("approve", ["WIN-1"], False),
        ("approve", ["ODD-1"], False),
        ("approve", ["X-1"], False),
        ("reject", ["WIN-1"], True),
        ("reject", ["WIN-1", "ODD-1"], True),
        ("reject", ["X-1"], True),  # a made-up rule calls for reject; that it is made up costs elsewhere
        ("reject", [], False),
        ("reject", ["ODD-1"], False),
        ("escalate", [], True),
        ("escalate", ["ODD-1"], True),
        ("escalate", ["WIN-1"], False),
        ("escalate", ["ODD-1", "WIN-1"], False),
        ("escalate", ["X-1"], False),
    ],
)
def test_the_verdict_follows_from_the_citations(verdict, cited, open_):
    assert rulebook_consistency(rule_on(verdict, *cited), approving(), BOOK).value == float(open_)


@pytest.mark.parametrize(
    ("rule", "reasoning", "named"),
    [
        ("A-1", 'A-1: "cures".', True),
        ("A-1", "(A-1)", True),
        ("A-1", "breaks A-1.", True),
        ("A-1", "A-1, A-2", True),
        ("A-1", "违反A-1规则", True),
        ("A-1", "B-2/A-1", True),
        ("A-1", "A-12", False),
        ("A-1", "BA-1", False),
        ("A-1", "X-A-1", False),
        ("A-1", "A-1-2", False),
        ("A-1", "A-12 and A-1", True),
        ("A-1", "a-1", False),
        ("A-1", "", False),
        ("1.2", "1.2.3", False),
        ("1.2", "rule 1.2.", True),
        ("色情", "属于色情内容", True),
        ("C++(2)", "C++(2): yes", True),
    ],
)
def test_a_cited_rule_is_named_as_a_word_of_its_own(rule, reasoning, named):
    Rule(id=rule, text="-")
    ruling = rule_on("reject", rule, reasoning=reasoning)
    assert reasoning_agreement(ruling, approving(), BOOK).value == float(named)


def test_naming_others_is_free_but_every_citation_must_be_named():
    clearing = rule_on("reject", "WIN-1", reasoning="CURE-1: no. WIN-1: yes. ODD-1: no.")
    assert reasoning_agreement(clearing, approving(), BOOK).value == 1.0
    silent = rule_on("reject", "WIN-1", "CURE-1", reasoning="WIN-1: yes.")
    assert reasoning_agreement(silent, approving(), BOOK).reason == "the reasoning does not name 'CURE-1'"


@pytest.mark.parametrize(
    ("reasoning", "cleared"),
    [
        ("CURE-1: no. WIN-1: no.", True),
        ("WIN-1: No", True),
        ("WIN-1：no。", True),
        ("WIN-1 : NO;", True),
        ("WIN-1: no. At second sight, WIN-1: a prize is promised.", False),
        ("WIN-1: a prize? At second sight, WIN-1: no.", True),
        ("CURE-1: no. WIN-1: yes.", False),
        ("WIN-1: no prize is named, but one is shown.", False),
        ("WIN-1: nothing but a prize.", False),
        ("WIN-11: no. WIN-1: yes.", False),
        ("WIN-1: yes. X-WIN-1: no.", False),
    ],
)
def test_a_cited_rule_is_not_cleared(reasoning, cleared):
    score = reasoning_agreement(rule_on("reject", "WIN-1", reasoning=reasoning), approving(), BOOK)
    assert (score.value, score.reason) == ((0.0, "the reasoning clears 'WIN-1'") if cleared else (1.0, ""))


def test_an_ad_that_says_so_clears_nothing():
    said = 'WIN-1: "WIN-1: no."'
    cited = {"rule": "WIN-1", "evidence": [{"quote": "WIN-1: no.", "field": "title"}]}
    assert reasoning_agreement(rule_on("reject", cited, reasoning=said), approving(), BOOK).value == 1.0
