"""A comparison against what was put into the models, and against independent references."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar

from data import DataError, Rulebook
from rl.evaluation import Comparison, Evaluation, compare, save_comparison

from .conftest import RULES, model, row

N = 240
BROKEN = [RULES[(i // 2) % 3] if i % 2 else None for i in range(N)]
RNG = np.random.default_rng(0)
BASE = RNG.random(N) < 0.7
BETTER = BASE | (RNG.random(N) < 0.5)
BETTER[:6] = False


def compared(*rights: np.ndarray, resamples: int = 1_000, **options: object) -> Comparison:
    models = [model(f"m{place}", right.tolist(), BROKEN) for place, right in enumerate(rights)]
    return compare(*models, resamples=resamples, **options)  # type: ignore[arg-type]


FOUND = compared(BASE, BETTER)


def test_pairs_are_those_of_statsmodels() -> None:
    (pair,) = FOUND.pairs
    gained, lost = int((BETTER & ~BASE).sum()), int((BASE & ~BETTER).sum())
    assert (pair.gained, pair.lost, pair.both_right) == (gained, lost, int((BASE & BETTER).sum()))
    assert pair.both_right + pair.gained + pair.lost + pair.both_wrong == N
    assert pair.p == pytest.approx(mcnemar([[0, gained], [lost, 0]], exact=True).pvalue)
    assert pair.mid_p < pair.p and pair.test == "mcnemar"
    assert pair.risk_difference.value == pytest.approx((gained - lost) / N)
    assert pair.odds_ratio.value == pytest.approx(gained / lost)


def test_the_verdict_is_said_first() -> None:
    assert FOUND.sentence == "m1 reviews better than m0."
    assert (
        FOUND.details.lower().startswith("verdict accuracy ")
        and "240 cases" in FOUND.details
        and "p < .001" in FOUND.details
    )
    assert compared(BETTER, BASE).sentence == "m1 reviews worse than m0."
    assert compared(BASE, BASE).sentence == "These cases cannot tell whether m1 reviews better than m0."


def test_where_less_is_better_less_is_called_better() -> None:
    found = compared(BASE, BETTER, primary="miss_rate")
    assert found.metrics[0].name == "miss_rate" and found.metrics[0].lower_is_better
    assert found.metrics[0].judgements == ["better"] and found.sentence == "m1 reviews better than m0."


def test_metrics_are_the_evaluations_own() -> None:
    base = model("m0", BASE.tolist(), BROKEN)
    for metric in FOUND.metrics:
        ours, theirs = metric.values[0], base.metrics[metric.name]
        assert ours is not None and ours.value == pytest.approx(theirs.value) and ours.support == theirs.support
    assert FOUND.metrics[0].name == FOUND.primary == "verdict_accuracy"


def test_differences_are_those_that_an_evaluation_reports() -> None:
    base, better = model("m0", BASE.tolist(), BROKEN), model("m1", BETTER.tolist(), BROKEN)
    theirs = better.difference(base, ["verdict_accuracy"])["verdict_accuracy"]
    ours = compare(base, better).metrics[0].differences[0]
    assert ours is not None and (ours.value, ours.low, ours.high) == (theirs.value, theirs.low, theirs.high)


def test_agreement_is_scikit_learns() -> None:
    gold = ["reject" if rule else "approve" for rule in BROKEN]
    ours, theirs = (
        [g if right else {"reject": "approve", "approve": "reject"}[g] for g, right in zip(gold, rights, strict=True)]
        for rights in (BASE, BETTER)
    )
    assert FOUND.agreement.names == ["m0", "m1", "gold"]
    assert FOUND.agreement.share[0][1] == FOUND.agreement.share[1][0] == np.mean(np.array(ours) == theirs)
    assert FOUND.agreement.kappa[0][1] == pytest.approx(cohen_kappa_score(ours, theirs))
    assert FOUND.agreement.kappa[1][2] == pytest.approx(cohen_kappa_score(theirs, gold))
    assert FOUND.agreement.share[2][0] == BASE.mean()


def test_agreement_on_one_verdict_alone_has_no_kappa() -> None:
    always = [row("a", None), row("b", None)]
    found = compare(Evaluation("x", "test", always), Evaluation("y", "test", always), resamples=100)
    assert found.agreement.share[0][1] == 1.0 and np.isnan(found.agreement.kappa[0][1])


def test_flips_go_both_ways_and_grave_losses_come_first() -> None:
    lost = [flip for flip in FOUND.flips if flip.direction == "lost"]
    gained = [flip for flip in FOUND.flips if flip.direction == "gained"]
    assert FOUND.flips == lost + gained
    assert {flip.case for flip in gained} == {f"c{i}" for i in np.flatnonzero(BETTER & ~BASE)}
    assert {flip.case for flip in lost} == {f"c{i}" for i in np.flatnonzero(BASE & ~BETTER)}
    grave = [{"critical": 3, "medium": 1, "low": 0, None: -1}[flip.severity] for flip in lost]
    assert grave == sorted(grave, reverse=True)
    assert all(flip.rules == ([BROKEN[int(flip.case[1:])]] if flip.severity else []) for flip in FOUND.flips)


def test_slices_by_severity_and_category() -> None:
    assert [(s.kind, s.value) for s in FOUND.slices][:3] == [
        ("severity", "critical"),
        ("severity", "medium"),
        ("severity", "low"),
    ]
    here = np.array([rule == "C-1" for rule in BROKEN])
    critical = FOUND.slices[0]
    assert critical.cases == here.sum() and critical.accuracy[1].value == pytest.approx(BETTER[here].mean())
    assert critical.differences[0].value == pytest.approx(BETTER[here].mean() - BASE[here].mean())
    assert critical.gained == [int((BETTER & ~BASE)[here].sum())]
    assert {s.value for s in FOUND.slices if s.kind == "category"} == {"A", "B", "C"}


def test_rules_are_counted_by_hand() -> None:
    found = {rule.rule: rule for rule in FOUND.rules}
    here = np.array([rule == "B-1" for rule in BROKEN])
    assert found["B-1"].support == here.sum() == 40 and not found["B-1"].few
    recall = found["B-1"].recall[1]
    assert recall is not None and recall.value == pytest.approx(BETTER[here].mean())
    assert (found["B-1"].lost, found["B-1"].gained) == ([(BASE & ~BETTER)[here].sum()], [(BETTER & ~BASE)[here].sum()])
    assert found["B-1"].severity == "medium" and found["B-1"].category == "B"
    # An ad that breaks nothing is rejected under A-1 when it is ruled on wrongly: decisions on A-1 too.
    wrong = np.array([rule == "A-1" or rule is None for rule in BROKEN])
    assert found["A-1"].gained == [(BETTER & ~BASE)[wrong].sum()]
    for rule in FOUND.rules:
        assert rule.p_holm[0] >= rule.p[0]
    smallest = min(rule.p[0] for rule in FOUND.rules)
    assert min(rule.p_holm[0] for rule in FOUND.rules) == pytest.approx(min(1.0, 3 * smallest))


def test_a_rule_that_is_only_cited_is_listed_and_an_invented_one_is_not() -> None:
    rows = [row(f"c{i}", None) for i in range(4)]
    cites = [row(f"c{i}", None, right=False) for i in range(4)]
    assert cites[0].ruling is not None
    cites[0].ruling.violations[0].rule = "INVENTED"
    found = compare(Evaluation("x", "test", rows), Evaluation("y", "test", cites), resamples=100)
    (rule,) = found.rules
    assert (rule.rule, rule.support, rule.few, rule.lost) == ("A-1", 0, True, [3])
    assert rule.recall == [None, None] and rule.f1[0] is None and rule.f1[1] is not None and rule.f1[1].value == 0.0


def test_the_rulebook_gives_titles() -> None:
    book = Rulebook.model_validate(
        {
            "name": "b",
            "rules": [{"id": rule, "title": f"on {rule}", "text": "No.", "severity": "high"} for rule in RULES],
        }
    )
    found = compared(BASE, BETTER, book=book, resamples=100)
    assert found.rules[0].title.startswith("on ") and found.rules[0].severity == "high"


def test_models_that_were_shown_other_rules_are_named() -> None:
    def by(name: str, rulebook: str) -> Evaluation:
        origin = {"name": name, "model": {"weights": name}, "template": "default", "rulebook": rulebook}
        return replace(model(name, BASE.tolist(), BROKEN), provenance={"origin": origin})

    other = compare(by("m0", "abc"), by("m1", "abc"), by("m2", "def"), resamples=100)
    assert other.details.endswith(" They were not shown the same rulebook: m0 by abc, m1 by abc, m2 by def.")
    same = compare(by("m0", "abc"), by("m1", "abc"), model("m2", BASE.tolist(), BROKEN), resamples=100)
    assert "the same rulebook" not in same.details


def test_suspects_are_contradicted_by_all_with_confidence() -> None:
    def evaluation(name: str, *rows: tuple[bool, float]) -> Evaluation:
        return Evaluation(name, "test", [row(f"c{i}", "A-1", *given) for i, given in enumerate(rows)])

    first = evaluation("x", (False, 0.97), (False, 0.95), (False, 0.6), (True, 0.99))
    second = evaluation("y", (False, 0.92), (True, 0.95), (False, 0.99), (True, 0.99))
    (suspect,) = compare(first, second, resamples=100).suspects
    assert (suspect.case, suspect.gold, suspect.verdict) == ("c0", "reject", "approve")
    assert suspect.confidence == pytest.approx(0.92)


def test_several_challengers_get_intervals_that_hold_together() -> None:
    found = compared(BASE, BETTER, ~BASE | BETTER, BASE)
    primary = found.metrics[0]
    assert len(found.pairs) == 3 and len(primary.simultaneous) == 3 and found.models == ["m0", "m1", "m2", "m3"]
    for alone, together in zip(primary.differences, primary.simultaneous, strict=True):
        assert alone is not None and together.low <= alone.low and together.high >= alone.high
    assert found.sentence == "m1 and m2 review better than m0; m3 cannot be told from it."
    assert FOUND.metrics[0].simultaneous == []


def test_several_samples_are_clusters() -> None:
    def sampled(name: str, rights: np.ndarray) -> Evaluation:
        rows = [
            row(f"c{i}", BROKEN[i], bool(right), sample=sample)
            for i, right in enumerate(rights.tolist())
            for sample in range(3)
        ]
        return Evaluation(name, "test", rows)

    found = compare(sampled("x", BASE), sampled("y", BETTER), resamples=2_000)
    assert (found.cases, found.predictions, found.clusters, found.clustered) == (N, 3 * N, N, True)
    assert found.pairs[0].test == "sign flip" and found.pairs[0].p == pytest.approx(FOUND.pairs[0].p)
    ours, alone = found.metrics[0].differences[0], FOUND.metrics[0].differences[0]
    assert (
        ours is not None
        and alone is not None
        and (ours.low, ours.high) == pytest.approx((alone.low, alone.high), abs=0.02)
    )
    theirs = {need.difference: need.cases for need in FOUND.needed}
    for need in found.needed:
        assert need.cases == pytest.approx(theirs[need.difference], rel=0.1)


def test_other_cases_other_gold_and_no_other_model_are_errors() -> None:
    base = model("x", BASE.tolist(), BROKEN)
    with pytest.raises(DataError, match=r"differ in 1 predictions .*c239#0"):
        compare(base, Evaluation("y", "test", base.predictions[:-1]))
    moved = [row("c0", "B-1"), *base.predictions[1:]]
    with pytest.raises(DataError, match=r"different gold on 1 cases .*: c0$"):
        compare(base, Evaluation("y", "test", moved))
    with pytest.raises(DataError, match="nothing to compare 'x' with"):
        compare(base)
    with pytest.raises(DataError, match="two models are called 'x'"):
        compare(base, base)
    with pytest.raises(DataError, match=r"no metric 'verdict_acuracy' .*did you mean 'verdict_accuracy'"):
        compare(base, Evaluation("y", "test", base.predictions), primary="verdict_acuracy")
    with pytest.raises(DataError, match="'flip_recall' says nothing about these cases"):
        compare(base, Evaluation("y", "test", base.predictions), primary="flip_recall")


def test_order_of_predictions_does_not_matter() -> None:
    base, better = model("m0", BASE.tolist(), BROKEN), model("m1", BETTER.tolist(), BROKEN)
    turned = Evaluation("m1", "test", list(reversed(better.predictions)))
    assert compare(base, turned, resamples=1_000) == FOUND


def test_all_of_it_is_saved(tmp_path: Path) -> None:
    written = save_comparison(FOUND, tmp_path / "out")
    assert {path.name for path in written} == {
        "comparison.json", "comparison_metrics.parquet", "comparison_rules.parquet", "comparison_slices.parquet",
        "comparison_flips.parquet", "comparison_suspects.parquet",
    } - ({"comparison_suspects.parquet"} if not FOUND.suspects else set())  # fmt: skip
    content = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert content["sentence"] == FOUND.sentence and len(content["flips"]) == len(FOUND.flips)
    assert pq.read_table(tmp_path / "out" / "comparison_flips.parquet").num_rows == len(FOUND.flips)
    assert content["rules"][0]["recall_difference"][0]["method"] in ("bootstrap", "score")
    rules = pq.read_table(tmp_path / "out" / "comparison_rules.parquet").to_pylist()
    assert rules[0]["rule"] == FOUND.rules[0].rule
