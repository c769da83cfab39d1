"""Findings: a closed form, read to the letter."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import OUTCOMES, Finding, Ruling
from data.finding import findings_in, lines, prose_of, with_finding
from rewards.testing.hostile import HOSTILE

IDS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1).filter(lambda text: not text.isspace())
WORDS = st.text() | st.sampled_from(HOSTILE)


@given(st.lists(st.builds(Finding, IDS, st.sampled_from(OUTCOMES), WORDS)), st.sampled_from(["", "It is late.\n\n"]))
def test_what_is_written_is_read_back(findings, prose):
    written = prose + lines(findings)
    plain = [Finding(f.rule, f.outcome, " ".join(f.seen.split())) for f in findings]
    assert list(findings_in(written)) == plain
    assert prose_of(written) == prose.strip()


@pytest.mark.parametrize(
    "line",
    [
        "A-1",
        "A-1:",
        "A-1:x",
        "A-1: no.",
        "A-1: yes -> no",
        "A-1:clear",
        "A-1 : clear",
        "A-1: clear.",
        "A-1: Clear",
        "A-1: -> broken",
        " A-1: clear",
        "- A-1: clear",
        "A-1：clear",
        "A-1: cleаr",  # a Cyrillic а
        "A-1: ｃｌｅａｒ",
        "A-1: seen → broken",
        "A-1: seen->broken",
        "A-1: not clear",
        "the rule A-1: clear",
        "A-1: clear A-2: clear",
    ],
)
def test_anything_else_is_prose(line):
    assert findings_in(line) == () and prose_of(line) == line.strip()


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("A-1: clear", Finding("A-1", "clear")),
        ("a:b:1: unclear", Finding("a:b:1", "unclear")),
        ("A-1: clear \t", Finding("A-1", "clear")),
        ('A-1: "x -> clear" -> broken', Finding("A-1", "broken", '"x -> clear"')),
        ("A-1: x -> clear -> broken", Finding("A-1", "broken", "x -> clear")),
        ("规则1: 承诺治愈 -> broken", Finding("规则1", "broken", "承诺治愈")),
    ],
)
def test_the_last_outcome_of_a_line_is_its_outcome(line, finding):
    assert findings_in(f"prose\n{line}\n\n") == findings_in(f"prose\r\n{line}\r\n") == (finding,)


@pytest.mark.parametrize("between", ["Or not?", "", "- A-1: clear", "A-1：clear", "A-1: clear\xa0", "\u3000"])
def test_only_the_last_lines_count(between):
    assert findings_in(f"A-1: x -> broken\n{between}\nA-2: clear\nA-3: clear\n") == (
        Finding("A-2", "clear"),
        Finding("A-3", "clear"),
    )
    assert findings_in(f"A-1: clear\n{between}" if between else "A-1: clear\nso") == ()


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_a_reader_sees_as_two_lines_is_two_lines(end):
    assert [finding.outcome for finding in findings_in(f"A-1: clear{end}A-1: x -> broken")] == ["clear", "broken"]


def test_a_ruling_knows_its_findings():
    ruling = Ruling(reasoning="A-1: clear", verdict="approve", confidence=1)
    assert ruling.findings == (Finding("A-1", "clear"),)
    assert ruling.model_copy(update={"reasoning": "A-2: x -> broken"}).findings[0].rule == "A-2"


@pytest.mark.parametrize(
    "text", ["a:" * 50_000, "A-1: " + "-> " * 50_000, "A-1: x -> broke\n" * 20_000, "A-1:" + " " * 10**5]
)
def test_reading_takes_no_longer_than_the_text_is_long(text):
    started = time.process_time()
    findings_in(text)
    assert time.process_time() - started < 2


PLAIN = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=20)
FINDINGS = st.lists(
    st.builds(
        Finding, st.from_regex(r"[A-Z]{1,4}-[0-9]", fullmatch=True), st.sampled_from(OUTCOMES), PLAIN | st.just("")
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda finding: finding.rule,
)


@given(FINDINGS, st.data())
def test_one_finding_is_replaced_and_nothing_else(found, data):
    prose = "A-1: clear\nIt is clear that A-1: broken is no finding.\n\n  A-1: clear\n"
    reasoning, place = prose + lines(found), data.draw(st.integers(0, len(found) - 1))
    other = Finding(found[place].rule, data.draw(st.sampled_from(OUTCOMES)), data.draw(PLAIN))
    changed = with_finding(reasoning, other)
    assert changed.startswith(prose)
    assert list(findings_in(changed)) == [*found[:place], other, *found[place + 1 :]]
    assert with_finding(changed, found[place]) == reasoning


def test_a_rule_that_has_no_finding_gets_none():
    assert with_finding("A-1: clear\n", Finding("B-1", "broken", "a gun")) == "A-1: clear\n"


def test_what_is_seen_is_never_taken_for_a_pattern():
    assert with_finding("A-1: clear", Finding("A-1", "broken", r"\1 \g<0>")) == r"A-1: \1 \g<0> -> broken"
