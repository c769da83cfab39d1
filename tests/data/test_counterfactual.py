"""A counterfactual turns one finding round, in due form, and the same one every time."""

import pytest

from data import Case, Ruling
from data.counterfactual import Counterfactual
from data.finding import findings_in

CASE = Case(id="b-17", text={"title": 'Say "yes" to bread, and to all that goes with it, today', "body": "It cures."})


def turned(reasoning: str, case: Case = CASE) -> Counterfactual | None:
    return Counterfactual.of(Ruling(reasoning=reasoning, verdict="approve", confidence=1), case)


def test_of_several_broken_rules_one_is_clear_and_what_is_seen_stays() -> None:
    said = "Two things.\nA-1: a cure -> broken\nA-2: clear\nA-3: a gun -> broken\n"
    found = {turned(said, Case(id=str(n))).reasoning for n in range(20)}
    assert found == {
        said.replace("a cure -> broken", "a cure -> clear"),
        said.replace("a gun -> broken", "a gun -> clear"),
    }
    assert turned(said) == turned(said)


def test_where_none_is_broken_a_clear_one_is_and_the_unclear_stay() -> None:
    said = "A-1: blurred -> unclear\nA-2: 30 % off, within -> clear\n"
    assert turned(said).reasoning == said.replace("clear\n", "broken\n").replace("unbroken", "unclear")
    assert (turned(said).finding.rule, turned(said).finding.outcome) == ("A-2", "broken")


@pytest.mark.parametrize(
    ("case", "seen"),
    [
        (CASE, '"Say"'),
        (Case(id="1", text={"title": " ", "body": "One two three\nfour five six seven eight nine"}),
         '"One two three four five six seven eight"'),
        (Case(id="1", text={"title": '"', "body": "Hm"}), '"Hm"'),
        (Case(id="1", images=["a.png"]), "image 0"),
        (Case(id="1", frames=[{"path": "a.png", "time": 1}]), "frame 0"),
    ],
)  # fmt: skip
def test_no_rule_is_broken_by_nothing(case: Case, seen: str) -> None:
    found = turned("A-1: clear", case)
    assert found.reasoning == f"A-1: {seen} -> broken" and findings_in(found.reasoning) == (found.finding,)


@pytest.mark.parametrize("said", ["", "It is fine.", "A-1: blurred -> unclear"])
def test_where_there_is_nothing_to_turn_there_is_none(said: str) -> None:
    assert turned(said) is None
