"""Entries: what filters and orders know of a case."""

from typing import Any

from data import Brief, Case, Rule, Rulebook, Ruling, Violation
from prompts import Episode, write
from rl.evaluation import Prediction
from rl.evaluation.page.confusion import category_confusion
from rl.evaluation.page.entry import disagreement, entry, falsely_cited, missed
from rl.evaluation.page.records import Shown

from ..conftest import predicted

BOOK = Rulebook(
    name="two",
    rules=(
        Rule(id="CURE-1", text="No cures.", severity="high", category="health"),
        Rule(id="GUN-1", text="No guns.", severity="low"),
    ),
)


def shown(case: Case, *completions: str) -> Shown:
    row = [Prediction.read(Episode.plain(case.id, text), Brief(case, BOOK)) for text in completions]
    return Shown("test", case, BOOK, row, [[prediction] for prediction in row])


def ruling(*rules: str, verdict: Any = "reject", reasoning: str = "So it is.") -> str:
    cited = [Violation(rule=rule) for rule in rules]
    return write(Ruling(reasoning=reasoning, violations=cited, verdict=verdict, confidence=0.8))


def read(completion: str, **gold: Any) -> Prediction:
    case = Case.model_validate({"id": "a", "gold": {"verdict": "reject", **gold}})
    return Prediction.read(Episode.plain("a", completion), Brief(case, BOOK))


def test_an_entry_knows_what_filters_and_orders_ask_for() -> None:
    case = Case.model_validate({"id": "a", "text": {"b": "x" * 500}, "gold": {"verdict": "approve", "violations": []}})
    clear = ruling(verdict="approve", reasoning="CURE-1: clear\nGUN-1: clear")
    of_it = shown(case, clear, ruling("GUN-1", "CURE-1", "MADE-UP"), "gibberish")
    confusions = [category_confusion([p], {"a": {"CURE-1": "health", "GUN-1": None}}) for p in of_it.row]
    found = entry(of_it, suspect="all say reject", confusions=[c for c in confusions if c])
    assert len(found.pop("text")) == 160
    assert found == {
        "id": "a", "split": "test", "gold": "approve", "outcomes": ["right", "false flag", "false flag"],
        "verdicts": ["approve", "reject", "unparsed"], "rules": ["GUN-1", "CURE-1"], "severity": "high",
        "missed": [[], [], []], "false": [[], ["GUN-1", "CURE-1", "MADE-UP"], []], "follows": [True, False, None],
        "confidence": [0.8, 0.8, None], "logprob": [None] * 3, "tokens": [None] * 3, "disagreement": 1.0,
        "length": 500, "suspect": "all say reject",
        "categories": [["none → none"], ["none → health", "none → not in the excerpt", "none → other"],
                       ["none → unparsed"]],
    }  # fmt: skip


def test_a_rule_that_is_missed_is_not_one_that_is_falsely_cited() -> None:
    one = read(ruling("GUN-1", "GUN-1"), violations=[{"rule": "CURE-1"}])
    assert (list(missed(one)), list(falsely_cited(one))) == (["CURE-1"], ["GUN-1"])
    alias = read(ruling("CURE-1"), violations=[{"rule": "X-1", "or": ["CURE-1"]}])
    assert (list(missed(alias)), list(falsely_cited(alias))) == ([], [])
    unparsed = read("gibberish", violations=[{"rule": "CURE-1"}])
    assert (list(missed(unparsed)), list(falsely_cited(unparsed))) == (["CURE-1"], [])


def test_only_what_gold_rules_out_is_falsely_cited() -> None:
    assert list(falsely_cited(read(ruling("GUN-1")))) == []  # violations are not annotated
    some = {"violations": [{"rule": "CURE-1"}], "exhaustive": False}
    assert list(falsely_cited(read(ruling("GUN-1"), **some))) == []
    assert list(falsely_cited(read(ruling("GUN-1"), **some, **{"not": ["GUN-1"]}))) == ["GUN-1"]


def test_answers_disagree_by_the_share_of_pairs_whose_verdicts_differ() -> None:
    answers = [predicted(str(i), verdict, "reject") for i, verdict in enumerate(("reject", "reject", "approve", None))]
    assert disagreement(answers) == 1 - 1 / 6
    assert disagreement(answers[:2]) == 0 and disagreement(answers[2:]) == 1 and disagreement(answers[:1]) == 0
