"""A case is bound to its excerpt once: what it is judged by, and gold under that, cannot come apart."""

from pathlib import Path

import pytest

from data import Brief, Briefs, Case, DataError, Gold, Rule, Rulebook

GOLD = Gold(verdict="reject", violations=[{"rule": "CURE-1"}], unclear=["ODD-1"], reasoning="It cures.")


def case(rules: list[str | Rule] | None = None, id_: str = "c-1", gold: Gold | None = GOLD) -> Case:
    return Case(id=id_, rules=rules, gold=gold)


@pytest.fixture
def briefs(book: Rulebook) -> Briefs:
    return Briefs.bind([case(id_="c-1"), case(["SALE-1"], "c-2"), case(["ODD-1", "CURE-1"], "c-3")], book)


def test_a_case_is_bound_to_the_excerpt_that_it_names(book: Rulebook, briefs: Briefs) -> None:
    assert [brief.excerpt.ids for brief in briefs] == [book.ids, ["SALE-1"], ["ODD-1", "CURE-1"]]
    assert briefs[0].excerpt is book and briefs.book is book
    assert Brief.of(case(book.ids), book).excerpt is book
    assert Brief.of(case([]), book).excerpt.ids == []


def test_gold_is_that_under_the_excerpt_and_worked_out_once(briefs: Briefs) -> None:
    whole, sale, two = (brief.gold for brief in briefs)
    assert whole is GOLD and two is GOLD
    assert (sale.verdict, sale.violations, sale.unclear, sale.reasoning) == ("approve", [], [], None)
    assert sale is briefs[1].gold == briefs.cases[1].gold_for(briefs[1].excerpt)
    assert Brief.of(case(["ODD-1"]), briefs.book).gold.verdict == "escalate"
    assert Brief.of(case(gold=None), briefs.book).gold is None


REWORDED = Rule(id="CURE-1", text="No cures, but for tea.")


@pytest.mark.parametrize(
    ("rules", "given", "message"),
    [
        (["CURE-1"], ["SALE-1"], "is judged by CURE-1, not by SALE-1"),
        (["CURE-1"], ["CURE-1", "SALE-1"], "is judged by CURE-1, not by CURE-1, SALE-1"),
        (["SALE-1", "CURE-1"], ["CURE-1", "SALE-1"], "is judged by SALE-1, CURE-1, not by CURE-1, SALE-1"),
        (["CURE-1"], None, "is judged by CURE-1, not by the whole book"),
        (None, ["CURE-1"], "is judged by the whole book, not by CURE-1"),
        (None, ["SALE-1", "ODD-1", "CURE-1"], "is judged by the whole book, not by SALE-1, ODD-1, CURE-1"),
        ([], ["CURE-1"], "is judged by no rule, not by CURE-1"),
        (["CURE-1"], [], "is judged by CURE-1, not by no rule"),
        (["SALE-1", REWORDED], ["SALE-1", "CURE-1"], "words CURE-1 itself, and the excerpt has another wording"),
    ],
)
def test_another_excerpt_than_its_own_is_refused(book: Rulebook, rules: object, given: object, message: str) -> None:
    with pytest.raises(DataError) as error:
        Brief(case(rules), book.excerpt(given))
    assert str(error.value) == f"rules: case 'c-1' {message}: give it its own excerpt, book.excerpt(case.rules)"
    assert Brief(case(rules), book.excerpt(rules)) == Brief.of(case(rules), book)


def test_a_rule_of_its_own_wording_is_what_a_case_is_judged_by(book: Rulebook) -> None:
    brief = Brief.of(case(["SALE-1", REWORDED]), book)
    assert brief.excerpt["CURE-1"] is REWORDED and brief.gold.verdict == "reject"


