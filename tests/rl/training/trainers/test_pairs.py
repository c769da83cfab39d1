"""Twins are drawn together, whole, in one process and one generation, and the same after a resume."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from data import Briefs, Case, DataError, save_cases
from rewards import Rubric
from rewards.scoring.pair import PairReward
from rl.config.policy import GRPORecipe, PPORecipe
from rl.runs.rollouts import read_rollouts
from rl.training import train
from rl.training.trainers.pairs import Pairs
from tests.rl.conftest import toy_book, toy_briefs, toy_cases
from tests.rl.training.toy_reward import ToyRubric


def twinned(folder: Path, pairs: int, singles: int = 0) -> Path:
    """Cases of words alone, each also under all the rules but the first; some once only."""
    cases, book = toy_cases(folder, pairs + singles, images=False), toy_book()
    both = []
    for case in cases[:pairs]:
        named = {"group": case.id, "twin": f"{case.id}-b"}
        changed = {"id": f"{case.id}-b", "group": case.id, "twin": case.id, "rules": list(book.ids[1:])}
        both += [case.model_copy(update=named), case.model_copy(update=changed)]
    save_cases([*both[::2], *cases[pairs:], *both[1::2]], folder / "twins.jsonl")
    return folder / "twins.jsonl"


def pairs_of(briefs: Briefs, kind: str = "product") -> Pairs:
    return Pairs(PairReward(kind=kind), [brief.id for brief in briefs], briefs)  # type: ignore[arg-type]


def shuffled(count: int, kept: int, seed: int = 0) -> list[int]:
    """As TRL draws: groups of two, each generation twice, what is left of the last one never."""
    places = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()[:kept]
    return [p for at in range(0, kept, 4) for _ in range(2) for p in places[at : at + 4] for _ in range(2)]


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_whole_wherever_an_order_is_cut_at_even_places(tmp_path: Path, seed: int):
    briefs = toy_briefs(twinned(tmp_path, 6, 5))
    pairs, order = pairs_of(briefs), shuffled(17, 16, seed)
    found = pairs.together(order)
    assert len(found) == len(order) and found == pairs.together(order)
    slots = list(dict.fromkeys(found))
    assert len(slots) == 16 and set(Counter(found).values()) == {4}
    for one, other in zip(slots[::2], slots[1::2], strict=True):
        assert {briefs[one].id: briefs[one].case.twin, briefs[other].id: briefs[other].case.twin} in (
            {briefs[one].id: briefs[other].id, briefs[other].id: briefs[one].id},
            {briefs[one].id: None, briefs[other].id: None},
        )
    assert [found[at] == found[at + 1] for at in range(0, len(found), 2)] == [True] * (len(found) // 2)


def test_all_come_once_where_all_are_drawn(tmp_path: Path):
    pairs = pairs_of(toy_briefs(twinned(tmp_path, 6)))
    assert sorted(pairs.together(shuffled(12, 12))) == sorted(shuffled(12, 12))
    assert pairs.together(shuffled(12, 12)) != pairs.together(shuffled(12, 12, seed=1))


def test_half_a_pair_and_no_pair_are_refused(tmp_path: Path):
    briefs = toy_briefs(twinned(tmp_path, 2))
    with pytest.raises(DataError, match="pair: case 'toy-0' is trained on without its twin 'toy-0-b'"):
        pairs_of(briefs[:2])
    with pytest.raises(DataError, match="pair: no case of the data names a twin"):
        pairs_of(Briefs.bind([Case(id="a")], toy_book()))


def test_each_process_is_to_draw_whole_pairs(tmp_path: Path):
    pairs = pairs_of(toy_briefs(twinned(tmp_path, 2)))
    pairs.check_whole(8, 2)
    with pytest.raises(DataError, match="per_device_train_batch_size: each process draws for 3 cases at once"):
        pairs.check_whole(6, 2)


@pytest.mark.parametrize(
    ("key", "value"),
    [("hard", {}), ("mastered", {}), ("credit", "masked"), ("refill", 1)],
    ids=lambda value: str(value),
)
def test_what_would_part_twins_is_refused(key: str, value: object):
    with pytest.raises(DataError, match=f"{key}: .*leave it out, or 'pair'"):
        GRPORecipe.load("billboard/grpo", {"pair": {"kind": "both"}, key: value})


@pytest.mark.parametrize("kind", ["grpo", "ppo"])
def test_a_run_pays_pairs_and_resumes_exactly_with_pairs_whole(
    kind: str, tiny_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """In the middle of the second epoch."""
    monkeypatch.setattr(Rubric, "load", lambda *args: ToyRubric())
    file = twinned(tmp_path, 8, 3)
    toy_book().dump(tmp_path / "rules.yaml")
    size = {"num_generations": 2} if kind == "grpo" else {"num_generations": 1}
    recipe = (GRPORecipe if kind == "grpo" else PPORecipe)(
        name="pairs",
        output=tmp_path / "run",
        model={"path": str(tiny_text)},
        data={"train": [str(file)], "rulebook": str(tmp_path / "rules.yaml"), "template": "compact"},
        rubric="toy",
        pair={"kind": "both"},
        trainer={
            "max_steps": 4, "save_steps": 3, "per_device_train_batch_size": 8 * size["num_generations"], **size,
            "max_completion_length": 6, "gradient_checkpointing": False, "learning_rate": 1e-3,
            "report_to": "none", "disable_tqdm": True, **({"scale_rewards": "none"} if kind == "grpo" else {}),
        },
    )  # fmt: skip
    weights = load_file(train(recipe) / "model.safetensors")
    rollouts, briefs = read_rollouts(tmp_path / "run"), toy_briefs(file)
    for step in range(4):
        own = list(dict.fromkeys(r.episode.case for r in rollouts if r.step == step))
        assert len(own) == 8
        assert all(briefs[case].case.twin in (None, other) for case, other in zip(own[::2], own[1::2], strict=True))
    assert {briefs[rollout.episode.case].case.twin is None for rollout in rollouts} == {True, False}

    for name in ("checkpoint-4", "final"):  # as if killed in the last step
        shutil.rmtree(tmp_path / "run/checkpoints" / name)
    again = load_file(train(recipe, resume=True) / "model.safetensors")
    assert all(torch.equal(again[name], weight) for name, weight in weights.items())
    assert read_rollouts(tmp_path / "run") == rollouts
