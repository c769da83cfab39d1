"""Boilerplate: what many cases of a set say."""

from data import Briefs, Case, Rule, Rulebook
from data.corpus import Corpus

BOOK = Rulebook(name="one", rules=[Rule(id="A-1", text="No cures.")])


def test_words_of_more_than_a_twentieth_of_the_cases_are_boilerplate():
    corpus = Corpus(
        [{"body": f"Ad {i}. {'Call now!' if i < 6 else ''} {'Buy it!' if i < 5 else ''}"} for i in range(100)]
    )
    assert corpus.is_boilerplate("call  NOW") and not corpus.is_boilerplate("Buy it!")
    assert not corpus.is_boilerplate("") and not corpus.is_boilerplate("nobody says this")


def test_saying_it_often_in_one_case_is_not_saying_it_in_many():
    corpus = Corpus([{"title": "win " * 50, "body": "win " * 50}, *({"body": str(i)} for i in range(99))])
    assert not corpus.is_boilerplate("win")


def test_words_do_not_run_from_one_case_into_the_next():
    corpus = Corpus([{"a": "one", "b": "two"}] * 50)
    assert corpus.is_boilerplate("one") and not corpus.is_boilerplate("two one")


def test_a_few_cases_have_no_boilerplate():
    assert not Corpus([{"body": "the same"}] * 4).is_boilerplate("the same")


def test_cases_know_their_set_only_where_gold_leaves_evidence_open():
    texts = [{"title": f"Tea {i}", "body": "Order it today."} for i in range(20)]

    def bound(evidence):
        gold = {"verdict": "reject", "violations": [{"rule": "A-1", "evidence": evidence}]}
        return Briefs.bind([Case(id=str(i), text=text, gold=gold) for i, text in enumerate(texts)], BOOK)

    assert bound(None)["3"].case.is_boilerplate("order it today") and not bound(None)["3"].case.is_boilerplate("Tea 3")
    assert not bound([{"quote": "Tea", "field": "title"}])["3"].case.is_boilerplate("order it today")
    assert not Case(id="alone", text=texts[0]).is_boilerplate("order it today")
