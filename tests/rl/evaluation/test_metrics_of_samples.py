"""Several samples a case, and variants of a case, against counting every choice."""

from itertools import combinations

import evaluate
import numpy as np
import pytest

from rl.evaluation import Evaluation, figures_of, metric_path

from .conftest import predicted

RNG = np.random.default_rng(5)
KINDS = ("approve", "reject", "escalate", "unparsed")
CASES = [(str(RNG.choice(KINDS[:3])), RNG.choice(KINDS, 8).tolist()) for _ in range(12)]
COLUMNS = {
    "predictions": [verdict for _, verdicts in CASES for verdict in verdicts],
    "references": [gold for gold, verdicts in CASES for _ in verdicts],
    "cases": [str(case) for case, (_, verdicts) in enumerate(CASES) for _ in verdicts],
}


def load(name: str) -> evaluate.Metric:
    return evaluate.load(metric_path(name))


@pytest.mark.parametrize("k", [2, 4, 8])
def test_pass_at_k_is_the_mean_over_every_choice(k: int) -> None:
    shares = [np.mean([gold in chosen for chosen in combinations(verdicts, k)]) for gold, verdicts in CASES]
    found = load("pass_at_k").compute(**COLUMNS)
    assert found[f"pass_at_{k}"] == pytest.approx(np.mean(shares))
    assert np.isnan(found["pass_at_16"]) and found["support"] == len(CASES)


@pytest.mark.parametrize("k", [3, 5, 8])
def test_majority_at_k_is_the_mean_over_every_choice(k: int) -> None:
    def won(gold: str, chosen: tuple[str, ...]) -> float:
        most = max(map(chosen.count, chosen))
        leaders = {verdict for verdict in chosen if chosen.count(verdict) == most}
        return (gold in leaders) / len(leaders)

    shares = [np.mean([won(gold, chosen) for chosen in combinations(verdicts, k)]) for gold, verdicts in CASES]
    assert load("majority_at_k").compute(**COLUMNS)[f"majority_at_{k}"] == pytest.approx(np.mean(shares))


def test_stability_is_the_share_of_pairs_that_agree() -> None:
    shares = [np.mean([a == b != "unparsed" for a, b in combinations(verdicts, 2)]) for _, verdicts in CASES]
    assert load("verdict_stability").compute(**COLUMNS)["verdict_stability"] == pytest.approx(np.mean(shares))


def test_all_right_all_wrong_and_all_unparsed() -> None:
    columns = {"cases": ["a"] * 4, "references": ["reject"] * 4}
    for verdict, passed, stable in (("reject", 1, 1), ("approve", 0, 1), ("unparsed", 0, 0)):
        predictions = [verdict] * 4
        assert load("pass_at_k").compute(predictions=predictions, **columns)["pass_at_4"] == passed
        assert load("majority_at_k").compute(predictions=predictions, **columns)["majority_at_3"] == passed
        assert load("verdict_stability").compute(predictions=predictions, **columns)["verdict_stability"] == stable


def test_a_vote_of_different_size_for_each_case() -> None:
    columns = {"cases": ["a", "a", "b", "b", "b"], "references": ["reject"] * 5}
    found = load("majority_at_k").compute(predictions=["reject"] * 5, **columns)
    assert (found["majority_at_3"], found["support"]) == (1.0, 1)


def test_one_sample_a_case_has_no_such_figures() -> None:
    found = figures_of([predicted("a", "reject", "reject"), predicted("b", "approve", "reject")])
    assert not [name for name in found if name.startswith(("pass_at", "majority_at", "verdict_stability"))]


def test_an_accepted_verdict_wins_a_vote_as_golds_own() -> None:
    predictions = [
        predicted("a", verdict, "reject", accept=["escalate"], sample=sample, cluster="a")
        for sample, verdict in enumerate(["escalate", "escalate", "approve"])
    ]
    found = figures_of(predictions, ["majority_at_k", "pass_at_k"])
    assert found["majority_at_3"].value == 1.0 and found["pass_at_2"].value == 1.0


def test_robustness_compares_variants_with_their_originals_sample_by_sample() -> None:
    predictions = [
        predicted(case, verdict, "reject", sample=sample, meta=meta)
        for case, verdict, sample, meta in [
            ("a", "reject", 0, {}),
            ("a", "approve", 1, {}),
            ("a~rule-order", "reject", 0, {"variant_of": "a", "variant": "rule-order"}),
            ("a~rule-order", "reject", 1, {"variant_of": "a", "variant": "rule-order"}),
            ("a~p", "reject", 0, {"variant_of": "a", "variant": "paraphrase"}),
            ("b", None, 0, {}),
            ("b~p", None, 0, {"variant_of": "b", "variant": "paraphrase"}),
            ("c~p", "reject", 0, {"variant_of": "gone", "variant": "paraphrase"}),
        ]
    ]
    found = figures_of(predictions, ["robustness"])
    assert found["rule_order_stability"].value == 0.5
    assert found["paraphrase_stability"].value == 0.5  # both unparsed is not the same
    assert "rule_ids_stability" not in found


def test_variants_count_for_robustness_alone() -> None:
    own = [predicted(name, "reject", "reject") for name in "ab"]
    varied = [
        predicted(f"{name}~o", "approve", "reject", cluster=name, meta={"variant_of": name, "variant": "rule-order"})
        for name in "ab"
    ]
    evaluation = Evaluation("m", "test", own, variants=varied)
    assert evaluation.metrics["verdict_accuracy"].value == 1.0 and evaluation.cells.sum() == 2
    assert evaluation.metrics["rule_order_stability"].value == 0.0
