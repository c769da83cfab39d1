"""Overlap with gold regions and intervals: against torchvision, the formulas of temporal grounding, and by hand."""

from pathlib import Path

import evaluate
import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from data import Brief, Case, Gold, Rulebook, Ruling
from rl.evaluation import Prediction, figures_of, load_predictions, metric_path, save_predictions
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


def span(rule: object, start: float, end: float) -> dict[str, object]:
    return box(rule, start, end, where="")


def of_intervals(said: list[list[dict]], meant: list[list[dict]]) -> dict[str, float]:
    return evaluate.load(metric_path("interval_miou")).compute(predictions=said, references=meant)


def test_with_one_interval_each_it_is_temporal_groundings_recall_and_miou() -> None:
    """R@1, IoU=m and mIoU as the field's evaluators work them out: the union is from the first start to the last end,
    which is the same wherever two intervals meet, and nothing is shared elsewhere."""
    draw = np.random.default_rng(0)
    pairs = np.sort(draw.uniform(0, 30, (400, 2, 2)), axis=2)
    theirs = []
    for (start, end), (gold_start, gold_end) in pairs:
        shared = max(0.0, min(end, gold_end) - max(start, gold_start))
        theirs.append(shared / (max(end, gold_end) - min(start, gold_start)))
    ours = of_intervals([[span("A", *said)] for said, _ in pairs], [[span(["A"], *gold)] for _, gold in pairs])
    assert ours["interval_miou"] == pytest.approx(np.mean(theirs))
    for level in (0.3, 0.5, 0.7):
        assert ours[f"intervals_at_iou_{100 * level:.0f}"] == pytest.approx(np.mean(np.array(theirs) >= level))
    assert 0.05 < ours["intervals_at_iou_70"] < ours["intervals_at_iou_50"] < ours["intervals_at_iou_30"] < 0.9


def test_levels_of_iou_by_hand() -> None:
    meant = [[span(["A"], 0, 10), span(["A"], 20, 30)], [span(["B"], 0, 10)], []]
    said = [[span("A", 0, 5), span("A", 21, 30), span("A", 50, 60)], [span("C", 0, 10)], [span("A", 0, 1)]]
    found = of_intervals(said, meant)  # .5 and .9 of A's two; one too many of A; B's is missed
    assert found["interval_miou"] == pytest.approx(1.4 / 4)
    assert [found[f"intervals_at_iou_{m}"] for m in (30, 50, 70)] == [2 / 4, 2 / 4, 1 / 4]
    assert found["support"] == 3


def timed(*evidence: dict, gold: tuple[dict, ...], rule: str = "A") -> Prediction:
    """What is cited for a rule against gold's evidence for A (or B), on a case with a frame every two seconds."""
    case = Case.model_validate(
        {
            "id": "a",
            "frames": [{"path": f"{n}.jpg", "time": 2 * n} for n in range(10)],
            "gold": {"verdict": "reject", "violations": [{"rule": "A", "or": ["B"], "evidence": list(gold)}]},
        }
    )
    cited = [{"rule": rule, "evidence": list(evidence)}]
    ruling = Ruling.model_validate({"verdict": "reject", "confidence": 1, "violations": cited})
    book = Rulebook.model_validate({"name": "b", "rules": [{"id": i, "text": "No."} for i in "ABC"]})
    return Prediction.of(ruling, Brief(case, book))


def at(start: float, end: float) -> dict:
    return {"interval": [start, end]}


def frame(number: int) -> dict:
    return {"frame": number, "region": [0, 0, 1, 1]}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ([frame(2)], 1.0),  # at 4 s, of 3 to 6
        ([frame(3)], 1.0),  # at its end
        ([frame(4)], 0.0),
        ([frame(2), frame(9)], 0.5),
        ([frame(n) for n in range(10)], 0.3),  # two in 3 to 6, one at 16
        ([at(4, 5)], 1.0),
        ([at(0, 7)], 1.0),  # badly bounded, and in the middle of it
        ([at(0, 18)], 0.0),  # everything
        ([at(15, 17), frame(2)], 1.0),  # gold's other interval
        ([{"image": 0, "region": [0, 0, 1, 1]}, {"quote": "x", "field": "title"}], 0.0),  # nothing in time
        ([frame(99)], 0.0),  # no such frame
    ],
)
def test_frame_hit_rate_by_hand(said: list[dict], value: float) -> None:
    gold = (at(3, 6), at(16, 16), {"quote": "x", "field": "title"})
    assert figures_of([timed(*said, gold=gold)])["frame_hit_rate"].value == pytest.approx(value)
    assert figures_of([timed(*said, gold=gold, rule="B")])["frame_hit_rate"].value == pytest.approx(value)
    assert figures_of([timed(*said, gold=gold, rule="C")])["frame_hit_rate"].value == 0.0


def test_frame_hit_rate_speaks_of_violations_with_intervals_alone(tmp_path: Path) -> None:
    found = [timed(frame(2), gold=(at(3, 6),)), timed(frame(2), gold=({"quote": "x", "field": "t"},))]
    assert "frame_hit_rate" not in figures_of(found[1:])
    rate = figures_of(found)["frame_hit_rate"]
    assert (rate.value, rate.support) == (1.0, 1)
    save_predictions(found[:1], tmp_path / "p.parquet")
    assert load_predictions(tmp_path / "p.parquet") == found[:1]
