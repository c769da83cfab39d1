"""Predictions: read from completions, kept as Parquet, brought in from elsewhere."""

import json
from pathlib import Path

import pytest

from data import Brief, Briefs, Case, DataError, Quote, Region, Rule, Rulebook, Ruling, Violation
from prompts import Episode, Turn, write
from rewards import Rubric, verdict_utility
from rl.evaluation import Evaluation, Prediction, import_predictions, load_predictions, save_predictions

BOOK = Rulebook(name="two", rules=(Rule(id="CURE-1", text="No cures."), Rule(id="GUN-1", text="No guns.")))
GOLD = {"verdict": "reject", "violations": [{"rule": "CURE-1", "or": ["CURE-2"]}]}


def case(id_: str = "a", **more: object) -> Case:
    return Case.model_validate(
        {"id": id_, "group": "g", "text": {"title": "Cures  ALL"}, "images": ["x.png"], "gold": GOLD, **more}
    )


def read(completion: str, about: Case, sample: int = 0) -> Prediction:
    return Prediction.read(Episode.plain(about.id, completion, sample), Brief(about, BOOK))


def ruling(*violations: Violation) -> Ruling:
    return Ruling(reasoning="CURE-1: yes.", violations=list(violations), verdict="reject", confidence=0.8)


def test_a_completion_is_read_and_its_citations_looked_up() -> None:
    here, gone = Quote(quote="cures all", field="title"), Quote(quote="cures nothing", field="title")
    said = ruling(
        Violation(rule="CURE-1", evidence=[here, Region(image=0, region=(0, 0, 1, 1))]),
        Violation(rule="GUN-1", evidence=[here, gone]),
        Violation(rule="GUN-1", evidence=[Region(image=1, region=(0, 0, 1, 1))]),
        Violation(rule="GUN-1"),
    )
    found = read(write(said), case(), sample=2)
    assert found.grounded == [True, False, False, False]
    assert (found.key, found.cluster, found.verdict, found.risk) == (("a", 2), "g", "reject", 0.8)
    assert found.rules == ["CURE-1", "GUN-1"]


def test_gold_is_that_of_the_excerpt() -> None:
    found = Prediction.of(None, Brief.of(case(rules=["GUN-1"]), BOOK))
    assert found.gold is not None and found.gold.verdict == "approve"


def test_severity_and_category_are_those_of_the_rule_that_the_excerpt_has() -> None:
    rules = [
        Rule(id="A-1", text="No guns.", severity="low", category="arms"),
        Rule(id="A-2", text="No knives.", severity="critical", category="blades"),
    ]
    book = Rulebook(name="arms", rules=rules)
    gold = {"verdict": "reject", "violations": [{"rule": "A-1", "or": ["A-2"]}]}
    both, only, neither = (Brief.of(case(gold=gold, rules=ids), book) for ids in (["A-1", "A-2"], ["A-2"], []))
    found = [Prediction.of(None, brief) for brief in (both, only, neither)]
    assert [(p.severity, p.category) for p in found] == [("low", "arms"), ("critical", "blades"), (None, None)]
    # As training prices it, by severity and by category.
    missed = Ruling(verdict="approve", confidence=0.5)
    rubric = Rubric(name="t", overrides={"blades": {"prices": {"miss": 8}}})
    assert verdict_utility(missed, only.case, only.excerpt).value == -8.0
    assert [card["verdict"].value for card in rubric.score_many([missed] * 2, [both, only])] == [-2.0, -16.0]


def test_what_does_not_parse_keeps_its_reason() -> None:
    found = read("<think>x</think><answer>{", case())
    assert found.verdict == "unparsed" and found.risk is None and found.cited == []
    assert found.failure is not None and found.failure.startswith("unclosed_answer")
    assert found.completion == "<think>x</think><answer>{"


def test_the_last_turn_is_read_and_only_the_models_own_tokens_count() -> None:
    looked = Turn("{}", tokens=3), Turn("CURE-1: No cures.", author="tool", tokens=90)
    found = Prediction.read(Episode("a", (*looked, Turn(write(ruling()), tokens=40)), 1, -0.5), Brief(case(), BOOK))
    assert (found.verdict, found.tokens, found.verdict_logprob, found.sample) == ("reject", 43, -0.5, 1)
    cut = Prediction.read(Episode("a", looked), Brief(case(), BOOK))
    assert (cut.verdict, cut.completion, cut.tokens) == ("unparsed", "", 3)


def test_parquet_gives_back_what_was_put_in(tmp_path: Path) -> None:
    hostile = Quote(quote="\u202e <script>", field="title")
    predictions = [
        read(write(ruling(Violation(rule="CURE-1", evidence=[hostile]))), case()),
        read("", case("b", twin="a", meta={"mechanism": "claim", "known": True, "layout": {"x": 0.5}})),
        Prediction.of(None, Brief(case("c", gold=None), BOOK)),
    ]
    save_predictions(predictions, tmp_path / "new" / "p.parquet")
    assert load_predictions(tmp_path / "new" / "p.parquet") == predictions


