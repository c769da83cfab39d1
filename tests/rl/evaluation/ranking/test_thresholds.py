"""Thresholds are chosen on one set, frozen, and judged on another."""

import evaluate
import numpy as np
import pytest
from sklearn import metrics as sk

from rl.evaluation import (
    Evaluation,
    Prediction,
    Settings,
    choose_thresholds,
    figures_of,
    load_evaluation,
    metric_path,
    save_evaluation,
)

from ..conftest import predicted


def drawn(seed: int, count: int = 1000, digits: int = 2) -> tuple[list[Prediction], np.ndarray, np.ndarray]:
    """Predictions, whether gold rejects, and stated risks."""
    rng = np.random.default_rng(seed)
    rejects = rng.random(count) < 0.3
    risks = np.clip(rng.normal(np.where(rejects, 0.7, 0.3), 0.2), 0, 1).round(digits)
    predictions = [
        predicted(str(i), "reject" if risk > 0.5 else "approve", "reject" if no else "approve", risk=float(risk))
        for i, (risk, no) in enumerate(zip(risks, rejects, strict=True))
    ]
    return predictions, rejects, risks


def test_several_samples_of_a_case_are_one_case() -> None:
    few = [p.model_copy(update={"sample": sample}) for p in VALID[:200] for sample in range(4)]
    assert sum(p.gold is not None and p.gold.verdict == "reject" for p in few) > 200
    chosen = choose_thresholds(few)
    assert chosen.positives == int(VALID_REJECTS[:200].sum()) < 100
    assert chosen.chosen["precision_90"].note == f"too few: {chosen.positives} cases to reject, 100 are needed"
    settings = Settings(thresholds=CHOSEN)
    assert Evaluation("m", "test", few, settings=settings).notes["recall_at_precision_90"].startswith("too few: ")


VALID, VALID_REJECTS, VALID_RISKS = drawn(1)
TEST, TEST_REJECTS, TEST_RISKS = drawn(2)
CHOSEN = choose_thresholds(VALID, "valid")


@pytest.mark.parametrize("target", [0.9, 0.95])
def test_for_a_precision_the_threshold_of_greatest_recall(target: float) -> None:
    precision, recall, thresholds = sk.precision_recall_curve(VALID_REJECTS, VALID_RISKS)
    best = max(np.flatnonzero(precision[:-1] >= target), key=lambda place: recall[place])
    found = CHOSEN.chosen[f"precision_{target * 100:.0f}"]
    assert found.value == pytest.approx(thresholds[best])
    assert found.achieved == pytest.approx(precision[best])


@pytest.mark.parametrize("target", [0.9, 0.95])
def test_for_a_recall_the_highest_threshold_that_has_it(target: float) -> None:
    _, recall, thresholds = sk.precision_recall_curve(VALID_REJECTS, VALID_RISKS)
    assert CHOSEN.chosen[f"recall_{target * 100:.0f}"].value == pytest.approx(max(thresholds[recall[:-1] >= target]))


def test_for_an_error_the_threshold_that_decides_most() -> None:
    threshold = CHOSEN.chosen["risk_05"].value
    assert threshold is not None
    verdicts = VALID_RISKS > 0.5
    confidence = np.where(verdicts, VALID_RISKS, 1 - VALID_RISKS).round(9)

    def error(lowest: float) -> float:
        return float((verdicts != VALID_REJECTS)[confidence >= lowest].mean())

    assert error(threshold) <= 0.05
    assert all(error(lower) > 0.05 for lower in np.unique(confidence) if lower < threshold)


def test_figures_on_other_cases_are_at_the_frozen_threshold() -> None:
    found = figures_of(TEST, settings=Settings(thresholds=CHOSEN))
    precise, catching = CHOSEN.chosen["precision_90"].value, CHOSEN.chosen["recall_95"].value
    flagged = precise <= TEST_RISKS
    assert found["recall_at_precision_90"].value == pytest.approx(sk.recall_score(TEST_REJECTS, flagged))
    assert found["achieved_precision_90"].value == pytest.approx(sk.precision_score(TEST_REJECTS, flagged))
    flagged = catching <= TEST_RISKS
    assert found["false_flag_rate_at_recall_95"].value == pytest.approx(flagged[~TEST_REJECTS].mean())
    assert found["achieved_recall_95"].value == pytest.approx(flagged[TEST_REJECTS].mean())
    verdicts = TEST_RISKS > 0.5
    decided = np.where(verdicts, TEST_RISKS, 1 - TEST_RISKS).round(9) >= CHOSEN.chosen["risk_05"].value
    assert found["escalation_rate_at_risk_05"].value == pytest.approx(1 - decided.mean())
    assert found["achieved_risk_05"].value == pytest.approx((verdicts != TEST_REJECTS)[decided].mean())


def test_the_module_alone() -> None:
    metric = evaluate.load(metric_path("recall_at_precision"))
    columns = {"predictions": [0.9, 0.4, None, 0.95, None], "references": ["reject"] * 3 + ["approve"] * 2}
    found = metric.compute(**columns, thresholds=[0.5, None])
    # Of three to reject one is caught; beside it stand a false flag and one that states nothing.
    assert found["recall_at_precision_90"] == found["achieved_precision_90"] == pytest.approx(1 / 3)
    assert np.isnan(found["recall_at_precision_95"]) and found["support"] == 3


def test_without_thresholds_nobody_asks() -> None:
    evaluation = Evaluation("m", "test", TEST)
    assert not [name for name in evaluation.metrics if "_at_" in name or "achieved" in name]
    assert evaluation.notes == {}


def test_under_a_hundred_positives_it_says_too_few_and_gives_no_figure() -> None:
    few = choose_thresholds(VALID[:200], "valid")
    assert few.positives < 100 and few.chosen["precision_90"].value is None
    evaluation = Evaluation("m", "test", TEST, settings=Settings(thresholds=few))
    assert evaluation.notes["recall_at_precision_90"].startswith(f"too few: {few.positives} cases to reject")
    assert evaluation.notes["recall_at_precision_90"].endswith("in valid")
    assert "recall_at_precision_90" not in evaluation.metrics
    small = Evaluation("m", "test", TEST[:90], settings=Settings(thresholds=CHOSEN))
    assert small.notes["escalation_rate_at_risk_05"].startswith("too few: 90 cases")
    assert "recall_at_precision_90" not in small.metrics and "escalation_rate_at_risk_05" not in small.metrics


def test_a_precision_that_no_threshold_reaches() -> None:
    predictions = [predicted(str(i), "reject", "reject" if i % 2 else "approve", risk=0.9) for i in range(400)]
    found = choose_thresholds(predictions)
    assert (found.chosen["precision_90"].value, found.chosen["precision_90"].note) == (
        None,
        "not reached at any threshold",
    )
    assert found.chosen["recall_90"].value == 0.9


def test_unparsed_completions_cannot_be_chosen_away() -> None:
    silent = [predicted(f"u{i}", None, "approve") for i in range(100)]
    found = choose_thresholds([*VALID, *silent])
    assert found.chosen["precision_95"].value is None or (
        found.chosen["precision_95"].value > CHOSEN.chosen["precision_95"].value  # type: ignore[operator]
    )


def test_thresholds_are_kept_with_the_evaluation(tmp_path) -> None:
    settings = Settings(thresholds=CHOSEN, by=("severity",), prevalence=0.1)
    save_evaluation(Evaluation("m", "test", TEST, settings=settings), tmp_path)
    loaded = load_evaluation(tmp_path)
    assert loaded.settings.to_json() == settings.to_json()
    assert loaded.notes == {} == Evaluation("m", "test", TEST, settings=settings).notes
