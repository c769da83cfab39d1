"""What is nearly always ruled right is drawn less often, evenly, and the same after a resume."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from rl.config.cases import MasteredConfig
from rl.runs.rollouts import read_rollouts
from rl.training.trainers.mastered import Mastered
from tests.rl.conftest import toy_briefs
from tests.rl.training.test_grpo import make_trainer
from tests.rl.training.toy_reward import ToyReward

NAMES = [f"case-{n}" for n in range(40)]
ORDER = [place for place in torch.randperm(40, generator=torch.Generator().manual_seed(0)).tolist() for _ in range(2)]


def told(passing: set[str], checkpoint: Path | None = None, **settings: float) -> Mastered:
    mastered = Mastered(MasteredConfig(**settings), NAMES, 7, checkpoint)
    mastered.hear([(name, name in passing) for name in NAMES for _ in range(4)])
    return mastered


def test_nothing_changes_until_something_is_mastered():
    assert told(set()).instead(ORDER, 0, 4) == told(set()).instead(ORDER, 1, 4) == ORDER
    assert told(set(NAMES)).instead(ORDER, 0, 4) == ORDER, "what is mastered is settled when an epoch begins"


def test_mastered_cases_come_at_their_rate_and_others_in_their_place():
    passing = set(NAMES[:20])
    mastered = told(passing)
    rate = 40 / (20 + 0.25 * 20)
    counts: Counter[int] = Counter()
    for epoch in range(1, 9):
        order = mastered.instead(ORDER, epoch, 4)
        assert len(order) == len(ORDER) and order[::2] == order[1::2], "rows of a group stay together"
        own = Counter(order[::2])
        assert all(own[place] in ((0, 1) if place < 20 else (1, 2)) for place in range(40))
        counts += own
    assert sum(counts[place] for place in range(20)) / 20 / 8 == pytest.approx(0.25 * rate, abs=0.05)
    assert sum(counts[place] for place in range(20, 40)) / 20 / 8 == pytest.approx(rate, abs=0.05)


def test_no_case_comes_twice_in_a_generation():
    order = told(set(NAMES[:30])).instead(ORDER, 1, 4)[::2]
    assert max(Counter(order).values()) > 2
    assert all(len(set(batch)) == 4 for batch in zip(*[iter(order)] * 4, strict=True))


def test_weights_make_up_for_how_often_a_case_is_drawn():
    mastered, passing = told(set(NAMES[:20])), set(NAMES[:20])
    assert {mastered.weight(name) for name in NAMES} == {1.0}
    mastered.instead(ORDER, 1, 4)
    total = sum((0.4 if name in passing else 1.6) * mastered.weight(name) for name in NAMES)
    assert total == pytest.approx(40) and mastered.weight(NAMES[0]) == pytest.approx(4 * mastered.weight(NAMES[20]))
    assert mastered.share == 0.5


def test_where_all_is_mastered_all_come_once():
    assert sorted(told(set(NAMES)).instead(ORDER, 1, 4)) == sorted(ORDER)


def test_the_rate_runs_and_cases_without_a_verdict_have_none():
    mastered = Mastered(MasteredConfig(pass_rate=0.75), NAMES, 7)
    mastered.hear([("case-0", False), ("case-0", True), ("case-1", None), ("case-2", True)])
    mastered.instead(ORDER, 1, 4)
    assert mastered.cases == {"case-2"}
    mastered.hear([("case-0", True), ("case-0", True), ("case-2", False)])  # (½ + 2) of (1 + 2); ½ of (½ + 1)
    mastered.instead(ORDER, 2, 4)
    assert mastered.cases == {"case-0"}


def test_a_resumed_run_draws_the_same_within_an_epoch_and_after_it(tmp_path: Path):
    mastered = told(set(NAMES[:20]))
    second = mastered.instead(ORDER, 1, 4)
    mastered.hear([(name, True) for name in NAMES[20:30] for _ in range(8)])
    mastered.save(tmp_path)
    resumed = Mastered(MasteredConfig(), NAMES, 7, tmp_path)
    assert resumed.instead(ORDER, 1, 4) == second and resumed.share == mastered.share == 0.5
    assert resumed.weight(NAMES[3]) == mastered.weight(NAMES[3]) != 1
    assert resumed.instead(ORDER, 2, 4) == mastered.instead(ORDER, 2, 4) != second
    assert resumed.cases == mastered.cases


class RightOnSome(ToyReward):
    """Verdicts on the first half of the cases are right."""

    def card(self, text: str, case: str) -> Any:
        return replace(super().card(text, case), right=int(case.split("-")[1]) < 8)


def test_a_trainer_draws_what_its_policy_has_mastered_less(toy: Path, tiny_vl: Path, tmp_path: Path):
    briefs = toy_briefs(toy / "cases.jsonl", 16)
    settings = {"max_steps": 12, "logging_steps": 1, "mastered": MasteredConfig(drawn=0.2)}
    trainer = make_trainer(briefs, tiny_vl, tmp_path / "run", RightOnSome(fails=False), **settings)
    trainer.train()
    drawn = [[r.episode.case for r in read_rollouts(tmp_path / "run") if r.step // 4 == epoch] for epoch in range(3)]
    early = [sum(int(case.split("-")[1]) < 8 for case in cases) / len(cases) for cases in drawn]
    assert early[0] == 0.5 and max(early[1:]) < 0.3
    logged = [entry["mastered"] for entry in trainer.state.log_history if "mastered" in entry]
    assert logged == [0.0] * 4 + [0.5] * 8
