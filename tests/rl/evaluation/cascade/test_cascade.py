"""A cascade keeps what it promises on cases that it has not seen, and refuses what it cannot keep."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from data import DataError, Gold
from rl.cli import app
from rl.evaluation import Evaluation, Prediction, figures_of, load_evaluation, save_evaluation
from rl.evaluation.advised import Advised
from rl.evaluation.cascade import Applied, Cascade, apply_cascade, curve, fit_cascade
from rl.evaluation.cascade.apply import decide
from rl.evaluation.cascade.fit import threshold_for
from rl.evaluation.cascade.passes import Passes
from rl.evaluation.cascade.promise import p_value
from rl.evaluation.cascade.table import cascade_lines
from tests.rl.evaluation.conftest import predicted


def drawn(many: int, seed: int, missed: float = 0.02, per_cluster: int = 1) -> tuple[Evaluation, Evaluation]:
    """A cheap pass whose risk tells something, and a reviewer who misses this share of the third that violates."""
    random = np.random.default_rng(seed)
    violating = random.random(many) < 1 / 3
    risk = random.beta(np.where(violating, 4, 1), np.where(violating, 2, 4))
    cheap, full = [], []
    for case, (bad, at) in enumerate(zip(violating, risk, strict=True)):
        gold, known = ("reject" if bad else "approve"), {"cluster": f"c{case // per_cluster}"}
        cheap.append(
            predicted(str(case), "reject" if at > 0.5 else "approve", gold, risk=float(at), tokens=1, **known)
        )
        said = "approve" if not bad or random.random() < missed else "reject"
        doubt = float(random.random() / 2) if said == "approve" else 0.9
        full.append(predicted(str(case), said, gold, risk=doubt, tokens=50, **known))
    return Evaluation("cheap", f"set {seed}", cheap), Evaluation("full", f"set {seed}", full)


def miss_rate(evaluation: Evaluation) -> float:
    return figures_of(evaluation.predictions, ["miss_rate"])["miss_rate"].value


def renamed(pair: tuple[Evaluation, Evaluation]) -> tuple[Evaluation, Evaluation]:
    """The same on cases that are called otherwise."""

    def anew(p: Prediction) -> Prediction:
        return p.model_copy(update={"case": f"test-{p.case}", "cluster": f"test-{p.cluster}"})

    cheap, full = (replace(one, predictions=[anew(p) for p in one.predictions]) for one in pair)
    return cheap, full


def test_the_p_value_is_that_of_a_coin() -> None:
    assert p_value(np.zeros(59), 0.05) == pytest.approx(0.95**59)
    one = np.array([1.0] + [0.0] * 99)
    assert p_value(one, 0.05) == pytest.approx(0.95**100 + 100 * 0.05 * 0.95**99)
    assert p_value(np.ones(10), 0.05) == pytest.approx(1.0)
    assert p_value(np.zeros(0), 0.05) == 1.0


def test_means_over_clusters_are_never_promised_more_than_coins() -> None:
    """Hoeffding's and Bentkus's bound holds for all losses in 0..1, and so says less of halves than of coins."""
    halves = np.array([0.5] * 4 + [0.0] * 196)
    coins = np.array([1.0] * 2 + [0.0] * 198)
    assert p_value(coins, 0.05) < p_value(halves, 0.05) < 0.1


def drawn_passes(many: int, seed: int) -> Passes:
    """As `drawn`, as arrays."""
    random = np.random.default_rng(seed)
    violating = random.random(many) < 1 / 3
    missed = violating & (random.random(many) < 0.02)
    return Passes(
        risk=random.beta(np.where(violating, 4, 1), np.where(violating, 2, 4)),
        doubt=random.random(many),
        approved=missed | ~violating,
        violating=violating,
        missed_cheaply=violating,
        missed=missed,
        clusters=np.arange(many),
        cheap_tokens=np.ones(many),
        tokens=np.full(many, 50.0),
    )


def test_a_promise_is_kept_on_the_sets_that_it_speaks_of() -> None:
    """200 sets to choose on: the true miss rate, measured on very many cases, is above the promise on few."""
    everything = drawn_passes(200_000, seed=10_000)
    chosen = [threshold_for(drawn_passes(1_200, seed), 0.06, 0.95) for seed in range(200)]
    true = [everything.losses(threshold).mean() for threshold in chosen if threshold is not None]
    assert len(true) > 150 and sum(rate > 0.06 for rate in true) <= 16  # 10 at most are expected; > 16 once in forty
    reviewed = np.mean([(everything.risk > threshold).mean() for threshold in chosen if threshold is not None])
    assert 0.2 < reviewed < 0.95  # it is of use


def test_clusters_count_once() -> None:
    """Forty copies of a case say no more than one."""
    cheap, full = drawn(4_000, seed=3, missed=0.0, per_cluster=40)
    single, whole = fit_cascade(*drawn(4_000, seed=3, missed=0.0), miss_rate=0.1), fit_cascade(cheap, full, 0.1)
    assert whole.clusters <= 100 < single.clusters
    assert whole.reviewed > single.reviewed


def test_what_cannot_be_kept_is_refused_with_what_could() -> None:
    cheap, full = drawn(3_000, seed=5, missed=0.2)
    with pytest.raises(
        DataError, match=r"cannot be promised at confidence 0\.95.*at least (0\.\d+) of all cases"
    ) as told:
        fit_cascade(cheap, full, miss_rate=0.1)
    share = float(str(told.value).split("at least ")[1].split(" ")[0])
    passes = Passes.of(cheap, full)
    kept = [passes.to_people(t).mean() for t in np.append(np.unique(passes.doubt), 1.1)
            if p_value(passes.losses_with_people(t), 0.1) <= 0.05]  # fmt: skip
    assert share == pytest.approx(min(kept), abs=5e-4)
    with pytest.raises(DataError, match="59 are needed at least"):
        fit_cascade(*drawn(60, seed=6), miss_rate=0.05)


@pytest.mark.parametrize("miss_rate", [1e-17, 1e-300, 5e-324])
def test_a_promise_of_next_to_nothing_is_refused_like_any_other(miss_rate: float) -> None:
    with pytest.raises(DataError, match="no rate this low can be promised of anything"):
        fit_cascade(*drawn(40, 1), miss_rate)


@pytest.mark.parametrize(("confidence", "said"), [(0.95, "95%"), (0.999, "99.9%"), (0.07, "7%")])
def test_no_promise_is_rounded_to_more_than_it_is(confidence: float, said: str) -> None:
    fitted = fit_cascade(*drawn(400, 1), 0.5).model_copy(update={"confidence": confidence})
    assert f"kept on {said} of such sets" in cascade_lines(fitted).plain


def test_a_review_that_writes_nothing_is_a_miss_and_goes_to_people() -> None:
    cheap = Evaluation(
        "cheap", "v", [predicted("1", "approve", "reject", risk=0.9), predicted("2", "approve", "approve")]
    )
    full = Evaluation("full", "v", [predicted("1", None, "reject"), predicted("2", "approve", "approve", risk=0.1)])
    passes = Passes.of(cheap, full)
    assert passes.losses(0.0).tolist() == [1.0] and passes.losses_with_people(2.0).tolist() == [0.0]
    assert passes.to_people(2.0).tolist() == [True, False]
    assert np.isinf(passes.risk[1])  # no risk stated: always reviewed


def test_applied_it_is_the_reviewer_but_for_what_the_cheap_pass_approves() -> None:
    cascade = fit_cascade(*drawn(2_000, seed=7), miss_rate=0.08)
    cheap, full = renamed(drawn(2_000, seed=8))
    found = apply_cascade(cascade, cheap, full)
    assert cascade.approve_below is not None
    for one, other, both in zip(cheap.predictions, full.predictions, found.predictions, strict=True):
        alone = one.risk is not None and one.risk <= cascade.approve_below
        assert both.verdict == ("approve" if alone else other.verdict)
        assert both.tokens == (1 if alone else 51) and both.reviewed is not alone
    assert miss_rate(found) >= miss_rate(full)
    points = curve(Passes.of(cheap, full))
    assert points[0].reviewed == 1.0 and points[0].missed == pytest.approx(miss_rate(full))
    assert points[-1].reviewed == 0.0 and points[-1].missed == 1.0
    assert [p.missed for p in points] == sorted(p.missed for p in points)
    assert [p.tokens for p in points] == pytest.approx([1 + 50 * p.reviewed for p in points])
    done = Applied.read(found.provenance)
    assert done is not None and done.curve == points and done.curve_of == full.split
    assert done.share == np.mean([p.reviewed for p in found.predictions])


def test_what_is_approved_alone_advises_nothing() -> None:
    advised = Advised(edits=2, needless=1, fixed=True)
    sure = predicted("1", "reject", "reject", risk=0.1).model_copy(update={"advised": advised})
    cascade = fit_cascade(*drawn(2_000, seed=7), miss_rate=0.08)
    assert decide(cascade, sure, None).advised == Advised(fixed=False)
    assert decide(cascade, sure.model_copy(update={"advised": None}), None).advised is None


def test_it_is_not_measured_where_it_was_chosen() -> None:
    pair = drawn(1_000, seed=9)
    with pytest.raises(DataError, match="has 1000 of these cases"):
        apply_cascade(fit_cascade(*pair, miss_rate=0.1), *pair)


def test_both_passes_are_measured_by_one_gold() -> None:
    """Whose gold counts would be chance, and what is promised would hold of neither."""
    cheap, full = drawn(900, seed=1)
    turned = [p.model_copy(update={"gold": Gold(verdict="approve")}) for p in full.predictions]
    mended = replace(full, predictions=turned)
    with pytest.raises(DataError, match="different gold"):
        fit_cascade(cheap, mended, miss_rate=0.1)
    cascade = fit_cascade(cheap, full, miss_rate=0.1)
    with pytest.raises(DataError, match="different gold"):
        apply_cascade(cascade, *renamed((cheap, mended)))


@pytest.mark.parametrize(
    ("content", "said"), [("[]", "want a JSON object"), ('{"approve_below": 2}', "approve_below"), ("{", "JSON")]
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(DataError, match=said) as told:
        Cascade.load(tmp_path / "c.json")
    assert "c.json" in str(told.value)


def test_from_the_command_line(tmp_path: Path) -> None:
    for name, pair in {"valid": drawn(900, seed=1), "test": renamed(drawn(900, seed=2))}.items():
        for one in pair:
            save_evaluation(one, tmp_path / name / one.name)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["cascade", *arguments])
        return result.exit_code, result.output

    valid, test = ([str(tmp_path / split / name) for name in ("cheap", "full")] for split in ("valid", "test"))
    file = str(tmp_path / "c.json")
    code, said = run("fit", *valid, "--miss-rate", "0.1", "--out", file)
    assert code == 0 and "promised at most 0.1" in said
    assert Cascade.load(file) == fit_cascade(load_evaluation(valid[0]), load_evaluation(valid[1]), 0.1)
    code, said = run("apply", file, *test, "--out", str(tmp_path / "out"))
    assert code == 0 and "were reviewed with reasoning" in said
    found = load_evaluation(tmp_path / "out")
    assert found.provenance["cascade"]["promised"] == 0.1
    assert {p.reviewed for p in found.predictions} == {True, False}
    assert (tmp_path / "out" / "curve.json").is_file()

    before = {path: path.read_bytes() for path in (tmp_path / "test").rglob("*.*")}
    for lost in (["fit", *test, "--miss-rate", "0.1", "--out", f"{test[0]}/predictions.parquet"],
                 ["apply", file, *test, "--out", test[1]]):  # fmt: skip
        result = CliRunner().invoke(app, ["cascade", *lost])
        assert isinstance(result.exception, DataError) and "another --out" in str(result.exception)
    assert {path: path.read_bytes() for path in (tmp_path / "test").rglob("*.*")} == before
    code, said = run("apply", file, *test, "--out", str(tmp_path / "out"))
    assert code == 0, "its own is measured anew"
