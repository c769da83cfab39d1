"""Each metric against scikit-learn or a count by hand, alone through `evaluate.load`, offline."""

import evaluate
import numpy as np
import pytest
from sklearn import metrics as sk

from data import VERDICTS, Brief, Case, Rule, Rulebook, Ruling
from rewards import Prices, verdict_utility
from rl.evaluation import METRICS, RANKED, Prediction, Settings, figures_of, metric_path
from rl.evaluation.metrics import ALONE, HEADLINE, TITLES

from .conftest import predicted

RNG = np.random.default_rng(0)
GOLD = RNG.choice(VERDICTS, 300).tolist()
MODEL = [gold if RNG.random() < 0.7 else str(RNG.choice([*VERDICTS, "unparsed"])) for gold in GOLD]


def load(name: str) -> evaluate.Metric:
    return evaluate.load(metric_path(name))


ALL = {**METRICS, **RANKED, **ALONE}


@pytest.mark.parametrize("name", ALL)
def test_the_file_holds_the_metric_its_formula_and_its_source(name: str) -> None:
    metric = load(name)
    assert type(metric).__name__ == type(ALL[name].load()).__name__
    assert " = " in metric.description and "Source:" in metric.description
    assert ALL[name].titles


def test_tables_show_figures_that_exist() -> None:
    assert set(HEADLINE) < set(TITLES)
    assert len(HEADLINE) == len(set(HEADLINE))


def test_verdict_accuracy() -> None:
    found = load("verdict_accuracy").compute(predictions=MODEL, references=GOLD)
    decided = [i for i, verdict in enumerate(MODEL) if verdict in ("approve", "reject")]
    assert found["verdict_accuracy"] == pytest.approx(sk.accuracy_score(GOLD, MODEL))
    assert found["coverage"] == pytest.approx(len(decided) / 300)
    theirs = sk.accuracy_score([GOLD[i] for i in decided], [MODEL[i] for i in decided])
    assert found["accuracy_when_decided"] == pytest.approx(theirs)
    assert found["support"] == 300


def test_accepted_verdicts_are_right_and_unannotated_cases_do_not_count() -> None:
    columns = {"predictions": ["escalate", "approve", "reject"], "references": ["reject", "reject", None]}
    accept = [["escalate"], [], []]
    found = load("verdict_accuracy").compute(**columns, accept=accept)
    assert (found["verdict_accuracy"], found["coverage"], found["support"]) == (0.5, 0.5, 2)
    assert load("miss_rate").compute(**columns, accept=accept)["miss_rate"] == 0.5


def test_misses_and_false_flags_count_the_unparsed_and_keep_escalations_below() -> None:
    verdicts = ["approve", "unparsed", "escalate", "reject"]
    columns = {
        "predictions": [*verdicts, *reversed(verdicts), "approve"],
        "references": ["reject"] * 4 + ["approve"] * 4 + ["escalate"],
    }
    assert load("miss_rate").compute(**columns) == {"miss_rate": 0.5, "support": 4}
    assert load("false_flag_rate").compute(**columns) == {"false_flag_rate": 0.5, "support": 4}


def test_rates_agree_with_a_confusion_matrix() -> None:
    labels = [*VERDICTS, "unparsed"]
    table = sk.confusion_matrix(GOLD, MODEL, labels=labels)
    approve, reject, unparsed = (labels.index(name) for name in ("approve", "reject", "unparsed"))
    miss = table[reject, [approve, unparsed]].sum() / table[reject].sum()
    flag = table[approve, [reject, unparsed]].sum() / table[approve].sum()
    assert load("miss_rate").compute(predictions=MODEL, references=GOLD)["miss_rate"] == pytest.approx(miss)
    assert load("false_flag_rate").compute(predictions=MODEL, references=GOLD)["false_flag_rate"] == pytest.approx(
        flag
    )


def test_no_cases_of_a_kind_give_nan_and_not_zero() -> None:
    assert np.isnan(load("miss_rate").compute(predictions=["approve"], references=["approve"])["miss_rate"])


def test_macro_f1() -> None:
    theirs = sk.f1_score(GOLD, MODEL, labels=VERDICTS, average="macro", zero_division=0)
    assert load("macro_f1").compute(predictions=MODEL, references=GOLD)["macro_f1"] == pytest.approx(theirs)
    # A verdict that gold never gives is no class of the mean.
    found = load("macro_f1").compute(predictions=["reject", "escalate"], references=["reject", "approve"])
    assert found["macro_f1"] == 0.5


