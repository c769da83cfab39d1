"""Cases in, briefs out: what a recipe has a case shown, and what that makes of gold."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from data import Case, DataError, Rule, Rulebook
from prompts.excerpts import Excerpts, RetrievalConfig
from prompts.excerpts.documents import tokens_of

WORDS = ("guns", "miracle cures", "sales of guns", "free gifts")
BOOK = Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text=f"No {w}.") for n, w in enumerate(WORDS, start=1)))
GOLD = {"verdict": "reject", "violations": [{"rule": "R-1"}]}


def case(text: str, id_: str = "c-1", **more: object) -> Case:
    return Case(id=id_, text={"body": text}, gold=GOLD, **more)


def bm25(**settings: object) -> RetrievalConfig:
    return RetrievalConfig(retrieve="bm25", **settings)


def test_named_excerpts_are_as_ever() -> None:
    briefs = Excerpts(BOOK).bind([case("guns", rules=["R-2"]), case("guns", "c-2")])
    assert briefs[0].excerpt.ids == ["R-2"] and briefs[0].gold.verdict == "approve"
    assert briefs[1].excerpt is BOOK and briefs.retrieval is None and briefs[0].lost == []


def test_a_retrieved_excerpt_stands_in_the_book_s_order_and_says_how_it_was_found() -> None:
    excerpts = Excerpts(BOOK, bm25(k=2))
    briefs = excerpts.bind([case("sales of guns, guns"), case("free cures", "c-2")])
    assert [brief.excerpt.ids for brief in briefs] == [["R-1", "R-3"], ["R-2", "R-4"]]
    assert briefs.retrieval == excerpts.facts == briefs[1:].retrieval
    assert (excerpts.facts.retriever, excerpts.facts.k, excerpts.facts.tokens) == ("bm25", 2, None)


def test_what_retrieval_loses_is_a_miss_whatever_the_case_names() -> None:
    briefs = Excerpts(BOOK, bm25(k=1)).bind([case("free gifts", rules=["R-4"]), case("guns", "c-2")])
    lost, found = briefs
    assert lost.excerpt.ids == ["R-4"] and lost.lost == ["R-1"]
    assert lost.gold.verdict == "reject" and [v.rule for v in lost.gold.violations] == ["R-1"]
    assert found.excerpt.ids == ["R-1"] and found.lost == []


def test_what_cannot_be_told_can_be_lost_too_and_another_accepted_rule_found() -> None:
    unclear = Case(id="u", text={"body": "gifts"}, gold={"verdict": "escalate", "violations": [], "unclear": ["R-2"]})
    either = Case(id="e", text={"body": "gifts"}, gold={"violations": [{"rule": "R-1", "or": ["R-4"]}]})
    assert [brief.lost for brief in Excerpts(BOOK, bm25(k=1)).bind([unclear, either])] == [["R-2"], []]


def test_a_budget_takes_what_fits_of_the_best_and_one_at_least() -> None:
    order = ["R-3", "R-1", "R-2", "R-4"]
    sizes = [tokens_of(BOOK[rule]) for rule in order]
    for count in range(1, 5):
        budget = int(sum(sizes[:count])) + 1
        (brief,) = Excerpts(BOOK, bm25(tokens=budget)).bind([case("sales of guns")])
        assert brief.excerpt.ids == sorted(order[:count])
    (brief,) = Excerpts(BOOK, bm25(tokens=1)).bind([case("sales of guns")])
    assert brief.excerpt.ids == ["R-3"]
    (brief,) = Excerpts(BOOK, bm25(k=50)).bind([case("sales of guns")])
    assert brief.excerpt.ids == BOOK.ids and brief.excerpt.retrieved


def test_a_case_that_words_a_rule_itself_has_no_excerpt_of_the_book() -> None:
    own = Rule(id="R-1", text="No guns but toys.")
    with pytest.raises(DataError, match=r"rules: case 'c-1' words R-1 itself.*excerpt: named"):
        Excerpts(BOOK, bm25()).bind([case("guns", rules=["R-2", own])])


def test_the_index_tells_books_and_ways_apart() -> None:
    changed = BOOK.model_copy(update={"rules": BOOK.rules[:3]})
    indexes = {Excerpts(book, bm25(k=k)).facts.index for book in (BOOK, changed) for k in (1, 8)}
    assert len(indexes) == 2  # k is no part of the index


def test_the_best_hits_come_first() -> None:
    hits = Excerpts(BOOK, bm25()).search("a miracle, a gun, a sale of guns", k=3)
    assert hits[0].rule.id == "R-3" and hits[0].score > hits[1].score >= hits[2].score > 0
    assert len(Excerpts(BOOK, bm25()).search("guns", k=99)) == 4


def test_a_book_from_a_file(tmp_path: Path) -> None:
    BOOK.dump(tmp_path / "rules.yaml")
    assert Excerpts(tmp_path / "rules.yaml", bm25()).facts == Excerpts(BOOK, bm25()).facts
    assert Excerpts("billboard", bm25(k=3)).bind([case("No credit check, instant cash loan")])[0].excerpt.ids


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"retrieve": "bm25", "k": 2, "tokens": 9}, "give 'k' or 'tokens'"),
        ({"retrieve": "bm25", "encoder": "x"}, "takes no 'encoder'"),
        ({"retrieve": "dense"}, "needs an 'encoder'"),
        ({"retrieve": "magic"}, "'bm25', 'dense' or 'hybrid'"),
        ({"retrieve": "bm25", "k": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        RetrievalConfig.model_validate(settings)
    assert RetrievalConfig(retrieve="bm25") == RetrievalConfig(retrieve="bm25", k=8)
