"""Gold follows from how the ad was made and from the excerpt shown: each mechanism by hand."""

import pytest

from data import Quote, Region
from data.billboard.ads import Ad
from data.billboard.judge import find, judge
from data.billboard.layouts import Layout
from data.billboard.variants import Variant

LAYOUT = Layout(headline_on_top=True, x=0.1, y=0.2, badge_left=True, palette=0)


def ad(**facts) -> Ad:
    return Ad("a", "claim", "", "drink", "Belmora tea", LAYOUT, **({"shown": "cup"} | facts))


@pytest.mark.parametrize(
    ("facts", "variant", "outcome", "seen"),
    [
        ({"claims": {"RICH-1": "get rich quick"}}, Variant("RICH-1"), "broken", '"get rich quick"'),
        ({"claims": {"RICH-1": "get rich quick"}}, Variant("CURE-1"), "clear", ""),
        ({"quoted": {"RICH-1": "get rich quick"}}, Variant("RICH-1"), "clear", '"get rich quick", quoted'),
        ({"shown": "gun"}, Variant("GUN-1"), "broken", "gun in image 0"),
        ({"shown": "gun", "covered": True}, Variant("GUN-1"), "unclear", "covered"),
        ({"shown": "bottle", "notices": {"ALC-1"}}, Variant("ALC-1"), "clear", "bottle in image 0, exception met"),
        (
            {"shown": "bottle", "notices": {"ALC-1"}},
            Variant("ALC-1", excepted=False),
            "broken",
            "bottle in image 0, no exception",
        ),
        ({"shown": "bottle"}, Variant("ALC-1"), "broken", "bottle in image 0, exception not met"),
        ({"shown": "dice", "badge": "18+"}, Variant("BET-1"), "clear", "dice in image 0, exception met"),
        ({"numbers": {"SALE-1": [70]}}, Variant("SALE-1"), "broken", '"70 % off", limit 50, above'),
        ({"numbers": {"SALE-1": [70]}}, Variant("SALE-1", threshold=70), "clear", '"70 % off", limit 70, within'),
        ({"numbers": {"SALE-1": [None]}}, Variant("SALE-1"), "unclear", '"■■ % off", limit 50'),
        (
            {"numbers": {"SALE-1": [70, 30]}},
            Variant("SALE-1"),
            "unclear",
            '"70 % off" and "30 % off", limit 50',
        ),
        (
            {"numbers": {"SALE-1": [90, 70]}},
            Variant("SALE-1"),
            "broken",
            '"90 % off" and "70 % off", limit 50, above',
        ),
        ({"claims": {"KIDS-1": "kids love it"}}, Variant("KIDS-1"), "clear", '"kids love it" alone'),
        (
            {"claims": {"KIDS-1": "kids love it"}, "shown": "dice"},
            Variant("KIDS-1"),
            "broken",
            '"kids love it" with dice',
        ),
        (
            {"claims": {"SEAL-1": "award winner"}, "badge": "seal"},
            Variant("SEAL-1"),
            "broken",
            '"award winner" with seal',
        ),
    ],
)
def test_finding(facts, variant, outcome, seen):
    finding = find(ad(**facts), variant)
    assert (finding.outcome, finding.seen) == (outcome, seen)
    assert bool(finding.evidence) == (outcome != "clear")


def test_gold_goes_rule_by_rule_and_gives_evidence():
    made = ad(claims={"RICH-1": "get rich quick"}, shown="gun", sentences=["get rich quick."])
    gold = judge(made, [Variant("GUN-1"), Variant("CURE-1"), Variant("RICH-1")])
    assert gold.verdict == "reject" and gold.violations is not None
    assert [violation.rule for violation in gold.violations] == ["GUN-1", "RICH-1"]
    assert gold.violations[0].evidence == [Region(image=0, region=(0.1, 0.2, 0.5, 0.6))]
    assert gold.violations[1].evidence == [Quote(quote="get rich quick", field="body")]
    assert gold.reasoning == (
        'picture: gun\nGUN-1: gun in image 0 -> broken\nCURE-1: clear\nRICH-1: "get rich quick" -> broken\n'
    )


def test_a_violation_outweighs_an_unclear_fact():
    made = ad(claims={"RICH-1": "get rich quick"}, numbers={"SALE-1": [None]})
    assert judge(made, [Variant("SALE-1"), Variant("RICH-1")]).verdict == "reject"
    alone = judge(made, [Variant("SALE-1"), Variant("CURE-1")])
    assert (alone.verdict, alone.unclear, alone.violations) == ("escalate", ["SALE-1"], [])
    assert judge(made, [Variant("CURE-1")]).verdict == "approve"


def test_a_rule_that_calls_for_escalation():
    made = ad(claims={"VOTE-1": "stop the mayor"})
    gold = judge(made, [Variant("VOTE-1")])
    assert gold.verdict == "escalate" and gold.violations and not gold.unclear


def test_a_variant_shows_its_own_wording():
    assert Variant("SALE-1").ref == "SALE-1"
    moved = Variant("SALE-1", threshold=60).rule
    assert moved.id == "SALE-1" and "60 %" in moved.title and "60 %" in moved.text and "40 %" not in moved.text
    assert Variant("ALC-1", excepted=False).rule.exceptions == ()
    renamed = Variant("SALE-1", id="R-7", reworded=True, threshold=20)
    assert renamed.rule.id == "R-7" and renamed.rule.text == "Prices may not be said to fall by more than 20 %."
    assert judge(ad(numbers={"SALE-1": [30]}), [renamed]).violations[0].rule == "R-7"  # type: ignore[index]
