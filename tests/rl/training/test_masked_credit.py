"""Masked credit: what the stated confidence earns goes to the tokens that state it, all else to the others."""

import re
from pathlib import Path

import pytest
import torch

from data import DataError
from prompts import target, write
from rewards import Rubric
from rl.config.policy import GRPORecipe
from rl.generation.decode import confidence_places, turn_of
from rl.models.load import load_processor
from rl.training.policy import PolicyStage
from rl.training.registry import stage_of
from tests.rl.conftest import toy_briefs
from tests.rl.training import test_grpo, test_ppo

STATED = (0.5, 0.9, 0.5, 0.9, 0.9, 0.9, 0.5, 0.5)


@pytest.fixture
def gold_of(toy: Path):
    """The first text case, and its gold ruling with a stated confidence; None for a text that is no ruling."""
    brief = toy_briefs(toy / "text.jsonl", 1)[0]
    ruling = target(brief.case, brief.excerpt)

    def text(confidence: float | None) -> str:
        return "no ruling" if confidence is None else write(ruling.model_copy(update={"confidence": confidence}))

    return text


def writing(trainer, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> dict:
    """A batch in which the policy has written these texts about the first case, and its tokens."""
    tokenizer = trainer._tokenizer
    ids = [tokenizer(f"{text}<|im_end|>", add_special_tokens=False)["input_ids"] for text in texts]
    monkeypatch.setattr(trainer, "_generate_single_turn", lambda *asked, **settings: (ids, None))
    trainer.model.train()
    return trainer._generate_and_score_completions([trainer.train_dataset[0]] * len(texts))


def told(trainer, batch: dict, row: int, where: torch.Tensor) -> str:
    return trainer._tokenizer.decode(batch["completion_ids"][row][where])


def test_the_tokens_that_state_it_are_found_in_the_answer_alone(tiny_text: Path, gold_of):
    tokenizer = load_processor(tiny_text)
    for confidence in (0.5, 0.07, 1.0):
        text = gold_of(confidence).replace("<think>", '<think>"confidence": 0.3 ')
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        places = confidence_places(tokenizer, turn_of(tokenizer, ids, ()))
        assert places == list(range(places[0], places[-1] + 1)) and len(places) <= len(str(confidence))
        found = tokenizer.decode([ids[place] for place in places])
        assert str(confidence) in found and re.sub(r'[\w.": ,}\]]', "", found) == ""
    ids = tokenizer("no ruling", add_special_tokens=False)["input_ids"]
    assert confidence_places(tokenizer, turn_of(tokenizer, ids, ())) == []


def test_grpo_gives_each_token_what_its_own_part_is_worth(
    toy: Path, tiny_text: Path, tmp_path: Path, gold_of, monkeypatch: pytest.MonkeyPatch
):
    briefs = toy_briefs(toy / "text.jsonl", 16)
    reward = Rubric.load("default").reward_func(briefs)
    settings = {"num_generations": 4, "per_device_train_batch_size": 8, "max_completion_length": 200}
    trainer = test_grpo.make_trainer(
        briefs, tiny_text, tmp_path / "run", reward, scale_rewards="none", credit="masked", **settings
    )
    texts = [gold_of(stated) for stated in STATED[:6]] + [gold_of(None), gold_of(0.9)]
    batch = writing(trainer, texts, monkeypatch)
    shares = [card.share_of(reward.on_confidence) for _, card in trainer._scored]
    rest = [card.total - (share or 0.0) for (_, card), share in zip(trainer._scored, shares, strict=True)]
    assert shares[6] is None and shares[0] < shares[1]
    states = trainer.states_confidence(batch["completion_mask"])
    first = sum(shares[:4]) / 4
    second = (shares[4] + shares[5] + shares[7]) / 3
    for row in range(8):
        stated, others = batch["advantages"][row][states[row]], batch["advantages"][row][~states[row]]
        mean = sum(rest[4:]) / 4 if row >= 4 else rest[0]
        assert others.tolist() == pytest.approx([rest[row] - mean] * len(others), abs=1e-5)
        if row != 6:
            expected = shares[row] - (first if row < 4 else second)
            assert stated.tolist() == pytest.approx([expected] * len(stated), abs=1e-6) and len(stated)
            assert str(STATED[row] if row < 6 else 0.9) in told(trainer, batch, row, states[row])
    assert batch["advantages"][0].count_nonzero() == states[0].sum(), "nothing else makes a difference there"


def test_ppos_critic_foresees_the_rest_alone(
    toy: Path, tiny_text: Path, tmp_path: Path, gold_of, monkeypatch: pytest.MonkeyPatch
):
    reward = Rubric.load("default").reward_func(toy_briefs(toy / "text.jsonl", 32))
    reach = {"gamma": 1.0, "lam": 1.0, "whiten": False}
    trainer = test_ppo.make_trainer(
        toy, tiny_text, tmp_path / "run", reward, advantage=reach, trainer={"max_completion_length": 200},
        credit="masked",
    )  # fmt: skip
    batch = writing(trainer, [gold_of(stated) for stated in STATED], monkeypatch)
    shares = torch.tensor([card.share_of(reward.on_confidence) for _, card in trainer._scored])
    rest = torch.tensor([card.total for _, card in trainer._scored]) - shares
    states, own = trainer.states_confidence(batch["tool_mask"]), batch["tool_mask"].bool()
    for row in range(8):
        others = batch["advantages"][row][own[row] & ~states[row]]
        torch.testing.assert_close(others, rest[row].expand_as(others))
        stated = batch["advantages"][row][states[row]]
        torch.testing.assert_close(stated, (shares[row] - shares.mean()).expand_as(stated), atol=1e-6, rtol=0)
        torch.testing.assert_close(batch["returns"][row][own[row]], rest[row].expand(int(own[row].sum())))


def test_a_rubric_that_pays_nothing_for_confidence_is_refused(toy: Path, tmp_path: Path):
    recipe = GRPORecipe.load("billboard/grpo", {"credit": "masked", "output": str(tmp_path)})
    stage = stage_of(recipe)
    assert isinstance(stage, PolicyStage)
    stage.check(recipe.arguments(bf16=False))
    stage.rubric = stage.rubric.model_copy(update={"calibration": 0.0})
    with pytest.raises(DataError, match=r"credit: rubric 'billboard' pays nothing for a stated confidence"):
        stage.check(recipe.arguments(bf16=False))
