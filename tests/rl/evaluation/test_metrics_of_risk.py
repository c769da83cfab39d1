"""Metrics on stated risk against scikit-learn, ties, unparsed completions and empty sides included."""

import evaluate
import numpy as np
import pytest
from scipy.stats import t
from sklearn import metrics as sk

from rl.evaluation import figures_of, metric_path
from rl.evaluation.metrics import RANKED
from rl.evaluation.ranking.ranking import by_confidence
from rl.evaluation.statistics.reach import reach

from .conftest import predicted

RNG = np.random.default_rng(3)
REJECTS = RNG.random(400) < 0.3
RISKS = np.clip(RNG.normal(np.where(REJECTS, 0.6, 0.4), 0.2), 0, 1).round(1)  # many ties
GOLD = ["reject" if rejects else "approve" for rejects in REJECTS]


def load(name: str) -> evaluate.Metric:
    return evaluate.load(metric_path(name))


def test_auprc_with_ties() -> None:
    found = load("auprc").compute(predictions=RISKS.tolist(), references=GOLD)
    assert found["auprc"] == pytest.approx(sk.average_precision_score(REJECTS, RISKS))
    assert found["support"] == 400


def test_auprc_does_not_depend_on_the_order_of_ties() -> None:
    columns = {"predictions": [0.5] * 10, "references": ["reject"] * 3 + ["approve"] * 7}
    turned = {name: column[::-1] for name, column in columns.items()}
    assert load("auprc").compute(**columns)["auprc"] == load("auprc").compute(**turned)["auprc"] == pytest.approx(0.3)


def test_auprc_at_its_ends() -> None:
    auprc = load("auprc")
    assert auprc.compute(predictions=[0.9, 0.8, 0.1], references=["reject", "reject", "approve"])["auprc"] == 1.0
    worst = auprc.compute(predictions=[0.1, 0.9, 0.8], references=["reject", "approve", "approve"])["auprc"]
    assert worst == pytest.approx(1 / 3)
    assert np.isnan(auprc.compute(predictions=[0.9], references=["approve"])["auprc"])
    assert auprc.compute(predictions=[0.2], references=["reject"])["auprc"] == 1.0


def test_what_states_no_risk_is_wrong_at_every_threshold() -> None:
    """scikit-learn with risks that put it there: above all where gold approves, and never reached where it rejects."""
    silent = RNG.random(400) < 0.2
    risks = [None if quiet else float(risk) for risk, quiet in zip(RISKS, silent, strict=True)]
    scores = np.where(silent, np.where(REJECTS, -1.0, 2.0), RISKS)
    precision, recall, _ = sk.precision_recall_curve(REJECTS, scores)
    # The first point of scikit-learn's curve takes in everything, unparsed rejections too: that step is not ours.
    expected = -np.sum(np.diff(recall[1:]) * precision[1:-1])
    assert load("auprc").compute(predictions=risks, references=GOLD)["auprc"] == pytest.approx(expected)
    assert load("auprc").compute(predictions=[None, None], references=["reject", "approve"])["auprc"] == 0.0


def test_gold_escalations_are_left_out() -> None:
    columns = {"predictions": [0.9, 0.8, 0.1, 0.95], "references": ["reject", "approve", "approve", "escalate"]}
    for name in ("auprc", "brier", "ece"):
        without = {key: column[:3] for key, column in columns.items()}
        assert load(name).compute(**columns) == load(name).compute(**without)
        assert load(name).compute(**columns)["support"] == 3


def test_brier() -> None:
    found = load("brier").compute(predictions=RISKS.tolist(), references=GOLD)
    assert found["brier"] == pytest.approx(sk.brier_score_loss(REJECTS, RISKS))
    assert load("brier").compute(predictions=[None, 1.0], references=["approve", "reject"])["brier"] == 0.5


def test_ece_agrees_with_a_plain_loop() -> None:
    risks = RNG.random(400)
    expected = 0.0
    for place in range(10):
        inside = (risks >= place / 10) & (risks < (place + 1) / 10)
        if inside.any():
            expected += inside.mean() * abs(risks[inside].mean() - REJECTS[inside].mean())
    found = load("ece").compute(predictions=risks.tolist(), references=GOLD)
    assert found["ece"] == pytest.approx(expected)
    sure = load("ece").compute(predictions=[1.0, 0.0, None], references=["reject", "approve", "reject"])
    assert sure == {"ece": 0.0, "support": 2}


def test_aurc_is_the_mean_risk_over_coverage() -> None:
    confidences, right = RNG.random(200), RNG.random(200) < 0.7
    verdicts = ["reject"] * 200
    golds = ["reject" if ok else "approve" for ok in right]
    order = np.argsort(-confidences)
    expected = np.mean(np.cumsum(~right[order]) / np.arange(1, 201))
    columns = {"predictions": verdicts, "references": golds, "confidences": confidences.tolist()}
    assert load("aurc").compute(**columns)["aurc"] == pytest.approx(expected)


def test_escalations_are_never_decided_and_the_unparsed_always() -> None:
    ranking = by_confidence([0.5, None, 0.9], ["escalate", "unparsed", "approve"], ["approve"] * 3, [[]] * 3)
    assert ranking.scores.tolist() == [-np.inf, np.inf, 0.9]
    assert ranking.true.tolist() == [True, True, False]
    wrong, right = ranking.steps()
    assert (wrong.tolist(), right.tolist()) == ([1.0, 1.0], [0.0, 1.0])


def test_one_risk_has_one_threshold_however_it_was_stated() -> None:
    # 1 - .9 is not .1 in floating point.
    approved = predicted("a", "approve", "approve", risk=1 - 0.9)
    rejected = predicted("b", "reject", "reject", risk=0.1)
    assert figures_of([approved, rejected], ["auprc"])["auprc"].value == 0.5


def test_intervals_of_ranked_metrics_agree_with_a_plain_loop() -> None:
    predictions = [
        predicted(str(i), "reject" if risk > 0.5 else "approve", gold, risk=float(risk), cluster=f"c{i // 2}")
        for i, (risk, gold) in enumerate(zip(RISKS, GOLD, strict=True))
    ]
    found = figures_of(predictions, ["auprc"])["auprc"]
    draws = []
    for _ in range(800):
        chosen = RNG.integers(0, 200, 200)
        rows = np.concatenate([2 * chosen, 2 * chosen + 1])
        draws.append(sk.average_precision_score(REJECTS[rows], RISKS[rows]))
    # Clusters of two: one more would move the mean over what gold rejects by two of its cases.
    far = reach(float(np.var(draws)), 2 / REJECTS.sum(), t.ppf(0.975, 199))
    assert (found.low, found.high) == pytest.approx((found.value - far, found.value + far), abs=0.01)
    assert found.low < np.quantile(draws, 0.025) and found.high > np.quantile(draws, 0.975)
    assert found.low < found.value < found.high


def test_weights_are_those_of_scikit_learn() -> None:
    weights = RNG.random(400)
    metric = RANKED["auprc"].load()
    predictions = [
        predicted(str(i), "approve", g, risk=float(r)) for i, (r, g) in enumerate(zip(RISKS, GOLD, strict=True))
    ]
    ranking, rows = metric.of(predictions)
    theirs = sk.average_precision_score(REJECTS, RISKS, sample_weight=weights)
    assert float(metric.value(ranking, weights[rows])) == pytest.approx(theirs)


def test_imported_predictions_without_risks_are_not_ranked() -> None:
    found = figures_of([predicted("a", "reject", "reject"), predicted("b", "approve", "approve")])
    assert {"auprc", "aurc", "brier"}.isdisjoint(found)