def test_macro_f1_is_a_mean_over_golds_verdicts_whatever_a_model_says() -> None:
    """One that takes an accepted verdict, and one that takes gold's own, have the same right: the same figure."""
    golds, accept = ["reject", "reject", "approve", "approve"], [["escalate"], [], [], []]
    found = [
        load("macro_f1").compute(predictions=[first, "reject", "approve", "reject"], references=golds, accept=accept)
        for first in ("reject", "escalate")
    ]
    assert found[0]["macro_f1"] == found[1]["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_balanced_accuracy() -> None:
    found = load("balanced_accuracy").compute(predictions=MODEL, references=GOLD)
    assert found["balanced_accuracy"] == pytest.approx(sk.recall_score(GOLD, MODEL, labels=VERDICTS, average="macro"))
    two = load("balanced_accuracy").compute(predictions=["reject"] * 3, references=["reject", "reject", "approve"])
    assert two["balanced_accuracy"] == 0.5


def test_cost_is_the_utility_of_training_turned_round() -> None:
    book = Rulebook(
        name="b", rules=[Rule(id=severity, text="No.", severity=severity) for severity in ("low", "critical")]
    )
    prices = Prices(miss=3, false_flag=2, escalation=0.1)
    for gold in VERDICTS:
        for rule in ("low", "critical", "not in the book"):
            violations = [{"rule": rule, "or": ["critical"]}] if gold == "reject" else []
            case = Case(id="a", gold={"verdict": gold, "violations": violations})
            for verdict in VERDICTS:
                ruling = Ruling(verdict=verdict, confidence=0.5)
                utility = verdict_utility.function(ruling, case, book, prices=prices)
                prediction = Prediction.of(ruling, Brief(case, book))
                cost = figures_of([prediction], ["cost"], Settings(prices))["cost"].value
                assert cost == pytest.approx(1 - utility.value), (gold, verdict, rule)


def test_an_unparsed_completion_costs_what_the_opposite_decision_would() -> None:
    cost = load("cost")
    columns = {"references": ["reject", "approve", None], "severities": ["high", None, None]}
    unparsed = cost.compute(predictions=["unparsed"] * 3, **columns)
    opposite = cost.compute(predictions=["approve", "reject", "approve"], **columns)
    assert unparsed == opposite == {"cost": pytest.approx((1 + 4 * 1.5 + 2) / 2), "support": 2}
    assert cost.compute(predictions=["escalate"], references=["reject"])["cost"] == pytest.approx(0.7)


def test_reasoning_agreement_and_length() -> None:
    found = load("reasoning_agreement").compute(predictions=[True, False, None])
    assert found == {"reasoning_agreement": 0.5, "support": 2}
    found = load("review_length").compute(predictions=["four", None, "of six"], tokens=[3, None, None])
    assert found == {"tokens_per_review": 3.0, "characters_per_review": 5.0, "support": 2}


def test_rule_f1_is_micro_over_citations() -> None:
    rules = ["A", "B", "C", "D"]
    gold = RNG.random((200, 4)) < 0.3
    model = gold ^ (RNG.random((200, 4)) < 0.15)
    cited = [[rule for rule, on in zip(rules, row, strict=True) if on] for row in model]
    broken = [[[rule] for rule, on in zip(rules, row, strict=True) if on] for row in gold]
    found = load("rule_f1").compute(predictions=cited, references=broken)
    assert found["rule_f1"] == pytest.approx(sk.f1_score(gold, model, average="micro"))
    assert found["rule_precision"] == pytest.approx(sk.precision_score(gold, model, average="micro"))
    assert found["rule_recall"] == pytest.approx(sk.recall_score(gold, model, average="micro"))
    assert found["support"] == gold.sum()


def test_rule_f1_matches_one_to_one_with_alternatives() -> None:
    # B may answer either violation; A only the first: both can be matched, in whatever order they are cited.
    found = load("rule_f1").compute(predictions=[["B", "A"]], references=[[["A", "B"], ["B"]]])
    assert found["rule_f1"] == 1.0
    # Citing the same rule twice is one hit and one false positive.
    assert load("rule_f1").compute(predictions=[["A", "A"]], references=[[["A"]]])["rule_precision"] == 0.5


def test_extra_citations_count_half_where_gold_is_not_exhaustive() -> None:
    columns = {"predictions": [["A", "X"]], "references": [[["A"]]]}
    rule_f1 = load("rule_f1")
    assert rule_f1.compute(**columns, exhaustive=[False])["rule_precision"] == pytest.approx(1 / 1.5)
    assert rule_f1.compute(**columns, exhaustive=[False], cleared=[["X"]])["rule_precision"] == 0.5
    assert rule_f1.compute(**columns)["rule_precision"] == 0.5
    unannotated = rule_f1.compute(predictions=[["A"], ["B"]], references=[None, [["B"]]])
    assert (unannotated["rule_f1"], unannotated["support"]) == (1.0, 1)


def test_rule_macro_f1_is_the_mean_over_rules_and_leaves_none_out() -> None:
    gold = RNG.choice(["none", "A", "B", "C"], 200, p=[0.5, 0.3, 0.15, 0.05]).tolist()
    model = [g if RNG.random() < 0.7 else str(RNG.choice(["none", "A", "B", "C", "Z", "unparsed"])) for g in gold]
    found = load("rule_macro_f1").compute(predictions=model, references=gold)
    theirs = sk.f1_score(gold, model, labels=["A", "B", "C"], average=None)
    assert found["rule_macro_f1"] == pytest.approx(theirs.mean())
    assert [found["rules"][rule]["f1"] for rule in "ABC"] == pytest.approx(theirs.tolist())
    assert [found["rules"][rule]["support"] for rule in "ABC"] == [gold.count(rule) for rule in "ABC"]


def test_rule_macro_f1_applies_only_where_cases_break_one_rule_at_most() -> None:
    single = [
        predicted("a", "reject", "reject", rules=["A"], broken=["A"]),
        predicted("b", "approve", "approve", broken=[]),
        predicted("c", None, "reject", broken=["B"]),
    ]
    assert figures_of(single)["rule_macro_f1"].value == 0.5
    several = [*single, predicted("d", "reject", "reject", broken=["A", "B"])]
    assert "rule_macro_f1" not in figures_of(several)


def test_grounded_evidence_and_parse_rate() -> None:
    found = load("grounded_evidence_rate").compute(predictions=[[True, False], [], [True]])
    assert found == {"grounded_evidence_rate": pytest.approx(2 / 3), "support": 3}
    assert load("parse_rate").compute(predictions=["approve", "unparsed"]) == {"parse_rate": 0.5, "support": 2}


PAIRS = [  # pair, (predicted, gold) of each twin
    ("followed", ("reject", "reject"), ("approve", "approve")),
    ("not followed", ("reject", "reject"), ("reject", "approve")),
    ("held", ("approve", "approve"), ("approve", "approve")),
    ("held though wrong", ("reject", "approve"), ("reject", "approve")),
    ("unparsed", ("unparsed", "approve"), ("unparsed", "approve")),
    ("alone", ("approve", "approve")),
]
ROWS = [(verdict, gold, pair) for pair, *twins in PAIRS for verdict, gold in twins]
TWINS = dict(zip(("predictions", "references", "pairs"), map(list, zip(*ROWS, strict=True)), strict=True))


def test_twins() -> None:
    assert load("flip_recall").compute(**TWINS) == {"flip_recall": 0.5, "support": 2}
    assert load("hold_rate").compute(**TWINS) == {"hold_rate": pytest.approx(2 / 3), "support": 3}
    assert load("pair_accuracy").compute(**TWINS) == {"pair_accuracy": pytest.approx(2 / 5), "support": 5}


def test_twins_that_stand_apart_are_still_a_pair() -> None:
    order = RNG.permutation(11)
    shuffled = {name: [column[i] for i in order] for name, column in TWINS.items()}
    assert load("pair_accuracy").compute(**shuffled)["pair_accuracy"] == pytest.approx(2 / 5)


def test_samples_of_one_pair_are_compared_sample_by_sample() -> None:
    predictions = [
        predicted(case, verdict, gold, cluster="p", twin=twin, sample=sample)
        for sample, verdicts in enumerate([("reject", "approve"), ("reject", "reject")])
        for case, twin, verdict, gold in zip("ab", "ba", verdicts, ("reject", "approve"), strict=True)
    ]
    assert figures_of(predictions, ["flip_recall"])["flip_recall"].value == 0.5


def test_evaluation_and_module_agree() -> None:
    predictions = [
        predicted(str(i), None if verdict == "unparsed" else verdict, gold)
        for i, (verdict, gold) in enumerate(zip(MODEL, GOLD, strict=True))
    ]
    figures = figures_of(predictions)
    for name in ("verdict_accuracy", "miss_rate", "false_flag_rate", "macro_f1"):
        alone = load(name).compute(predictions=MODEL, references=GOLD)
        assert figures[name].value == pytest.approx(alone[name])
        assert figures[name].support == alone["support"]
        assert figures[name].low < figures[name].value < figures[name].high


def test_every_figure_has_a_title_and_no_other_has() -> None:
    predictions = [predicted("a", "reject", "reject", rules=["A"], broken=["A"], grounded=[True])]
    for name, entry in METRICS.items():
        metric = entry.load()
        counts = metric.of(predictions)
        assert len(counts) == 1, name
        assert list(metric.values(counts.sum(axis=0))) == list(entry.titles), name
    assert all([entry.load().figure] == list(entry.titles) for entry in RANKED.values())
    assert list(ALONE["per_rule"].load().values(np.ones(4))) == list(ALONE["per_rule"].titles)


@pytest.mark.parametrize("name", METRICS)
def test_nothing_to_count_gives_nan(name: str) -> None:
    metric = METRICS[name].load()
    values = metric.values(np.zeros_like(metric.of([predicted("a", None, None)]).sum(axis=0)))
    assert all(np.isnan(value) for value in values.values())


@pytest.mark.parametrize("name", METRICS)
def test_formulas_work_on_any_stack_of_totals(name: str) -> None:
    metric = METRICS[name].load()
    totals = metric.of([predicted(str(i), "reject", "reject", broken=["A"]) for i in range(6)]).reshape(2, 3, -1)
    assert all(value.shape == (2, 3) for value in metric.values(totals).values())
