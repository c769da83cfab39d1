"""Overlap with gold regions and intervals, against torchvision and by hand."""

import evaluate
import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from data import Gold, Ruling
from rl.evaluation import Prediction, figures_of, metric_path
from rl.evaluation.metrics.overlap import iou


def box(rule: object, *span: float, where: str = "image 0") -> dict[str, object]:
    return {"rule": rule, "where": where, "span": list(span)}


def region_iou(said: list[dict], meant: list[dict]) -> float:
    metric = evaluate.load(metric_path("region_iou"))
    return metric.compute(predictions=[said], references=[meant])["region_iou"]


def test_iou_of_boxes_is_torchvisions() -> None:
    corners = np.sort(np.random.default_rng(0).random((40, 2, 2)), axis=1).reshape(40, 4)
    theirs = box_iou(torch.tensor(corners), torch.tensor(corners))
    ours = [[iou(a, b) for b in corners.tolist()] for a in corners.tolist()]
    assert np.array(ours) == pytest.approx(theirs.numpy())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [((0, 2), (1, 3), 1 / 3), ((0, 1), (2, 3), 0), ((1, 1), (1, 1), 1), ((1, 1), (0, 2), 0), ((0, 4), (1, 2), 0.25)],
)
def test_iou_of_intervals(a: tuple[float, float], b: tuple[float, float], expected: float) -> None:
    assert iou(a, b) == iou(b, a) == pytest.approx(expected)


def test_boxes_answer_gold_one_to_one_under_their_own_rule() -> None:
    left, right = (0, 0, 0.5, 1), (0.5, 0, 1, 1)
    meant = [box(["A"], *left), box(["B", "B2"], *right)]
    assert region_iou([box("A", *left), box("B2", *right)], meant) == 1.0
    assert region_iou([box("A", *left)], meant) == 0.5  # B's place is missed
    assert region_iou([box("B", *left), box("A", *right)], meant) == 0.0  # right places, wrong rules
    assert region_iou([box("A", *left, where="image 1"), box("B", *right)], meant) == 0.5
    assert region_iou([], meant) == 0.0
    assert np.isnan(region_iou([box("A", *left)], []))


def test_scattering_boxes_does_not_pay() -> None:
    meant = [box(["A"], 0, 0, 1, 1)]
    assert region_iou([box("A", 0, 0, 1, 1)] * 4, meant) == 0.25


def test_predictions_give_their_evidence() -> None:
    def violation(rule: str, *evidence: dict) -> dict:
        return {"rule": rule, "evidence": list(evidence)}

    said = [
        violation("A", {"frame": 2, "region": [0, 0, 0.5, 1]}, {"interval": [0, 2]}),
        violation("B", {"quote": "x", "field": "title"}),
    ]
    meant = [violation("A", {"frame": 2, "region": [0, 0, 1, 1]}, {"interval": [1, 3]}), {"rule": "B"}]
    prediction = Prediction(
        case="a",
        cluster="a",
        ruling=Ruling(verdict="reject", confidence=1, violations=said),
        gold=Gold(verdict="reject", violations=meant),
    )
    found = figures_of([prediction])
    assert found["region_iou"].value == 0.5 and found["interval_miou"].value == pytest.approx(1 / 3)
    silent = figures_of([prediction.model_copy(update={"ruling": None})])
    assert silent["region_iou"].value == silent["interval_miou"].value == 0.0
