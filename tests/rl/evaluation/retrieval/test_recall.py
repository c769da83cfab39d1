"""Recall, by hand."""

from collections.abc import Sequence
from math import inf

import pytest

from data import Case, DataError, Rule, Rulebook
from prompts.excerpts.bm25 import BM25
from prompts.excerpts.retriever import Scores
from rl.evaluation.retrieval.recall import measure_recall
from rl.evaluation.statistics.share import clopper_pearson

SEVERITIES = {"guns": "critical", "cures": "high", "gifts": "low"}
RULES = tuple(Rule(id=f"{w.upper()}-1", text=f"No {w}.", severity=severity) for w, severity in SEVERITIES.items())
BOOK = Rulebook(name="b", rules=RULES)
SOUND = BM25(BOOK)


def case(id_: str, text: str, *broken: dict[str, object], group: str | None = None) -> Case:
    return Case(id=id_, group=group, text={"t": text}, gold={"verdict": "reject", "violations": list(broken)})


CASES = [
    case("a", "guns", {"rule": "GUNS-1"}),
    case("b", "cures and gifts", {"rule": "CURES-1"}, {"rule": "GIFTS-1"}),
    case("c", "gifts", {"rule": "GUNS-1", "or": ["GIFTS-1"]}),
    case("d", "gifts", {"rule": "GUNS-1"}),
    case("e", "gifts", {"rule": "OTHER-1"}),
    Case(id="f", text={"t": "nothing"}),
]


def test_shares_are_of_broken_rules_and_accepted_names_count() -> None:
    found = measure_recall(SOUND, CASES, k=1)
    assert [one.rank for one in found.sought] == [1, 1, 2, 1, 2, inf]
    at_one, at_two = found.at(1), found.at(2)
    assert (at_one.value, at_one.support, at_two.value) == (3 / 6, 6, 5 / 6)
    low, high = clopper_pearson(3, 3)
    assert at_one.low < low < at_one.value < high < at_one.high  # the two of case b hang together
    assert found.at(99).value == 5 / 6  # what the book has not is never found
    assert found.cases == 6 and found.milliseconds > 0


def test_whole_cases_severities_and_what_is_never_found() -> None:
    found = measure_recall(SOUND, CASES, k=1)
    assert (found.whole.value, found.whole.support) == (2 / 5, 5)
    by_severity = {severity: (e.value, e.support) for severity, e in found.by_severity.items()}
    assert by_severity == {"critical": (2 / 3, 3), "high": (1.0, 1), "low": (0.0, 1)}
    assert list(by_severity) == ["critical", "high", "low"]
    assert found.never.keys() == {"GIFTS-1", "OTHER-1"}
    assert found.as_json()["recall"]["1"]["value"] == 0.5


class Backwards(BM25):
    """Takes the least likely rule for the likeliest."""

    def scores(self, queries: Sequence[str]) -> Scores:
        return -super().scores(queries)


def test_two_retrievers_are_compared_in_pairs() -> None:
    forwards, backwards = measure_recall(SOUND, CASES, k=1), measure_recall(Backwards(BOOK), CASES, k=1)
    assert [one.rank for one in backwards.sought] == [3, 2, 3, 1, 1, inf]
    found = forwards.less(backwards)
    assert found.value == pytest.approx(3 / 6 - 2 / 6) and found.low < found.value < found.high
    assert forwards.less(forwards).value == 0


def test_without_broken_rules_there_is_nothing_to_find() -> None:
    with pytest.raises(DataError, match="no case has gold that names a broken rule"):
        measure_recall(SOUND, CASES[-1:], k=1)