@pytest.mark.parametrize(
    ("rules", "fault"), [(["CURE-7"], "not in rulebook 'small' .did you mean 'CURE-1'"), (["CURE-1"] * 2, "twice")]
)
def test_rules_that_cannot_be_an_excerpt_are_an_error_of_the_case(book: Rulebook, rules: object, fault: str) -> None:
    with pytest.raises(DataError, match=f"rules: case 'c-2': rule 'CURE-.' is .*{fault}"):
        Briefs.bind([case(), case(rules, "c-2")], book)


@pytest.mark.parametrize("rules", [None, ["CURE-1"], ["CURE-1", "SALE-1"]])
def test_what_retrieval_loses_is_a_miss(book: Rulebook, rules: object) -> None:
    for found in (["SALE-1"], ["SALE-1", "CURE-1"], [], book.ids):
        excerpt = book.excerpt(found, retrieved=True)
        brief = Brief(case(rules), excerpt)
        assert brief.excerpt.retrieved and brief.excerpt.ids == found
        assert brief.gold is brief.case.gold_for(excerpt) is GOLD.under(excerpt) is GOLD
    assert not book.retrieved and not book.excerpt(["SALE-1"]).retrieved
    assert GOLD.under(book.excerpt(["SALE-1"])).verdict == "approve"


def test_briefs_are_found_by_place_by_slice_and_by_id(briefs: Briefs) -> None:
    assert briefs[-1] is briefs["c-3"] and [brief.id for brief in briefs] == ["c-1", "c-2", "c-3"]
    assert "c-2" in briefs and briefs[1] in briefs and "c-4" not in briefs and case() not in briefs
    tail = briefs[1:]
    assert isinstance(tail, Briefs) and tail.cases == briefs.cases[1:] and tail.book is briefs.book
    assert "c-1" not in tail and tail[0] is briefs[1]
    both = tail + briefs[:1]
    assert isinstance(both, Briefs) and [brief.id for brief in both] == ["c-2", "c-3", "c-1"] and len(both) == 3


def test_an_id_that_is_not_there_brings_up_the_nearest(briefs: Briefs) -> None:
    with pytest.raises(DataError, match=r"id: there is no case 'd-2' in the data \(did you mean 'c-2'\?\)"):
        briefs["d-2"]
    with pytest.raises(IndexError):
        briefs[3]


def test_an_id_is_one_case_s(briefs: Briefs) -> None:
    with pytest.raises(DataError, match="id: there are two cases 'c-2': give each an id of its own"):
        Briefs.bind([case(), case(id_="c-2"), case(id_="c-3"), case(["SALE-1"], "c-2")], briefs.book)
    with pytest.raises(DataError, match="two cases 'c-3'"):
        briefs + briefs[2:]


def test_who_chose_the_rules_is_no_part_of_the_content(book: Rulebook, tmp_path: Path) -> None:
    named, found = (book.excerpt(["ODD-1", "CURE-1"], retrieved=retrieved) for retrieved in (False, True))
    written = Rulebook(name=book.name, intents=book.intents, rules=named.rules)
    assert named.fingerprint == found.fingerprint == written.fingerprint != book.fingerprint
    assert book.excerpt(book.ids, retrieved=True).fingerprint == book.fingerprint
    for content in (book, found):
        content.dump(tmp_path / "book.yaml")
        assert "origin" not in (tmp_path / "book.yaml").read_text(encoding="utf-8")
        read = Rulebook.load(tmp_path / "book.yaml")
        assert (read.rules, read.fingerprint, read.retrieved) == (content.rules, content.fingerprint, False)
    book.dump(tmp_path / "book.yaml")
    assert Rulebook.load(tmp_path / "book.yaml") == book


def test_a_changed_copy_of_a_book_answers_with_its_own_rules() -> None:
    book = Rulebook(name="b", rules=[Rule(id="A-1", text="No guns.")])
    before = book["A-1"], book.fingerprint
    copy = book.model_copy(update={"rules": (Rule(id="A-1", text="No knives."),)})
    assert copy["A-1"].text == "No knives." and copy.fingerprint != before[1]
    assert (book["A-1"], book.fingerprint) == before
