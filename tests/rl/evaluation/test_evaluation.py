"""One model on one set of cases: figures, files, slices, and the difference between two."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from data import Briefs, Case, DataError, Rulebook
from data.files import read_json, write_json
from rl.config.decoding import Decoding
from rl.evaluation import (
    Evaluation,
    Prediction,
    compare_table,
    evaluate_file,
    evaluate_model,
    load_evaluation,
    save_evaluation,
)
from rl.evaluation.files import summary
from rl.evaluation.predictions import load_predictions, save_predictions
from tests.rl.conftest import toy_briefs

from .conftest import predicted


def model(name: str, verdicts: list[str]) -> Evaluation:
    """Verdicts on cases that should all be rejected, the first half of one mechanism, the second of another."""
    half = len(verdicts) // 2
    predictions = [
        predicted(f"c{i}", verdict, "reject", meta={"mechanism": "first" if i < half else "second"})
        for i, verdict in enumerate(verdicts)
    ]
    return Evaluation(name, "test", predictions)


SFT = model("SFT", ["reject"] * 60 + ["approve"] * 40)
GRPO = model("GRPO", ["reject"] * 80 + ["approve"] * 20)


def test_figures_and_cells() -> None:
    assert SFT.metrics["verdict_accuracy"].value == 0.6
    assert SFT.metrics["miss_rate"].value == 0.4
    assert SFT.cells.sum() == 100 and SFT.cells[1].tolist() == [40, 60, 0, 0, 0]
    # What the cases say nothing about is left out.
    assert {"false_flag_rate", "flip_recall", "rule_f1", "grounded_evidence_rate"}.isdisjoint(SFT.metrics)


def test_a_perfect_score_is_not_said_to_be_certain() -> None:
    found = model("A", ["reject"] * 100).metrics["verdict_accuracy"]
    assert found.value == found.high == 1.0 and found.low == pytest.approx(0.0250 ** (1 / 100), abs=1e-4)


def test_a_difference_that_is_none_has_some_width() -> None:
    found = SFT.difference(SFT)
    assert found and all(change.value == 0 and change.low == -change.high < 0 for change in found.values())


def test_several_samples_of_a_case_support_a_figure_as_one_case() -> None:
    once = [predicted(f"c{i}", "reject", "reject", rules=["A"], broken=["A"], risk=0.9) for i in range(30)]
    rows = [row.model_copy(update={"sample": sample}) for row in once for sample in range(4)]
    found, alone = Evaluation("m", "test", rows), Evaluation("m", "test", once)
    for name in ("verdict_accuracy", "miss_rate", "rule_recall", "parse_rate"):
        assert found.metrics[name].support == alone.metrics[name].support == 30, name
    assert found.rules["A"].support == 30 and found.metrics["pass_at_4"].support == 30
    assert found.metrics["verdict_accuracy"].low == pytest.approx(alone.metrics["verdict_accuracy"].low, abs=0.03)


def test_rules_apart() -> None:
    rows = [("A", "A")] * 6 + [("A", "B")] * 2 + [("B", "B")] * 2 + [("B", None)] * 2
    predictions = [
        predicted(str(i), "reject" if cited else "approve", "reject", rules=[cited] if cited else [], broken=[gold])
        for i, (gold, cited) in enumerate(rows)
    ]
    found = Evaluation("m", "test", predictions).rules
    assert found["A"].value == pytest.approx(12 / 14) and found["B"].value == pytest.approx(4 / 8)
    assert (found["A"].support, found["B"].support) == (8, 4)
    assert SFT.rules == {}


def test_slices() -> None:
    slices = SFT.slices("mechanism")
    assert {value: s["verdict_accuracy"].value for value, s in slices.items()} == {"first": 1.0, "second": 0.2}
    assert slices["first"]["verdict_accuracy"].support == 50


def test_difference_is_paired() -> None:
    gain = GRPO.difference(SFT)["verdict_accuracy"]
    assert gain.value == pytest.approx(0.2) and gain.excludes_zero
    # 20 of 100 cases changed, all for the better: binomial(100, .2) / 100, wider above.
    assert (gain.low, gain.high) == pytest.approx((0.12, 0.28), abs=0.015)


def test_difference_is_aligned_by_case_and_not_by_place() -> None:
    turned = Evaluation("GRPO", "test", list(reversed(GRPO.predictions)))
    assert turned.difference(SFT)["verdict_accuracy"].value == pytest.approx(0.2)


def test_other_cases_are_an_error_that_lists_them() -> None:
    with pytest.raises(DataError, match=r"differ in 2 predictions .*: c0#0, c99#0"):
        Evaluation("A", "test", SFT.predictions[1:]).difference(Evaluation("B", "test", GRPO.predictions[:-1]))


def test_no_cases_are_an_error() -> None:
    with pytest.raises(DataError, match="no cases"):
        Evaluation("A", "test", [])


def test_what_is_saved_can_be_loaded(tmp_path: Path) -> None:
    evaluation = Evaluation("SFT", "test", SFT.predictions, {"seed": 3})
    save_evaluation(evaluation, tmp_path / "out")
    loaded = load_evaluation(tmp_path / "out")
    assert (loaded.name, loaded.split, loaded.provenance) == ("SFT", "test", {"seed": 3})
    assert summary(loaded) == summary(evaluation)
    saved = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert sum(sum(row.values()) for row in saved["cells"].values()) == saved["predictions"] == 100
    assert saved["metrics"]["verdict_accuracy"]["value"] == 0.6
    with pytest.raises(DataError, match="not an evaluation"):
        load_evaluation(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": 3}, r"metrics\.json: name: "),
        ({"settings": {"prices": {"miss": -1}}}, r"metrics\.json: settings\.prices\.miss: "),
        ({"predictions": 99}, r"predictions\.parquet holds 100 predictions, where metrics\.json counts 99"),
        ({"variants": 1}, r"variants\.parquet holds 0 predictions, where metrics\.json counts 1"),
    ],
)
def test_files_that_do_not_go_together_are_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    save_evaluation(SFT, tmp_path)
    write_json(tmp_path / "metrics.json", read_json(tmp_path / "metrics.json") | changes)
    with pytest.raises(DataError, match=message):
        load_evaluation(tmp_path)


def test_a_prediction_that_stands_twice_is_refused(tmp_path: Path) -> None:
    save_predictions([*SFT.predictions[:2], SFT.predictions[1]], tmp_path / "p.parquet")
    with pytest.raises(DataError, match=r"p\.parquet:3: case '.*', sample 0, is predicted twice"):
        load_predictions(tmp_path / "p.parquet")


def test_table_shows_models_side_by_side() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(compare_table([SFT, GRPO]))
    text = console.export_text()
    row = next(line for line in text.splitlines() if "verdict accuracy" in line)
    assert ".600 [" in row and ".800 [" in row and "+.200 [+.1" in row
    assert "GRPO − SFT" in text and "−.200 [−.2" in text


def test_table_takes_names_literally() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(compare_table([Evaluation("[red]x[/red]", "[bold]s", SFT.predictions)]))
    assert "[red]x[/red]" in console.export_text(clear=False) and "[bold]s" in console.export_text()


def test_a_model_is_evaluated_end_to_end(tiny_vl: Path, toy: Path, book: Rulebook, tmp_path: Path) -> None:
    briefs = toy_briefs(toy / "cases.jsonl", 6)
    decoding = Decoding(template="compact", max_new_tokens=8, temperature=1.0, samples=2, batch_size=4)
    found = evaluate_model(tiny_vl, briefs, tmp_path, name="tiny", decoding=decoding, progress=False)
    assert [p.key for p in found.predictions] == [(brief.id, sample) for brief in briefs for sample in (0, 1)]
    # Eight tokens are no ruling: all of it counts, as unparsed.
    assert found.metrics["parse_rate"].value == 0.0
    assert found.cells[:, 3].sum() == 12
    run = json.loads((tmp_path / "run.json").read_text())
    assert run["rulebook"]["fingerprint"] == book.fingerprint
    assert run["template"]["name"] == "compact" and run["decoding"]["samples"] == 2
    assert len(run["checkpoint"]["hash"]) == 12 and "torch" in run["packages"]
    assert load_evaluation(tmp_path).predictions == found.predictions


def test_a_folder_is_one_models(tiny_text: Path, toy: Path, tmp_path: Path) -> None:
    """Also where the log of what the first model wrote is gone, and whichever of the two is a file."""
    briefs = toy_briefs(toy / "text.jsonl", 2)
    path, said = tmp_path / "theirs.jsonl", [{"id": brief.id, "verdict": "approve"} for brief in briefs]
    path.write_text("".join(json.dumps(row) + "\n" for row in said))
    evaluate_file(path, briefs, tmp_path / "out")
    decoding = Decoding(template="compact", max_new_tokens=2)
    with pytest.raises(DataError, match="holds the evaluation of 'theirs'"):
        evaluate_model(tiny_text, briefs, tmp_path / "out", decoding=decoding, progress=False)
    assert not (tmp_path / "out" / "completions.jsonl").exists()
    evaluate_model(tiny_text, briefs, tmp_path / "model", decoding=decoding, progress=False)
    (tmp_path / "model" / "run.json").unlink()
    with pytest.raises(DataError, match="holds what a model wrote"):
        evaluate_file(path, briefs, tmp_path / "model")


def test_variants_of_an_earlier_evaluation_are_not_read_as_those_of_a_later_one(tmp_path: Path) -> None:
    meta = {"variant_of": "c0", "variant": "rule-order"}
    variant = SFT.predictions[0].model_copy(update={"case": "v", "meta": meta})
    save_evaluation(Evaluation("SFT", "test", SFT.predictions, variants=[variant]), tmp_path)
    assert "rule_order_stability" in load_evaluation(tmp_path).metrics
    save_evaluation(Evaluation("SFT", "test", SFT.predictions), tmp_path)
    assert "rule_order_stability" not in load_evaluation(tmp_path).metrics


def test_predictions_from_a_file(tmp_path: Path) -> None:
    book = Rulebook.model_validate({"name": "one", "rules": [{"id": "A", "text": "No."}]})
    cases = [
        Case.model_validate({"id": i, "gold": {"verdict": "reject", "violations": [{"rule": "A"}]}}) for i in "ab"
    ]
    path = tmp_path / "tfidf.jsonl"
    path.write_text('{"id": "a", "verdict": "reject", "violations": ["A"]}\n{"id": "b", "verdict": "approve"}\n')
    found = evaluate_file(path, Briefs.bind(cases, book), tmp_path / "out")
    assert found.name == "tfidf"
    assert found.metrics["verdict_accuracy"].value == found.metrics["rule_recall"].value == 0.5
    assert all(isinstance(p, Prediction) for p in load_evaluation(tmp_path / "out").predictions)
