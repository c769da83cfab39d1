"""Slices, other prevalences, gains where both parse, and what is written of them."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sk

from data import DataError
from rl.evaluation import Evaluation, Settings, figures_of, load_evaluation, save_evaluation
from rl.evaluation.measure import prevalence_weights

from .conftest import predicted

RNG = np.random.default_rng(7)
GOLD = RNG.choice(["approve", "reject"], 300, p=[0.4, 0.6]).tolist()
MODEL = [gold if RNG.random() < 0.8 else ("approve" if gold == "reject" else "reject") for gold in GOLD]
RISKS = np.where(np.array(MODEL) == "reject", 0.8, 0.3)
PREDICTIONS = [
    predicted(
        str(i), model, gold, risk=float(risk), meta={"market": "SG" if i % 3 else "DE"}, severity="high", category="c"
    )
    for i, (model, gold, risk) in enumerate(zip(MODEL, GOLD, RISKS, strict=True))
]


def test_another_prevalence_is_a_weight_for_each_case() -> None:
    weights = prevalence_weights(PREDICTIONS, 0.05)
    rejects = np.array(GOLD) == "reject"
    assert weights[rejects].sum() / weights.sum() == pytest.approx(0.05)
    found = figures_of(PREDICTIONS, weights=weights)
    assert found["verdict_accuracy"].value == pytest.approx(sk.accuracy_score(GOLD, MODEL, sample_weight=weights))
    theirs = sk.average_precision_score(rejects, RISKS, sample_weight=weights)
    assert found["auprc"].value == pytest.approx(theirs)
    plain = figures_of(PREDICTIONS)
    assert found["miss_rate"].value == pytest.approx(plain["miss_rate"].value)  # a rate within one verdict stays
    assert found["verdict_accuracy"].support == 300


def test_the_sets_own_prevalence_changes_nothing() -> None:
    weights = prevalence_weights(PREDICTIONS, GOLD.count("reject") / 300)
    assert weights == pytest.approx(np.ones(300))


def test_cases_without_gold_take_no_part_in_another_prevalence() -> None:
    loose = [predicted(f"x{i}", "approve", None, risk=0.1) for i in range(40)]
    weights = prevalence_weights([*PREDICTIONS, *loose], 0.05)
    assert weights.tolist() == [*prevalence_weights(PREDICTIONS, 0.05).tolist(), *[1.0] * 40]
    found = Evaluation("m", "test", [*PREDICTIONS, *loose], settings=Settings(prevalence=0.05)).at_prevalence
    alone = Evaluation("m", "test", PREDICTIONS, settings=Settings(prevalence=0.05)).at_prevalence
    assert found["verdict_accuracy"].value == pytest.approx(alone["verdict_accuracy"].value)
    assert found["verdict_accuracy"].support == 300


def test_one_kind_alone_cannot_be_weighed() -> None:
    with pytest.raises(DataError, match="gold rejects 100%"):
        prevalence_weights([predicted("a", "reject", "reject")], 0.1)
    with pytest.raises(DataError, match="between 0 and 1"):
        Settings(prevalence=5)


def test_slices_by_meta_severity_and_category() -> None:
    evaluation = Evaluation("m", "test", PREDICTIONS)
    for key in ("meta.market", "market"):
        assert [(value, f["verdict_accuracy"].support) for value, f in evaluation.slices(key).items()] == [
            ("SG", 200),
            ("DE", 100),
        ]
    assert list(evaluation.slices("severity")) == ["high"] and list(evaluation.slices("category")) == ["c"]
    assert evaluation.slices("nothing") == {}
    only = [p for p in PREDICTIONS if p.meta["market"] == "DE"]
    assert evaluation.slices("market", ["miss_rate"])["DE"] == figures_of(only, ["miss_rate"])


def test_gains_where_both_parse_leave_out_gains_in_form() -> None:
    before = [predicted(str(i), None if i < 40 else "reject", "reject" if i < 80 else "approve") for i in range(100)]
    after = [predicted(str(i), "reject", "reject" if i < 80 else "approve") for i in range(100)]
    gain = Evaluation("after", "t", after).difference(Evaluation("before", "t", before), ["verdict_accuracy"])
    assert gain["verdict_accuracy"].value == pytest.approx(0.4)
    same = Evaluation("after", "t", after).difference(
        Evaluation("before", "t", before), ["verdict_accuracy"], both_parsed=True
    )["verdict_accuracy"]
    assert (same.value, same.support) == (0.0, 60)


def test_ranked_differences_are_paired() -> None:
    ours, theirs = Evaluation("a", "t", PREDICTIONS), Evaluation("b", "t", PREDICTIONS)
    same = ours.difference(theirs, ["auprc"])["auprc"]
    assert same.value == 0.0 and same.low == -same.high < 0, "no case was ranked otherwise, and yet some doubt is left"
    noise = [p.model_copy(update={"risk": float(RNG.random())}) for p in PREDICTIONS]
    gain = ours.difference(Evaluation("c", "t", noise), ["auprc"])["auprc"]
    assert gain.value == pytest.approx(ours.metrics["auprc"].value - figures_of(noise, ["auprc"])["auprc"].value)
    assert gain.excludes_zero and gain.low < gain.value < gain.high


def test_the_figures_are_written_as_json_and_parquet(tmp_path: Path) -> None:
    evaluation = Evaluation("m", "test", PREDICTIONS, settings=Settings(by=("market",), prevalence=0.1))
    save_evaluation(evaluation, tmp_path)
    saved = json.loads((tmp_path / "metrics.json").read_text())
    assert saved["slices"]["market"]["SG"]["verdict_accuracy"]["support"] == 200
    assert saved["at_prevalence"]["verdict_accuracy"]["value"] == evaluation.at_prevalence["verdict_accuracy"].value
    assert 0 < saved["described"]["ece"] < 1 and "ece" not in saved["metrics"]
    rows = pq.read_table(tmp_path / "metrics.parquet").to_pylist()
    assert {row["part"] for row in rows} == {"all", "prevalence 0.1", "market SG", "market DE"}
    by_name = {row["figure"]: row["value"] for row in rows if row["part"] == "all"}
    assert by_name == {name: figure["value"] for name, figure in saved["metrics"].items()}


def test_evaluations_of_before_can_still_be_loaded(tmp_path: Path) -> None:
    evaluation = Evaluation("m", "test", PREDICTIONS)
    save_evaluation(evaluation, tmp_path)
    new = ("severity", "category", "agrees", "tokens", "verdict_logprob")
    old = pq.read_table(tmp_path / "predictions.parquet").drop_columns(list(new))
    pq.write_table(old, tmp_path / "predictions.parquet")
    saved = json.loads((tmp_path / "metrics.json").read_text())
    (tmp_path / "metrics.json").write_text(json.dumps({key: saved[key] for key in ("name", "split")}))
    loaded = load_evaluation(tmp_path)
    assert loaded.metrics["verdict_accuracy"] == evaluation.metrics["verdict_accuracy"]
    assert loaded.predictions[0].severity is None
