"""What a teacher is told of a case, by kind; None where nothing is known."""

from data import Brief, Case, Rule, Rulebook, Ruling
from prompts import FailureReason, ParseFailure, parse
from rewards import Component, Scorecard
from rl.training.feedback import ALL_RIGHT, MOST, findings, gold, scorecard

BOOK = Rulebook(name="book", rules=[Rule(id=id_, text=f"No {id_}.") for id_ in ("A-1", "A-2", "A-3")])
FAILURE = ParseFailure(FailureReason.NO_THINK, "it begins with 'I'")


def brief(**given) -> Brief:
    return Brief.of(Case(id="b-17", text={"title": "cures all"}, gold=given or None), BOOK)


def card(ruling: Ruling | ParseFailure, total: float | None = 0.0, **components: Component) -> Scorecard:
    return Scorecard("b-17", ruling, total, components)


def found(*lines: str) -> Scorecard:
    return card(Ruling(reasoning="\n".join(lines), verdict="approve", confidence=1))


BROKEN = {"verdict": "reject", "violations": [{"rule": "A-2", "evidence": [{"quote": "cures all", "field": "title"}]}]}


def test_gold_is_told_as_it_is_answered_and_without_reasoning() -> None:
    feedback = gold(brief(**BROKEN, reasoning="Because."), found())
    ruling = parse(f"<think></think>{feedback.text()}")
    assert isinstance(ruling, Ruling) and (ruling.verdict, ruling.reasoning) == ("reject", "")
    assert ruling.violations[0].rule == "A-2" and ruling.violations[0].evidence[0].quote == "cures all"
    assert gold(brief(verdict="reject"), found()).text() == "the right verdict is reject"
    assert gold(brief(), found()) is None and gold(brief(violations=[]), found()) is None


def test_each_reward_says_what_the_completion_earned() -> None:
    components = {
        "utility": Component("utility", -4.0, "miss", 1.0, -4.0, True),
        "evidence": Component("evidence", 0.256, "x" * 999, 0.1, 0.0, True),
        "intent": Component("intent", None, "does not apply", 0.1, 0.0, False),
    }
    feedback = scorecard(brief(), card(FAILURE, -5.0, **components))
    assert feedback.lines[:2] == ("not a ruling: no_think it begins with 'I'", "utility -4: miss")
    assert feedback.lines[2] == f"evidence 0.26: {'x' * MOST}" and len(feedback.lines) == 3
    assert scorecard(brief(), card(FAILURE, None, **components)) is None, "unscored is not told as 0"


def test_which_findings_are_wrong_is_told_and_not_what_is_right() -> None:
    said = findings(brief(**BROKEN), found("A-1: a cure -> broken", "A-2: clear"))
    assert said.lines == ("A-1: broken is wrong", "A-2: clear is wrong", "A-3: not judged is wrong")
    right = found("A-1: clear", 'A-2: "cures all" -> broken', "A-3: clear")
    assert findings(brief(**BROKEN), right).lines == (ALL_RIGHT,)
    assert findings(brief(**BROKEN), card(FAILURE)).lines == ("not a ruling: no_think it begins with 'I'",)
    assert findings(brief(verdict="reject"), right) is None and findings(brief(**BROKEN), card(FAILURE, None)) is None


def test_of_what_gold_leaves_open_nothing_is_wrong() -> None:
    either = {"verdict": "reject", "violations": [{"rule": "A-1", "or": ["A-2"]}]}
    first, second, none = (
        findings(brief(**either), found(f"A-1: {one}", f"A-2: {two}", "A-3: clear")).lines
        for one, two in (("x -> broken", "clear"), ("clear", "x -> broken"), ("clear", "clear"))
    )
    assert first == second == (ALL_RIGHT,) and none == ("A-1: clear is wrong",)
    some = {"verdict": "reject", "violations": [{"rule": "A-1"}], "exhaustive": False, "not": ["A-3"]}
    said = findings(brief(**some), found("A-1: x -> broken", "A-2: x -> broken", "A-3: x -> broken")).lines
    assert said == ("A-3: broken is wrong",)
    unsure = findings(brief(verdict="escalate", violations=[], unclear=["A-2"]), found("A-1: clear", "A-2: clear"))
    assert unsure.lines == ("A-2: clear is wrong", "A-3: not judged is wrong")
