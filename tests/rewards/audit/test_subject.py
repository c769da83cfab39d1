"""What the audit takes for gold, for an honest error, and for blind."""

import pytest

from data import Brief, Briefs, DataError, Rule, Rulebook
from prompts import parse, write
from rewards.audit import decide
from rewards.audit.subject import prepare
from rewards.testing.small import BOOK, CASES, TEXT, approving, make_case, rejecting


def subject(case, book=BOOK):
    others = [approving().model_copy(update={"id": "a"}), rejecting().model_copy(update={"id": "r"})]
    return prepare(Briefs.bind([case, *others], book))[0]


def test_a_blind_view_has_no_gold():
    case = rejecting()
    case.teacher = decide(BOOK, "approve")
    view = subject(case).view
    assert view.case.gold is None and view.case.teacher is None and view.case.text == TEXT
    assert view.prompt.count("CURE-1") == 1 and "diabetes" in view.prompt


def test_the_opposite_cites_a_rule_or_nothing():
    assert [w.verdict for w in subject(rejecting()).wrong] == ["approve"]
    (wrong,) = subject(approving()).wrong
    assert wrong.verdict == "reject" and BOOK[wrong.violations[0].rule].verdict == "reject"
    assert [w.verdict for w in subject(CASES["escalate"]()).wrong] == ["approve", "reject"]


def test_what_gold_accepts_is_not_wrong():
    case = make_case(verdict="reject", accept=["approve"], violations=[{"rule": "WIN-1"}])
    assert [w.verdict for w in subject(case).wrong] == ["escalate"]


def test_where_no_rule_calls_for_reject_the_opposite_is_to_escalate():
    book = Rulebook(name="odd", rules=[Rule(id="ODD-1", text="Ask.", verdict="escalate"), *BOOK.rules[:1]])
    case = approving()
    case.rules = ["ODD-1"]
    both = [case, make_case(verdict="reject", violations=[{"rule": "CURE-1"}]).model_copy(update={"id": "r"})]
    assert [w.verdict for w in prepare(Briefs.bind(both, book))[0].wrong] == ["escalate"]


def test_gold_fills_in_what_is_not_annotated():
    (rule,) = subject(make_case(verdict="reject")).right.violations
    assert BOOK[rule.rule].verdict == "reject"
    (shown,) = subject(make_case(verdict="reject", violations=[{"rule": "WIN-1"}])).right.violations
    assert shown.evidence[0].quote == TEXT["title"]
    (bare,) = subject(make_case(verdict="reject", violations=[{"rule": "WIN-1", "evidence": []}])).right.violations
    assert bare.evidence == []


def test_foreign_words_stand_in_another_case_only():
    other = approving().model_copy(update={"id": "b", "text": {"title": "A game about ships"}})
    first, *_ = prepare(Briefs.bind([rejecting(), other], BOOK))
    assert first.elsewhere in ("A game about ships", "words that stand nowhere in the case")
    assert not any(first.elsewhere in text for text in first.case.fields.values())


def test_all_chance_comes_from_the_seed():
    briefs = Briefs.bind([approving(), rejecting().model_copy(update={"id": "r"})], BOOK)
    assert prepare(briefs, seed=3) == prepare(briefs, seed=3)
    rules = {prepare(briefs, seed=seed)[0].view.rule for seed in range(20)}
    assert len(rules) > 1


def test_every_ruling_survives_being_written():
    for name in CASES:
        one = subject(CASES[name]())
        assert all(parse(write(ruling)) == ruling for ruling in (one.right, *one.wrong))


@pytest.mark.parametrize("cases", [[], [approving()], [rejecting()], [make_case(), approving()]])
def test_one_kind_of_verdict_is_not_enough(cases):
    with pytest.raises(DataError, match="needs cases that gold approves and cases that it rejects"):
        prepare([Brief.of(case, BOOK) for case in cases])
