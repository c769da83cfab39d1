"""The curves that the page draws, against scikit-learn and scipy."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from rl.evaluation import precision_recall, reliability, risk_coverage
from rl.evaluation.ranking.curves import wilson
from rl.evaluation.ranking.ranking import risk_of

from ..conftest import predicted

RNG = np.random.default_rng(4)
REJECTS = RNG.random(300) < 0.4
RISKS = np.clip(RNG.normal(np.where(REJECTS, 0.65, 0.4), 0.2), 0, 1).round(2)
PREDICTIONS = [
    predicted(str(i), "reject" if risk > 0.5 else "approve", "reject" if rejects else "approve", risk=float(risk))
    for i, (risk, rejects) in enumerate(zip(RISKS, REJECTS, strict=True))
]
BESIDE = [predicted("e", "escalate", "escalate", risk=0.5), predicted("u", None, "reject")]


def test_precision_and_recall_at_every_threshold() -> None:
    precision, recall, thresholds = sk.precision_recall_curve(REJECTS, RISKS)
    found = precision_recall(PREDICTIONS)
    assert found.thresholds == pytest.approx(thresholds[::-1])
    assert found.precision == pytest.approx(precision[-2::-1])
    assert found.recall == pytest.approx(recall[-2::-1])
    assert found.average_precision == pytest.approx(sk.average_precision_score(REJECTS, RISKS))
    assert (found.cases, found.positives, found.prevalence) == (300, REJECTS.sum(), REJECTS.mean())


def test_what_is_left_out_is_counted() -> None:
    found = precision_recall([*PREDICTIONS, *BESIDE])
    assert (found.cases, found.left_out, found.unparsed) == (301, 1, 1)
    assert max(found.recall) == pytest.approx(REJECTS.sum() / (REJECTS.sum() + 1))  # the unparsed one is never caught


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    whole, thin = precision_recall(PREDICTIONS, points=10_000), precision_recall(PREDICTIONS, points=10)
    assert len(thin.thresholds) == 10 < len(whole.thresholds)
    assert (thin.thresholds[0], thin.thresholds[-1]) == (whole.thresholds[0], whole.thresholds[-1])
    assert thin.average_precision == whole.average_precision


def test_reliability() -> None:
    found = reliability([*PREDICTIONS, *BESIDE])
    # scikit-learn's bins include their upper end, ours their lower one.
    observed, stated = calibration_curve(REJECTS, np.minimum(RISKS + 1e-9, 1), n_bins=10)
    assert found.observed == pytest.approx(observed)
    assert found.stated == pytest.approx(stated)
    assert sum(found.counts) == 300 and (found.left_out, found.unparsed) == (1, 1)
    assert (np.array(found.low) <= np.array(found.observed) + 1e-9).all()
    assert (np.array(found.high) >= np.array(found.observed) - 1e-9).all()


def test_wilsons_interval() -> None:
    hits, counts = np.array([0.0, 3.0, 20.0]), np.array([5, 10, 20])
    found = np.array(wilson(hits, counts)).T
    theirs = [
        stats.binomtest(int(k), int(n)).proportion_ci(method="wilson") for k, n in zip(hits, counts, strict=True)
    ]
    assert found == pytest.approx(np.array([(ci.low, ci.high) for ci in theirs]))


def test_risk_and_coverage() -> None:
    found = risk_coverage([*PREDICTIONS, *BESIDE])
    verdicts = RISKS > 0.5
    confidence = np.where(verdicts, RISKS, 1 - RISKS).round(9)
    for threshold, coverage, risk in zip(found.confidence[1:], found.coverage[1:], found.risk[1:], strict=True):
        decided = confidence >= threshold
        wrong = (verdicts != REJECTS)[decided].sum() + 1  # the unparsed one is decided, wrongly, at every threshold
        assert coverage == pytest.approx((decided.sum() + 1) / 302)
        assert risk == pytest.approx(wrong / (decided.sum() + 1))
    assert found.confidence[0] == np.inf and found.risk[0] == 1.0
    assert found.coverage[-1] == pytest.approx(301 / 302)  # the escalation is never decided


def test_nothing_to_draw() -> None:
    for predictions in ([], [predicted("a", None, None)]):
        assert precision_recall(predictions).thresholds == []
        assert reliability(predictions).counts == []
        assert risk_coverage(predictions).coverage == []


def test_the_verdicts_token_is_another_source_of_risk() -> None:
    said = {"risk": 0.9, "verdict_logprob": float(np.log(0.75))}
    assert risk_of(predicted("a", "reject", "reject", **said), "verdict token") == pytest.approx(0.75)
    assert risk_of(predicted("a", "approve", "reject", **said), "verdict token") == pytest.approx(0.25)
    assert risk_of(predicted("a", "escalate", "reject", **said), "verdict token") == 0.5
    assert risk_of(predicted("a", "reject", "reject", risk=0.9), "verdict token") is None
    assert risk_of(predicted("a", "reject", "reject", **said)) == 0.9
    assert reliability([predicted("a", "reject", "reject", **said)], source="verdict token").stated == [0.75]


def test_several_samples_of_a_case_do_not_narrow_the_reliability() -> None:
    once = [predicted(f"c{i}", "reject", "reject" if i % 3 else "approve", risk=0.72) for i in range(30)]
    sampled = [row.model_copy(update={"sample": sample}) for row in once for sample in range(8)]
    alone, found = reliability(once), reliability(sampled)
    assert (found.counts, found.low, found.high) == (alone.counts, alone.low, alone.high) and alone.counts == [30]
