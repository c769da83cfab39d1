"""The findings that an answer follows from."""

from data import Finding, Interval, Quote, Region, Violation
from data.finding import findings_in
from prompts import reason
from rewards.testing.small import BOOK


def test_one_finding_a_rule_in_the_order_of_the_excerpt():
    excerpt = BOOK.excerpt(["WIN-1", "CURE-1", "ODD-1"])
    found = findings_in(reason([Violation(rule="CURE-1")], excerpt, ["ODD-1"]))
    assert [(finding.rule, finding.outcome) for finding in found] == [
        ("WIN-1", "clear"), ("CURE-1", "broken"), ("ODD-1", "unclear"),
    ]  # fmt: skip
    assert found[1].seen == "No cures."  # where nothing is shown, what the rule is about


def test_evidence_of_every_kind_is_said_in_its_finding():
    shown = [
        Quote(quote="cures\n all", field="body"),
        Region(image=0, region=(0, 0, 1, 1)),
        Region(frame=2, region=(0, 0, 1, 1)),
        Interval(interval=(1.5, 3)),
    ]
    said = Violation(rule="CURE-1", evidence=shown[:1]), Violation(rule="CURE-1", evidence=shown[1:])
    found = findings_in(reason(said, BOOK))
    assert found[0] == Finding("CURE-1", "broken", '"cures all", in image 0, in frame 2, from 1.5 to 3 s')
    assert len(found) == len(BOOK)


def test_what_is_broken_is_not_unclear_and_what_is_made_up_comes_last():
    found = findings_in(reason([Violation(rule="CURE-1"), Violation(rule="X-1")], BOOK, ["CURE-1"]))
    assert found[0].outcome == "broken" and found[-1] == Finding("X-1", "broken", "it is seen in the case")
