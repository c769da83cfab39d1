"""Findings are read to the letter, and one can be put in the place of another."""

from hypothesis import given
from hypothesis import strategies as st

from data import OUTCOMES, Finding
from data.finding import findings_in, lines, with_finding

SEEN = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=20)
FINDINGS = st.lists(
    st.builds(
        Finding, st.from_regex(r"[A-Z]{1,4}-[0-9]", fullmatch=True), st.sampled_from(OUTCOMES), SEEN | st.just("")
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda finding: finding.rule,
)


@given(FINDINGS, st.data())
def test_one_finding_is_replaced_and_nothing_else(found: list[Finding], data: st.DataObject) -> None:
    prose = "It is clear that A-1: broken is no finding.\n\n  A-1: clear\n"
    reasoning, place = prose + lines(found), data.draw(st.integers(0, len(found) - 1))
    other = Finding(found[place].rule, data.draw(st.sampled_from(OUTCOMES)), data.draw(SEEN))
    changed = with_finding(reasoning, other)
    assert changed.startswith(prose)
    assert list(findings_in(changed)) == [*found[:place], other, *found[place + 1 :]]
    assert with_finding(changed, found[place]) == reasoning


def test_a_rule_that_has_no_finding_gets_none() -> None:
    assert with_finding("A-1: clear\n", Finding("B-1", "broken", "a gun")) == "A-1: clear\n"


def test_what_is_seen_is_never_taken_for_a_pattern() -> None:
    assert with_finding("A-1: clear", Finding("A-1", "broken", r"\1 \g<0>")) == r"A-1: \1 \g<0> -> broken"
