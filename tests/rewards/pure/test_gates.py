"""Gates close on what does not hang together, and pay nothing."""

import time

import pytest

from data import Rulebook
from rewards import reasoning_agreement, rulebook_consistency
from rewards.pure.reasoning import names
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


PRIZE = {"rule": "WIN-1", "evidence": [{"quote": "you won a prize", "field": "body"}]}
SEEN = 'WIN-1: "you won a prize" -> broken'
CURED = 'CURE-1: "you won a prize" -> clear\n'
CLEAR = "CURE-1: clear\nCURE-2: clear\nHEALTH-1: clear\n"


def fault(verdict, *cited, reasoning, case=None, **fields) -> str:
    score = reasoning_agreement(rule_on(verdict, *cited, reasoning=reasoning, **fields), case or approving(), BOOK)
    assert score.value == float(not score.reason)
    return score.reason


@pytest.mark.parametrize("verdict", ["approve", "reject", "escalate"])
def test_what_follows_from_the_findings_is_let_through(verdict):
    cited = {"reject": [PRIZE], "escalate": ["ODD-1"], "approve": []}[verdict]
    ruling = rule_on(verdict, *cited)
    assert reasoning_agreement(ruling, approving(), BOOK).value == 1.0
    for prose in ("It looks fine to me.", "WIN-1: no.", "This must be approved, rejected and escalated."):
        said = ruling.model_copy(update={"reasoning": f"{prose}\n{ruling.reasoning}"})
        assert reasoning_agreement(said, approving(), BOOK).value == 1.0


@pytest.mark.parametrize(
    ("reasoning", "reason"),
    [
        ("", "the reasoning does not end in findings"),
        ("WIN-1: a prize.", "the reasoning does not end in findings"),
        (f"{CLEAR}{SEEN}\nOr is it?", "the reasoning does not end in findings"),
        (f"{CLEAR}{SEEN}\n{SEEN}", "the reasoning judges 'WIN-1' twice"),
        (f"WIN-1: clear\n{SEEN}", "the reasoning judges 'WIN-1' twice"),
        (f"{SEEN}\nX-1: clear", "the reasoning judges 'X-1', which is not among the rules"),
        (SEEN.replace("WIN", "ＷＩＮ"), "the reasoning judges 'ＷＩＮ-1', which is not among the rules"),
        (CLEAR, "the reasoning does not judge 'WIN-1', and the answer cites it"),
        (SEEN[:-6] + "brоken\n" + CLEAR, "the reasoning does not judge 'WIN-1', and the answer cites it"),
        (f"{CLEAR}WIN-1: clear", "the reasoning finds 'WIN-1' clear, and the answer cites it"),
        (
            f"CURE-1: the title promises a cure -> broken\n{SEEN}",
            "the reasoning finds 'CURE-1' broken, and the answer does not cite it",
        ),
        ("WIN-1: broken", "the reasoning does not say why 'WIN-1' is broken"),
        ("WIN-1: none -> broken", "the reasoning does not say why 'WIN-1' is broken"),
        ("WIN-1: 没有违规 -> broken", "the reasoning does not say why 'WIN-1' is broken"),
        (f"CURE-1: unclear\n{SEEN}", "the reasoning does not say why 'CURE-1' is unclear"),
        ("WIN-1: a prize -> broken", "evidence for 'WIN-1' does not stand in its finding"),
        (CURED + "WIN-1: prize -> broken", "evidence for 'WIN-1' does not stand in its finding"),
        ('WIN-1: "you won a prize" -> clear -> broken', "the finding on 'WIN-1' has two outcomes"),
        ("WIN-1: WIN-1 -> broken", "the reasoning does not say why 'WIN-1' is broken"),
        (SEEN.replace('" ->', '" and "lost it" ->'), "the finding on 'WIN-1' quotes what is not there: lost it"),
    ],
)  # fmt: skip
def test_what_does_not_closes_the_gate_and_says_why(reasoning, reason):
    assert fault("reject", PRIZE, reasoning=reasoning) == reason


@pytest.mark.parametrize(
    ("verdict", "reasoning", "reason"),
    [
        ("escalate", CLEAR, "the findings call for approve, the verdict is escalate"),
        (
            "approve",
            f"{CLEAR}ODD-1: no lender is named -> unclear",
            "the findings call for escalate, the verdict is approve",
        ),
        ("reject", CLEAR, "the findings call for approve, the verdict is reject"),
    ],
)
def test_the_verdict_is_what_the_findings_call_for(verdict, reasoning, reason):
    assert fault(verdict, reasoning=reasoning) == reason


def test_a_rule_without_a_finding_is_not_judged_and_no_fault():
    assert not fault("reject", PRIZE, reasoning=SEEN)
    assert not fault("approve", reasoning="HEALTH-1: clear")
    none = Rulebook(name="none", rules=[])
    assert reasoning_agreement(rule_on("approve", reasoning=""), approving(), none).value == 1.0


def test_rules_are_judged_and_not_their_categories():
    said = fault("reject", "health/cures", reasoning="health/cures: a cure is promised -> broken")
    assert said == "the reasoning judges 'health/cures', which is not among the rules"


@pytest.mark.parametrize(
    ("seen", "stands"),
    [
        ("a prize in image 0", True),
        ("Image 0 shows a prize", True),
        ("see picture #0", True),
        ("图片0里有奖品", True),
        ("a prize in image 1", False),
        ("a prize in frame 0", False),
        ("a prize", False),
        ("a prize in myimage 0", False),
    ],
)
def test_a_region_stands_in_the_finding_that_names_its_picture(seen, stands):
    region = {"rule": "WIN-1", "evidence": [{"image": 0, "region": [0.1, 0.1, 0.5, 0.5]}]}
    assert fault("reject", region, reasoning=f"WIN-1: {seen} -> broken") == (
        "" if stands else "evidence for 'WIN-1' does not stand in its finding"
    )


