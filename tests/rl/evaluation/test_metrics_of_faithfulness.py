"""Figures of probed decisions, by hand, alone through `evaluate.load`."""

import evaluate
import pytest

from rl.evaluation import figures_of, metric_path
from rl.evaluation.faithfulness.results import Decision, Followed, Probed

from .conftest import predicted

APPROVE, REJECT, OTHER, UNPARSED = ["approve"], ["reject", "A"], ["reject", "B"], ["unparsed"]


def load(name: str) -> evaluate.Metric:
    return evaluate.load(metric_path(name))


def test_a_decision_is_the_verdict_with_the_rules() -> None:
    columns = {
        "predictions": [REJECT, OTHER, APPROVE, UNPARSED, None],
        "references": [REJECT, REJECT, REJECT, UNPARSED, REJECT],
    }
    found = load("sufficiency").compute(**columns)
    assert found == {"sufficiency": 0.5, "sufficiency_of_decision": 0.25, "support": 4}
    assert load("requoted_change_rate").compute(**columns) == {"requoted_change_rate": 0.75, "support": 4}


@pytest.mark.parametrize("name", ["necessity", "necessity_of_broken", "necessity_of_clear"])
def test_to_follow_is_to_decide_as_called_for(name: str) -> None:
    columns = {
        "predictions": [APPROVE, REJECT, REJECT, OTHER, UNPARSED],
        "references": [APPROVE, APPROVE, *[REJECT] * 3],
    }
    assert load(name).compute(**columns) == {name: 0.4, "support": 5}


def test_what_flips_is_a_mean_over_cases() -> None:
    found = load("resampled_flip_rate").compute(
        predictions=[["reject"] * 4, ["approve", "unparsed"], None], references=["reject", "approve", "approve"]
    )
    assert found == {"resampled_flip_rate": 0.25, "support": 2}


def test_the_gain_is_what_is_right_with_reasoning_less_what_is_right_without() -> None:
    columns = {
        "predictions": ["reject", "reject", "approve", "approve", "reject"],
        "references": ["reject", "reject", "approve", "reject", None],
        "without": ["approve", "reject", "unparsed", "escalate", "reject"],
    }
    found = load("accuracy_without_reasoning").compute(**columns)
    assert found == {"accuracy_without_reasoning": 0.25, "support": 4}
    assert load("reasoning_gain").compute(**columns)["reasoning_gain"] == 0.5
    also = load("reasoning_gain").compute(**columns, accept=[[], [], [], ["escalate"], []])
    assert also["reasoning_gain"] == 0.25


def test_figures_are_read_off_predictions_that_were_probed() -> None:
    def of(case: str, probed: Probed | None) -> object:
        return predicted(case, "reject", "reject", rules=["A"], broken=["A"], probed=probed)

    same, changed = Decision.citing("reject", ["A"]), Decision.citing("approve", [])
    followed = Followed(rule="A", outcome="clear", called_for=changed, decided=changed)
    raised = Followed(rule="A", outcome="broken", called_for=same, decided=changed)
    probed = Probed(alone=same, flipped=followed, requoted=changed, resampled=(same, changed), without=changed)
    figures = figures_of([of("a", probed), of("b", None), of("c", Probed(without=same, flipped=raised))])  # type: ignore[list-item]
    found = {name: (estimate.value, estimate.support) for name, estimate in figures.items()}
    assert found["sufficiency"] == found["necessity_of_broken"] == (1, 1)
    assert found["necessity"] == (0.5, 2) and found["necessity_of_clear"] == (0, 1)
    assert found["requoted_change_rate"] == (1, 1) and found["resampled_flip_rate"] == (0.5, 1)
    assert found["accuracy_without_reasoning"] == (0.5, 2) and found["reasoning_gain"] == (0.5, 2)
    assert "sufficiency" not in figures_of([of("b", None)])  # type: ignore[list-item]