def test_parquet_can_be_read_without_ruling(tmp_path: Path) -> None:
    import pandas as pd

    save_predictions([read("", case())], tmp_path / "p.parquet")
    row = pd.read_parquet(tmp_path / "p.parquet").iloc[0]
    assert (row["case"], row["verdict"], row["gold_verdict"]) == ("a", "unparsed", "reject")


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_text("no")
    with pytest.raises(DataError, match="not a Parquet file"):
        load_predictions(tmp_path / "p.parquet")
    with pytest.raises(DataError, match="No such file"):
        load_predictions(tmp_path / "q.parquet")


def test_predictions_from_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(
        '{"id": "b", "verdict": null}\n\n'
        '{"id": "a", "verdict": "reject", "violations": ["CURE-1"], "risk": 0.7}\n'
        '{"id": "c", "verdict": "approve", "violations": [{"rule": "GUN-1", "evidence": '
        '[{"quote": "cures", "field": "title"}]}], "risk": 0.1}\n'
    )
    found = import_predictions(path, Briefs.bind([case("a"), case("b"), case("c")], BOOK))
    assert [p.case for p in found] == ["a", "b", "c"]
    assert [p.verdict for p in found] == ["reject", "unparsed", "approve"]
    assert [p.risk for p in found] == [0.7, None, 0.1]
    assert [p.cited for p in found] == [["CURE-1"], [], ["GUN-1"]]
    assert [p.grounded for p in found] == [[False], [], [True]]
    assert found[2].ruling is not None and found[2].ruling.confidence == pytest.approx(0.9)


def test_a_file_of_bare_ids_says_nothing_of_evidence(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "a", "verdict": "reject", "violations": ["CURE-1"]}\n{"id": "b", "verdict": "approve"}')
    found = import_predictions(path, Briefs.bind([case("a"), case("b")], BOOK))
    assert [p.cited for p in found] == [["CURE-1"], []]
    assert [p.grounded for p in found] == [[], []]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('{"id": "z", "verdict": "reject"}', "p.jsonl:1: id: there is no case 'z'"),
        ('{"id": "a", "verdict": null}\n{"id": "a", "verdict": null}', "p.jsonl:2: id: case 'a' is predicted twice"),
        ('{"id": "a", "verdict": "ban"}', "p.jsonl:1: verdict: "),
        ('{"id": "a", "verdict": "reject", "rsk": 1}', "did you mean 'risk'"),
        ('{"id": "a", "verdict": "reject", "risk": 1.5}', "p.jsonl:1: risk: "),
        ('{"id": "a", "verdict": "reject", "violations": ["CUR-1"]}', "violations: the rulebook has no rule 'CUR-1'"),
        ('{"id": "a", "verdict"', "p.jsonl:1: not JSON"),
        ('{"id": "a", "verdict": "reject"}', "1 of 2 cases have no prediction: b"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, lines: str, message: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(lines)
    with pytest.raises(DataError) as error:
        import_predictions(path, Briefs.bind([case("a"), case("b")], BOOK))
    assert message in str(error.value)


def test_files_from_before_a_column_was_there_can_be_read(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    made = [read(write(ruling(Violation(rule="CURE-1"))), case())]
    save_predictions(made, tmp_path / "p.parquet")
    pq.write_table(pq.read_table(tmp_path / "p.parquet").drop_columns(["probed"]), tmp_path / "old.parquet")
    assert load_predictions(tmp_path / "old.parquet") == made


def test_predictions_from_elsewhere_may_say_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    free, findings = "It promises a cure.", 'CURE-1: "Cures ALL" in the title -> broken\nGUN-1: clear'
    cited = {"rule": "CURE-1", "evidence": [{"quote": "Cures ALL", "field": "title"}]}
    rejected = {"verdict": "reject", "violations": [cited]}
    rows: list[dict[str, object]] = [
        {"id": "a", **rejected, "reasoning": free, "completion": "<raw>", "tokens": 12},
        {"id": "b", **rejected, "reasoning": findings},
        {"id": "c", "verdict": None, "reasoning": None, "completion": "I cannot."},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = import_predictions(path, Briefs.bind([case("a"), case("b"), case("c")], BOOK))
    assert [p.ruling and p.ruling.reasoning for p in found] == [free, findings, None]
    assert [(p.completion, p.tokens) for p in found] == [("<raw>", 12), (None, None), ("I cannot.", None)]
    assert [p.agrees for p in found] == [None, True, None], "prose without findings is not held against the answer"


def test_samples_are_as_many_for_every_case() -> None:
    rows = [Prediction.of(None, Brief(case(id_), BOOK), sample) for id_, sample in (("a", 0), ("a", 1), ("b", 0))]
    with pytest.raises(DataError, match="'m' has 2 samples of case 'a' and 1 of 'b'"):
        Evaluation("m", "test", rows)