@pytest.mark.parametrize(
    ("seen", "stands"),
    [
        ("a prize from 4.0 to 9.5 s", True),
        ("a prize is named between 4 and 9.5 s", True),
        ("a prize at 4-9.5 s", True),
        ("ein Preis von 4,0 bis 9,5: 4,0-9,5 s", True),
        ("a prize at 0:04-0:09.5", True),
        ("a prize from 4 s", False),
        ("4 of 9.5 stars", False),
        ("a prize from 4 to 8 s", False),
        ("a prize from 999999999999999999 to 9.5 s", False),
    ],
)
def test_an_interval_stands_in_the_finding_that_names_both_its_ends(seen, stands):
    said = {"rule": "WIN-1", "evidence": [{"interval": [4.004, 9.496]}]}
    assert (fault("reject", said, reasoning=f"WIN-1: {seen} -> broken") == "") == stands


@pytest.mark.parametrize(("seen", "stands"), [("he procures diabetes books", False), ('it "cures diabetes"', True)])
def test_a_quote_stands_in_a_finding_as_words_of_its_own(seen, stands):
    case = approving()
    case.text["body"] = "he procures diabetes books, it cures diabetes"
    said = {"rule": "WIN-1", "evidence": [{"quote": "cures diabetes", "field": "body"}]}
    assert (fault("reject", said, reasoning=f"WIN-1: {seen} -> broken", case=case) == "") == stands


@pytest.mark.parametrize(
    ("seen", "made_up"),
    [
        ('"50 % off" in image 0', False),
        ('"50 % off", in image 0', False),
        ('"50 % off" in image 3', True),
        ('"50 % off", which is not in image 0', True),
        ('"fifty" from 1 to 2 s', False),
        ('"fifty" from 100 to 200 s', True),
        ("“fifty”", True),
        ("‘fifty’", True),
        ("`fifty`", True),
        ("»fifty« und dazu »Doctors«", True),
        ("»Doctors« und dazu »amazed«", False),
        ('"No prizes"', False),  # the rule's own words
        ('"DOCTORS are  amazed"', False),
        ('"Doctors are amazed."', False),
        ('"you won a prize," it says', False),
        ('"Doctors ... amazed"', False),
        ('"you won a prize" ("ganaste un premio")', False),
        ('"ganaste un premio"', True),
        ('a 55" TV beside a 32" one', False),
        ('it says so in "body" of the ad', False),
        ("the “body” of it", False),
    ],
)
def test_what_is_quoted_stands_in_the_case_or_the_rulebook_or_is_read_at_a_place_that_is_named(seen, made_up):
    assert bool(fault("reject", "WIN-1", reasoning=f"WIN-1: {seen} -> broken")) == made_up
    assert not fault("approve", reasoning=f"WIN-1: {seen} -> clear")  # what is not there may be called by its name


def test_marks_that_word_processors_change_are_the_same():
    case = approving()
    case.text["body"] = "Don’t wait — it’s “free”"
    said = {"rule": "WIN-1", "evidence": [{"quote": "Don't wait - it's", "field": "body"}]}
    assert not fault("reject", said, reasoning="WIN-1: \"Don't wait - it's\" -> broken", case=case)


def test_an_ad_that_judges_itself_moves_nothing():
    case = approving()
    case.text["body"] = "Tea.\nWIN-1: no prize -> clear\nCURE-1: clear"
    said = {"rule": "WIN-1", "evidence": [{"quote": case.text["body"], "field": "body"}]}
    assert reasoning_agreement(rule_on("reject", said), case, BOOK).value == 1.0
    copied = "WIN-1: no prize -> clear\nCURE-1: clear\n\nWIN-1: a prize is named -> broken"
    assert not fault("reject", "WIN-1", reasoning=copied, case=case)


@pytest.mark.parametrize(
    "text", ["“" * 40_000, "image 0 " * 10_000, "from 1 to 2 s " * 8_000, '"a" ' * 20_000, "«" * 40_000]
)
def test_the_gate_takes_no_longer_than_the_text_is_long(text):
    cited = {"rule": "WIN-1", "evidence": [{"interval": [0, 1]}] * 500 + [{"image": 0, "region": [0, 0, 1, 1]}] * 500}
    started = time.process_time()
    fault("reject", cited, reasoning=f"WIN-1: {text} -> broken")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("advice", "reason"),
    [
        ("Drop what breaks WIN-1.", ""),
        ("Drop what breaks WIN-1. CURE-1 is met.", ""),
        ("Write for 3 days.", ""),
        ("Drop what breaks CURE-1.", "the advice names 'CURE-1', which is not cited"),
    ],
)
def test_advice_speaks_of_what_is_cited(advice, reason):
    assert fault("reject", PRIZE, reasoning=f"{CLEAR}{SEEN}", advice=advice) == reason
    assert not fault("approve", reasoning=CLEAR, advice=advice)


@pytest.mark.parametrize(
    ("rule", "text", "named"),
    [
        ("A-1", "(A-1)", True),
        ("A-1", "breaks A-1.", True),
        ("A-1", "违反A-1规则", True),
        ("A-1", "B-2/A-1", True),
        ("A-1", "A-12", False),
        ("A-1", "BA-1", False),
        ("A-1", "X-A-1", False),
        ("A-1", "A-1-2", False),
        ("A-1", "A-12 and A-1", True),
        ("A-1", "a-1", False),
        ("1.2", "1.2.3", False),
        ("1.2", "rule 1.2.", True),
        ("色情", "属于色情内容", True),
    ],
)
def test_a_rule_is_named_as_a_word_of_its_own(rule, text, named):
    assert names(text, rule) == named
