"""The gate stops what an average hides, lets through what is fine, and says when it cannot tell."""

from pathlib import Path

import numpy as np
import pytest

from data import DataError
from rl.evaluation import Comparison, Evaluation, Gate, GateResult, compare
from rl.evaluation.comparison.criteria import hold
from rl.evaluation.comparison.models import Models

from .conftest import model, row

N = 3_000
# Half of the cases break a rule; one violation in twelve is of the critical one.
BROKEN = [None if i % 2 else "C-1" if i % 24 == 0 else ("A-1", "B-1")[i // 2 % 2] for i in range(N)]
CRITICAL = np.array([rule == "C-1" for rule in BROKEN])
RNG = np.random.default_rng(0)
BASE = RNG.random(N) < 0.8
BETTER = np.where(CRITICAL, BASE, BASE | (RNG.random(N) < 0.3))
PLANTED = BETTER & ~(CRITICAL & (np.cumsum(CRITICAL) % 4 == 0))
GATE = Gate.model_validate(
    {
        "name": "launch",
        "criteria": [
            {"metric": "verdict_accuracy", "margin": 0.01},
            {"metric": "miss_rate", "margin": 0.05, "severity": "critical", "min_support": 10},
        ],
    }
)


def held(gate: Gate, *challengers: np.ndarray, cases: int = N) -> GateResult:
    names = ["old", "new", "newer"]
    models = [
        model(name, rights[:cases].tolist(), BROKEN) for name, rights in zip(names, (BASE, *challengers), strict=False)
    ]
    return hold(gate, Models.of(models, resamples=500, seed=0))


def gated(challenger: np.ndarray, cases: int = N) -> Comparison:
    base, other = (model(name, r[:cases].tolist(), BROKEN) for name, r in (("old", BASE), ("new", challenger)))
    return compare(base, other, gate=GATE, resamples=500)


def result(found: Comparison) -> GateResult:
    assert found.gate is not None
    return found.gate


def test_a_regression_on_one_rare_critical_rule_behind_a_better_average_fails() -> None:
    found = gated(PLANTED)
    assert found.metrics[0].judgements == ["better"]
    gate = result(found)
    assert gate.decision == "fail" and gate.by_model == {"new": "fail"} and gate.needed is None
    assert found.sentence == gate.sentence
    assert found.sentence.startswith("Gate “launch” fails: new is worse than old on miss rate, severity critical by ")
    assert "new reviews better than old" in found.details
    first = gate.criteria[0]
    assert first.decision == "fail" and first.found.low > 0.05 and first.bound == first.found.high
    assert gate.criteria[1].decision == "pass"


def test_the_same_without_the_regression_passes() -> None:
    found = gated(BETTER)
    assert result(found).decision == "pass"
    assert found.sentence == "Gate “launch” passes: new keeps within the margin on 2 criteria."


@pytest.mark.parametrize("challenger", [PLANTED, BETTER])
def test_a_tenth_of_the_cases_cannot_tell(challenger: np.ndarray) -> None:
    found = gated(challenger, N // 10)
    gate = result(found)
    assert gate.decision == "undecided" and gate.criteria[0].decision == "undecided"
    assert (
        "is undecided: 300 cases cannot tell whether new keeps within the margin on 1 of 2 criteria" in found.sentence
    )
    needed = gate.criteria[0].needed
    assert needed is not None and gate.needed is not None
    here = int(CRITICAL[: N // 10].sum())
    assert gate.criteria[0].found.support == here < needed
    assert (
        gate.needed == pytest.approx(needed * 300 / here, rel=0.01)
        and f"{gate.needed:,} cases like these" in found.sentence
    )


def test_the_number_of_cases_that_would_decide_is_about_right() -> None:
    needed = held(GATE, BETTER, cases=N // 10).criteria[0].needed
    assert needed is not None and CRITICAL.sum() / 4 <= needed <= 2 * CRITICAL.sum(), "all of them pass"


def test_each_makes_a_criterion_of_every_part() -> None:
    gate = Gate.model_validate({"criteria": [{"metric": "rule_recall", "margin": 0.05, "each": "rule"}]})
    found = held(gate, PLANTED)
    assert {c.title: c.decision for c in found.criteria} == {
        "rule recall, rule A-1": "pass",
        "rule recall, rule B-1": "pass",
        "rule recall, rule C-1": "fail",
    }
    broken = next(c for c in found.criteria if c.decision == "fail")
    assert broken.found.value == pytest.approx(
        (PLANTED & ~BASE | BASE & PLANTED)[CRITICAL].mean() - BASE[CRITICAL].mean()
    )
    for kind, parts in (("severity", 3), ("category", 3)):
        by = Gate.model_validate({"criteria": [{"metric": "verdict_accuracy", "margin": 0.05, "each": kind}]})
        assert len(held(by, PLANTED).criteria) == parts


def test_a_part_can_be_named() -> None:
    gate = Gate.model_validate(
        {
            "criteria": [
                {"metric": "verdict_accuracy", "margin": 0.05, "category": "C"},
                {"metric": "verdict_accuracy", "margin": 0.05, "rule": "C-1"},
            ]
        }
    )
    by_category, by_rule = held(gate, PLANTED).criteria
    assert by_category.found == by_rule.found


def test_several_challengers_must_all_hold() -> None:
    found = held(GATE, BETTER, PLANTED)
    assert found.by_model == {"new": "pass", "newer": "fail"} and found.decision == "fail"


@pytest.mark.parametrize(
    ("criterion", "message"),
    [
        (
            {"metric": "miss_rate", "margin": 0.1, "category": "c"},
            "category 'c' .did you mean 'C'..: there are ",
        ),
        ({"metric": "miss_rate", "margin": 0.1, "severity": "high"}, "no case here breaks a rule of severity 'high'"),
        ({"metric": "miss_rate", "margin": 0.1, "rule": "Z"}, "no case here breaks rule 'Z': there are A-1, B-1, C-1"),
        ({"metric": "flip_recall", "margin": 0.1}, "'flip recall' says nothing about these cases"),
        ({"metric": "false_flag_rate", "margin": 0.1, "severity": "low"}, "says nothing about these cases"),
    ],
)
def test_a_criterion_that_cannot_be_held_against_the_cases_is_an_error(criterion: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        held(Gate.model_validate({"criteria": [criterion]}), BETTER, cases=300)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("criteria: []", "criteria: "),
        ("criteria: [{metric: miss_rat, margin: 0.1}]", "no gate can ask for 'miss_rat' .did you mean 'miss_rate'"),
        ("criteria: [{metric: coverage, margin: 0.1}]", "no gate can ask for 'coverage'"),
        ("criteria: [{metric: miss_rate, margin: -0.1}]", "margin: "),
        ("criteria: [{metric: miss_rate}]", "give one of margin, at_most and at_least, not none of them"),
        ("criteria: [{metric: miss_rate, margin: .1, at_most: .1}]", "not margin and at_most"),
        ("criteria: [{metric: miss_rate, at_least: .1}]", "better the lower it is: give at_most, not at_least"),
        ("criteria: [{metric: auprc, at_most: .1}]", "better the higher it is: give at_least, not at_most"),
        ("criteria: [{metric: miss_rate, margin: .1, min_support: 0}]", "min_support: "),
        ("criteria: [{metric: miss_rate, at_most: 5}]", r"a share, so at_most is from 0 to 1 \(0.05 for 5 %\), not 5"),
        ("criteria: [{metric: verdict_accuracy, margin: 3}]", "a share, so margin is from 0 to 1"),
        ("criteria: [{metric: miss_rate, at_most: -1}]", "a share, so at_most is from 0 to 1"),
        ("criteria: [{metric: miss_rate, margin: .1, severty: low}]", "severty: unknown key .did you mean 'severity'"),
        ("criteria: [{metric: miss_rate, margin: .1, severity: low, each: rule}]", "give one of severity and each"),
        ("criteria: [{metric: miss_rate, margin: .1, severity: dire}]", "severity: "),
    ],
)
def test_a_mistake_in_a_gate_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        Gate.load(path)
    with pytest.raises(DataError, match="no such gate file"):
        Gate.load(tmp_path / "none.yaml")


def test_models_that_are_the_same_pass_only_with_enough_cases() -> None:
    gate = Gate.model_validate({"criteria": [{"metric": "rule_f1", "margin": 0.05}]})
    for cases, decision in ((20, "undecided"), (200, "pass")):
        rows = [row(f"c{i}", "A-1", i % 5 > 0) for i in range(cases)]
        models = Models.of([Evaluation("x", "test", rows), Evaluation("y", "test", rows)], resamples=500, seed=0)
        assert hold(gate, models).decision == decision


def test_limits_hold_whatever_the_baseline_does() -> None:
    wrong = np.arange(2_000) % 25 == 0  # 4 %, in either model
    models = Models.of(
        [model(name, (~wrong).tolist(), BROKEN[:2_000]) for name in ("old", "new")], resamples=500, seed=0
    )
    for limit, decision in ((0.06, "pass"), (0.045, "undecided"), (0.02, "fail")):
        gate = Gate.model_validate({"criteria": [{"metric": "miss_rate", "at_most": limit}]})
        found = hold(gate, models)
        (criterion,) = found.criteria
        assert found.decision == criterion.decision == decision
        assert criterion.found.value == pytest.approx(0.04, abs=0.001) and criterion.margin is None
        assert (criterion.needed is not None) == (decision == "undecided")
    assert "new has a miss rate of 4." in found.sentence and "where at most 2.0 % is allowed" in found.sentence
    gate = Gate.model_validate({"criteria": [{"metric": "verdict_accuracy", "at_least": 0.98}]})
    assert "and no more than 96." in hold(gate, models).sentence


def test_a_gate_can_ask_for_auprc() -> None:
    rows = [row(f"c{i}", "A-1" if i % 2 else None, i % 9 > 0, risk=0.9 - i % 7 / 100) for i in range(600)]
    models = Models.of([Evaluation("x", "test", rows), Evaluation("y", "test", rows)], resamples=300, seed=0)
    limits = [{"margin": 0.05}, {"at_least": 0.7}, {"at_least": 0.99}]
    found = hold(Gate.model_validate({"criteria": [{"metric": "auprc", **limit} for limit in limits]}), models)
    assert [criterion.decision for criterion in found.criteria] == ["fail", "pass", "pass"]


def test_too_few_cases_are_said_to_be_too_few() -> None:
    """A rule that three cases break: no number of cases "like these" is made of it."""
    broken = ["A-1" if i % 2 else None for i in range(400)]
    broken[1] = broken[3] = broken[5] = "C-1"
    models = Models.of([model(name, [i % 7 > 0 for i in range(400)], broken) for name in "xy"], 300, 0)
    gate = Gate.model_validate({"criteria": [{"metric": "rule_recall", "margin": 0.05, "each": "rule"}]})
    found = hold(gate, models)
    few, enough = found.criteria
    assert (few.title, few.decision, few.needed) == ("rule recall, rule C-1", "undecided", None)
    assert few.note == "too few: 3 of the 20 that it takes" and enough.decision == "pass"
    assert found.needed is None and "1 of them speaks of too few cases or groups to say" in found.sentence
    enough_is = {"metric": "rule_recall", "margin": 0.9, "rule": "C-1", "min_support": 3}
    assert not hold(Gate.model_validate({"criteria": [enough_is]}), models).criteria[0].note


def test_cases_of_too_few_groups_decide_nothing() -> None:
    rows = [[row(f"c{i}", "A-1", True, cluster=f"g{i % 6}") for i in range(600)] for _ in "xy"]
    models = Models.of([Evaluation(name, "test", found) for name, found in zip("xy", rows, strict=True)], 300, 0)
    (found,) = hold(Gate.model_validate({"criteria": [{"metric": "miss_rate", "margin": 0.3}]}), models).criteria
    assert found.decision == "undecided" and found.note.startswith("too few groups: the cases count for 6.0, 10 are")


def test_several_samples_of_a_case_are_one_case() -> None:
    broken = ["A-1" if i % 2 else None for i in range(60)]

    def sampled(name: str) -> Evaluation:
        rows = [row(f"c{i}", b, i % 9 > 0, sample=s) for i, b in enumerate(broken) for s in range(8)]
        return Evaluation(name, "test", rows)

    gate = {"criteria": [{"metric": "miss_rate", "margin": 0.1}, {"metric": "rule_recall", "margin": 0.1}]}
    found = hold(Gate.model_validate(gate), Models.of([sampled("x"), sampled("y")], 300, 0))
    assert [criterion.found.support for criterion in found.criteria] == [30, 30]
