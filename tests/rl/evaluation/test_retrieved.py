"""Whoever is shown retrieved rules is told from others: in provenance, tables, pages and thresholds."""

import json
from pathlib import Path

import pytest

from data import Briefs, Case, Rule, Rulebook
from prompts.excerpts import Excerpts, RetrievalConfig
from rl.evaluation import evaluate_model, load_evaluation, write_report
from rl.runs.excerpts import excerpts_of, trained_excerpt
from rl.serving.review import panel, review
from tests.rl.generation.parrot import Parrot

WORDS = ("guns", "miracle cures", "free gifts")
BOOK = Rulebook(name="b", rules=tuple(Rule(id=f"R-{n}", text=f"No {words}.") for n, words in enumerate(WORDS)))
CASES = [
    Case(id=f"c-{n}", text={"t": text}, gold={"verdict": "reject", "violations": [{"rule": "R-1"}]})
    for n, text in enumerate(("cures", "cures or guns", "gifts"))
]


def bound(k: int) -> Briefs:
    return Excerpts(BOOK, RetrievalConfig(retrieve="bm25", k=k)).bind(CASES)


def test_an_evaluation_says_what_was_shown_and_how_much_of_gold_that_is(tmp_path: Path) -> None:
    found = evaluate_model(Parrot(), bound(1), tmp_path / "one")
    facts = json.loads((tmp_path / "one" / "run.json").read_text())["retrieval"]
    assert (facts["retriever"], facts["k"], facts["rules_of_gold"]) == ("bm25", 1, 3)
    assert facts["of_these_shown"] == 3 - sum(len(brief.lost) for brief in bound(1))
    read = load_evaluation(tmp_path / "one")
    assert read.shown == found.shown and read.shown is not None
    assert read.shown.startswith("at most 1 rules, retrieved by bm25 (index ")
    assert f"{facts['of_these_shown']} of 3 that gold speaks of" in read.shown
    page = write_report(tmp_path / "report.html", [read], {read.split: bound(1)}).read_text()
    assert f"Cases were shown to <bdi>parrot</bdi> with {read.shown}" in page
    named = evaluate_model(Parrot(), Briefs.bind(CASES, BOOK), tmp_path / "named")
    assert named.shown is None and "retrieval" not in named.provenance


def test_thresholds_of_another_retrieval_mean_nothing(tmp_path: Path) -> None:
    one, two, named = (
        evaluate_model(Parrot(), briefs, tmp_path / str(n)).origin
        for n, briefs in enumerate((bound(1), bound(2), Briefs.bind(CASES, BOOK)))
    )
    assert one is not None and two is not None and named is not None
    assert one.differs_from(two) == one.differs_from(named) == "retrieval" and one.differs_from(one) is None


def test_a_review_shows_the_rules_that_were_retrieved() -> None:
    (first, *_) = review(Parrot(), bound(2))
    assert first.shown == bound(2)[0].excerpt.ids and first.provenance["retrieval"]["k"] == 2
    body = "\n".join(str(part) for part in panel(first).renderable.renderables)
    assert f"shown, retrieved by bm25: {', '.join(first.shown)}" in body
    (first, *_) = review(Parrot(), Briefs.bind(CASES, BOOK))
    assert "retrieved" not in "\n".join(str(part) for part in panel(first).renderable.renderables)


def test_a_model_is_asked_as_it_was_trained_unless_told_otherwise(tmp_path: Path) -> None:
    BOOK.dump(tmp_path / "rules.yaml")
    run = tmp_path / "run"
    run.mkdir()
    recipe = {"data": {"train": ["a.jsonl"], "rulebook": "b", "excerpt": {"retrieve": "bm25", "k": 2}}}
    (run / "run.json").write_text(json.dumps({"recipe": recipe}))
    assert trained_excerpt(run) == RetrievalConfig(retrieve="bm25", k=2)
    assert trained_excerpt(tmp_path / "elsewhere") == "named"
    for choice, shown in ((None, 2), ("named", 3), (RetrievalConfig(retrieve="bm25", k=1), 1)):
        briefs = excerpts_of(tmp_path / "rules.yaml", choice, str(run)).bind(CASES)
        assert {len(brief.excerpt) for brief in briefs} == {shown}
    (run / "run.json").write_text(json.dumps({"recipe": {"data": {"excerpt": {"retrieve": "magic"}}}}))
    with pytest.raises(ValueError, match=r"run\.json: recipe\.data\.excerpt"):
        trained_excerpt(run)
