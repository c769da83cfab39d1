"""Which cases a page holds, and their order."""

from rl.evaluation import Evaluation
from rl.evaluation.page.choice import CHANGES, change, choose

from ..conftest import predicted

VERDICTS = {
    "fixed": ("approve", "reject"),
    "broken": ("reject", "approve"),
    "wrong": ("approve", None),
    "right": ("reject", "reject"),
}


def models(**counts: int) -> list[Evaluation]:
    rows = [(kind, i) for kind, n in counts.items() for i in range(n)]
    return [
        Evaluation(name, "test", [predicted(f"{kind}{i}", VERDICTS[kind][place], "reject") for kind, i in rows])
        for place, name in enumerate(("SFT", "GRPO"))
    ]


def test_every_kind_of_outcome_is_shown_first_those_that_changed() -> None:
    chosen = [change(row) for row in choose(models(right=60, wrong=30, fixed=4, broken=2), 16)]
    assert [chosen.count(kind) for kind in ("fixed", "broken", "wrong", "right")] == [4, 2, 5, 5]
    assert chosen == sorted(chosen, key=CHANGES.index)


def test_a_page_that_can_holds_all_in_the_order_of_the_cases() -> None:
    rows = choose(models(right=60, broken=2), 100)
    assert [row[0].case for row in rows] == ["broken0", "broken1", *(f"right{i}" for i in range(60))]


def test_without_gold_nothing_has_changed() -> None:
    blind = [Evaluation(name, "test", [predicted("a", "reject", None)]) for name in ("SFT", "GRPO")]
    assert [change(row) for row in choose(blind, 5)] == [""]


def test_samples_need_not_be_counted_from_nought() -> None:
    rows = [predicted("a", "reject", "reject", sample=3), predicted("a", "approve", "reject", sample=2)]
    (row,) = choose([Evaluation("m", "test", rows)], 5)
    assert [prediction.sample for prediction in row] == [2]
