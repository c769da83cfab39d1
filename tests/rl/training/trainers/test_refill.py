"""Groups that are flat give way to others: the same ones whatever happened before, and whole."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from trl import GRPOTrainer

from data import DataError
from prompts import Episode
from rewards import Rubric, Scorecard
from rl.config.policy import GRPORecipe
from rl.runs.rollouts import Rollout, read_rollouts
from rl.training import train
from rl.training.advantages.groups import against_group
from rl.training.trainers.draw import Draw, joined
from rl.training.trainers.refill import Refill, is_flat
from tests.rl.training.toy_reward import RULING, ToyReward, ToyRubric
from tests.rl.training.trainers.test_shared_prefix import trainer_for

NAMES = [f"case-{n}" for n in range(12)]
CPU = torch.device("cpu")


def drawn(places: list[int], flat: set[int], width: int = 3, size: int = 2) -> Draw:
    """Groups of two; what is written on a case says which it is."""
    rows = [{"case": NAMES[place]} for place in places for _ in range(size)]
    numbers = [place for place in places for _ in range(size)]
    batch = {
        "prompt_ids": torch.tensor([[0] * (width - 1) + [number] for number in numbers]),
        "completion_ids": torch.tensor([[number] + [0] * (width - 1) for number in numbers]),
        "advantages": torch.zeros(len(rows)),
        "prompts": numbers,
        "num_items_in_batch": torch.tensor(9),
    }
    cards = [
        Scorecard(row["case"], RULING, 1.0 if place in flat else float(n % size), {})
        for n, (row, place) in enumerate(zip(rows, numbers, strict=True))
    ]
    return Draw(
        rows, batch, [(Episode.plain(row["case"], "", 0), card) for row, card in zip(rows, cards, strict=True)]
    )


def filled(rounds: int, flat: set[int], step: int = 5, first: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[Any, list]:
    asked: list[list[int]] = []

    def write(places: Any) -> Draw:
        asked.append(list(places))
        return drawn(list(places), flat, width=5)

    refill = Refill(rounds, NAMES, seed=1)
    return refill.fill(drawn(list(first), flat), 2, step, write, CPU), asked


def test_flat_groups_give_way_and_the_others_stay_in_their_places():
    found, asked = filled(1, flat={1, 3})
    assert len(asked) == 1 and len(asked[0]) == 2 and not {0, 1, 2, 3} & set(asked[0])
    a, b = asked[0]
    expected = [0, 0, a, a, 2, 2, b, b]
    assert [row["case"] for row in found.draw.rows] == [NAMES[place] for place in expected]
    assert found.draw.batch["prompts"] == expected and found.rounds == [0, 0, 1, 1, 0, 0, 1, 1]
    assert [int(row.sum()) for row in found.draw.batch["completion_ids"]] == expected
    assert found.draw.batch["prompt_ids"].shape == found.draw.batch["completion_ids"].shape == (8, 5)
    assert (
        found.draw.batch["prompt_ids"][:, -1].tolist() == expected == found.draw.batch["completion_ids"][:, 0].tolist()
    )
    assert [card.case for _, card in found.draw.scored] == [NAMES[place] for place in expected]
    assert [group.rows[0]["case"] for group in found.left_out] == [NAMES[1], NAMES[3]]


def test_rounds_go_on_while_something_is_flat_and_draw_no_case_twice():
    found, asked = filled(9, flat=set(range(12)))
    assert [len(places) for places in asked] == [4, 4] and len({place for places in asked for place in places}) == 8
    assert found.rounds == [0] * 8 and {group.round for group in found.left_out} == {1, 2}
    assert filled(1, flat=set(range(12)))[1] == asked[:1]
    found, asked = filled(9, flat={1})
    assert len(asked) == 1 and sum(found.rounds) == 2


def test_where_nothing_is_flat_nothing_is_touched():
    first = drawn([0, 1], set())
    assert Refill(3, NAMES, seed=1).fill(first, 2, 0, pytest.fail, CPU).draw is first


def test_what_is_drawn_follows_from_seed_step_and_round_alone():
    flat = {0, 1, 2, 3}
    assert filled(1, flat)[1] == filled(1, flat)[1]
    assert filled(1, flat, step=6)[1] != filled(1, flat)[1]
    refill, asked = Refill(1, NAMES, seed=1), []
    for _ in range(2):  # two generations in one step
        refill.fill(drawn([0, 1, 2, 3], flat), 2, 5, lambda p: asked.append(p) or drawn(list(p), flat), CPU)
    assert asked[0] == filled(1, flat)[1][0] != asked[1]


def test_processes_draw_apart_and_equally_many():
    of_each = [Refill(1, NAMES, 1, 2, process)._others(3, {"case-0"}, 1) for process in (0, 1)]
    assert [len(places) for places in of_each] == [3, 3] and len({*of_each[0], *of_each[1]}) == 6
    seen = set(NAMES[:9])
    assert len(Refill(1, NAMES, 1, 2, 1)._others(3, seen, 1)) == 1 and len(seen) == 11


def test_spared_cases_are_not_drawn():
    asked: list = []
    spared = NAMES[4:10]
    Refill(1, NAMES, 1).fill(drawn([0], {0}), 2, 0, lambda p: asked.extend(p) or drawn(list(p), set()), CPU, spared)
    assert asked and not {NAMES[place] for place in asked} & set(spared)


@pytest.mark.parametrize(
    ("totals", "flat"),
    [([1.0, 1.0], True), ([1.0, 2.0], False), ([1.0, torch.nan], True), ([torch.nan] * 2, True)],
)
def test_a_group_is_flat_if_all_that_could_be_scored_earn_the_same(totals: list[float], flat: bool):
    assert is_flat(torch.tensor(totals)) is flat


def test_a_draw_taken_apart_and_joined_is_the_same():
    whole = drawn([3, 1, 2], set())
    again = joined(whole.groups(2))
    assert again.rows == whole.rows and again.scored == whole.scored
    for name, value in whole.batch.items():
        assert torch.equal(torch.as_tensor(again.batch[name]), torch.as_tensor(value)), name


class FlatOnHalf(ToyReward):
    """Nothing that is written on every other case makes a difference."""

    def card(self, text: str, case: str) -> Scorecard:
        total = 0.5 if int(case.split("-")[1]) % 2 else float(sum(map(ord, text)) % 7)
        card = super().card(text, case)
        return Scorecard(case, card.ruling, total, card.components)


@pytest.mark.parametrize("scale", ["batch", "none", "group"])
def test_a_trainer_learns_from_the_batch_that_it_has_in_the_end(
    scale: str, toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    learned, compute = [], GRPOTrainer._compute_loss

    def spied(self: Any, model: Any, inputs: Any) -> torch.Tensor:
        learned.append((int(inputs["num_items_in_batch"]), inputs["advantages"].abs().sum().item()))
        return compute(self, model, inputs)

    monkeypatch.setattr(GRPOTrainer, "_compute_loss", spied)
    trainer = trainer_for(
        toy, tiny_vl, tmp_path, per_device_train_batch_size=16, scale_rewards=scale, max_steps=3, refill=4,
        logging_steps=1, reward=FlatOnHalf(fails=False),
    )  # fmt: skip
    trainer.train()
    rollouts = read_rollouts(tmp_path)
    steps = [[rollout for rollout in rollouts if rollout.step == step] for step in range(3)]
    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    replaced = 0
    for number, (step, log) in enumerate(zip(steps, logged, strict=True)):
        kept, rest = step[:16], step[16:]
        totals = torch.tensor([rollout.total for rollout in kept])
        expected = against_group(totals, 4, scale)
        assert torch.allclose(torch.tensor([rollout.advantage for rollout in kept]), expected, atol=1e-6)
        assert not any(rollout.advantage for rollout in rest)
        assert sum(rollout.round > 0 for rollout in kept) == 16 * log["refill/replaced"]
        assert len(rest) == 16 * log["refill/drawn"]
        first = [rollout for rollout in step if rollout.round == 0]
        assert len(first) == 16 and log["reward"] == pytest.approx(sum(r.total for r in first) / 16, abs=1e-6)
        assert learned[number][0] == pytest.approx(sum(len_of(trainer, rollout) for rollout in kept), abs=4)
        replaced += sum(rollout.round > 0 for rollout in kept)
    assert replaced, "something must have been flat"


def len_of(trainer: Any, rollout: Rollout) -> int:
    return min(8, len(trainer._tokenizer(rollout.episode.completion, add_special_tokens=False)["input_ids"]) + 1)


def test_groups_across_processes_are_refused(toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("accelerate.Accelerator.num_processes", 4)
    with pytest.raises(DataError, match="per_device_train_batch_size: groups that lie across processes"):
        trainer_for(toy, tiny_vl, tmp_path, per_device_train_batch_size=8, refill=1)


def test_refill_needs_shared_prompts():
    with pytest.raises(DataError, match="refill: groups are replaced where prompts are shared"):
        GRPORecipe.load("billboard/grpo", {"refill": 1, "shared_prefix": False})


def test_a_run_that_chooses_its_cases_resumes_exactly(
    toy: Path, tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In the middle of the second epoch, with cases drawn anew and cases drawn less."""
    monkeypatch.setattr(Rubric, "load", lambda *args: ToyRubric())
    recipe = GRPORecipe(
        name="chooses",
        output=tmp_path / "run",
        model={"path": str(tiny_vl)},
        data={"train": [str(toy / "cases.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"},
        rubric="toy",
        refill=2,
        mastered={"pass_rate": 0.5},
        trainer={
            "max_steps": 8,  # an epoch has four
            "save_steps": 5,
            "per_device_train_batch_size": 32,
            "num_generations": 2,
            "max_completion_length": 8,
            "scale_rewards": "batch",
            "gradient_checkpointing": False,
            "learning_rate": 1e-3,
            "report_to": "none",
            "disable_tqdm": True,
        },
    )
    train(recipe)
    rollouts, weights = read_rollouts(recipe.output), load_file(recipe.output / "checkpoints/final/model.safetensors")
    late = [rollout for rollout in rollouts if rollout.step >= 5]
    assert {rollout.round for rollout in late} == {0, 1, 2} and any(rollout.advantage for rollout in late)
    kept = json.loads((recipe.output / "checkpoints/checkpoint-8/mastered.json").read_text())
    assert kept["epoch"] == 1 and 0 < len(kept["mastered"]) < 64
    for name in ("checkpoint-8", "final"):  # as if killed in the last step
        shutil.rmtree(recipe.output / "checkpoints" / name)
    train(recipe, resume=True)
    assert read_rollouts(recipe.output) == rollouts
    again = load_file(recipe.output / "checkpoints/final/model.safetensors")
    assert all(torch.equal(again[name], weight) for name, weight in weights.items())
    assert json.loads((recipe.output / "checkpoints/checkpoint-8/mastered.json").read_text()) == kept
