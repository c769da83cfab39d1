"""Each rule apart, where a case may break several, against scikit-learn."""

import evaluate
import numpy as np
import pytest
from sklearn import metrics as sk

from rl.evaluation import Evaluation, metric_path
from rl.evaluation.by_rule import by_rule

from .conftest import predicted

RNG = np.random.default_rng(6)
RULES = ["A", "B", "C", "D"]
GOLD = RNG.random((250, 4)) < [0.5, 0.3, 0.1, 0.02]
MODEL = GOLD ^ (RNG.random((250, 4)) < 0.15)


def named(row: np.ndarray) -> list[str]:
    return [rule for rule, on in zip(RULES, row, strict=True) if on]


PREDICTIONS = [
    predicted(str(i), "reject", "reject", rules=named(model), broken=named(gold))
    for i, (model, gold) in enumerate(zip(MODEL, GOLD, strict=True))
]


def test_precision_recall_f1_and_support() -> None:
    found = by_rule(PREDICTIONS)
    theirs = sk.precision_recall_fscore_support(GOLD, MODEL)
    for rule, precision, recall, f1, support in zip(RULES, *theirs, strict=True):
        figure = found[rule]
        assert (figure.precision.value, figure.recall.value, figure.value) == pytest.approx((precision, recall, f1))
        assert figure.support == support and figure.few == (support < 20)
        assert figure.recall.low <= figure.recall.value <= figure.recall.high
    assert list(found) == sorted(RULES, key=lambda rule: -GOLD[:, RULES.index(rule)].sum())
    assert found["D"].few and not found["A"].few


def test_the_module_alone_adds_up_to_rule_f1() -> None:
    columns = {"predictions": [named(row) for row in MODEL], "references": [[[r] for r in named(row)] for row in GOLD]}
    alone = evaluate.load(metric_path("per_rule")).compute(**columns)
    whole = evaluate.load(metric_path("rule_f1")).compute(**columns)
    hits = sum(figures["recall"] * figures["support"] for figures in alone.values())
    cited = sum(figures["recall"] * figures["support"] / figures["precision"] for figures in alone.values())
    assert hits / whole["support"] == pytest.approx(whole["rule_recall"])
    assert hits / cited == pytest.approx(whole["rule_precision"])


def test_alternatives_count_for_the_rule_that_gold_names_first() -> None:
    metric = evaluate.load(metric_path("per_rule"))
    found = metric.compute(predictions=[["B"], ["A"]], references=[[["A", "B"]], []])
    assert found == {"A": {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}}


def test_a_rule_that_nobody_cites_has_no_precision() -> None:
    found = by_rule([predicted("a", "approve", "reject", broken=["A"]), predicted("b", None, "reject", broken=["A"])])
    assert np.isnan(found["A"].precision.value)
    assert (found["A"].recall.value, found["A"].value) == (0.0, 0.0)
    assert found["A"].recall.high > 0.5  # two cases say little


def test_without_annotated_rules_there_are_none() -> None:
    assert Evaluation("m", "test", [predicted("a", "reject", "reject")]).rules == {}
