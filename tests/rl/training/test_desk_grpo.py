"""Episodes of several turns in training: what is written, what of it is learned from, and what it is scored by."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer
from trl import GRPOConfig

from data import Briefs, Case
from prompts import Episode
from rewards import Scorecard
from rl.config.desk import DeskConfig
from rl.config.model import ModelConfig
from rl.desk import Desks
from rl.models.load import context_length, load_model, load_processor
from rl.models.tiny import IMAGE
from rl.runs.rollouts import read_rollouts
from rl.shared_prefix.prompt import Prompt
from rl.shared_prefix.rows import row_by_row
from rl.training.rows import rows_for_rl
from rl.training.trainers.grpo import RulingGRPOTrainer
from rl.training.trainers.policy import PolicyTrainer
from rl.training.trainers.shared_prefix import PICTURED, PROMPTS
from tests.invariants.test_grpo_is_trl import NeverFlat
from tests.rl.conftest import toy_book, toy_briefs, toy_cases

ZOOM = {"name": "zoom", "arguments": {"image": 0, "box": [0, 0, 0.5, 0.5]}}
READ = {"name": "read", "arguments": {"field": "title"}}
END = "<|im_end|>"


def call(*asked: dict) -> str:
    return "<think>a</think>" + "".join(f"<tool_call>{json.dumps(one)}</tool_call>" for one in asked)


SCRIPTS = [
    [call(ZOOM), call(READ), "<think>b</think><answer>{}</answer>"],
    ["<think>c</think><answer>{}</answer>"],
    [call({"name": "zoom", "arguments": {"image": 7, "box": [0, 0, 1, 1]}}), "<answer>no picture seven</answer>"],
    [call(READ, ZOOM), "at last"],
]
"""What the n-th episode on a case says, turn by turn."""


class Scripted(RulingGRPOTrainer):
    """Its policy has words put into its mouth, once it has spoken."""

    def _generate_single_turn(self, prompts: list, *args: Any, **options: Any) -> Any:
        written, known = super()._generate_single_turn(prompts, *args, **options)
        assert len(written) == len(prompts) and all(written)
        said = []
        for text in (self._tokenizer.decode(ids) for ids in prompts):
            turns = text.count("<|im_start|>assistant") - 1
            row = next(place for place in range(self.cursor, 99) if len(SCRIPTS[place % 4]) > turns) if turns else None
            row = self.cursor if row is None else row
            said.append(SCRIPTS[row % 4][turns] + END)
            self.cursor = row + 1
        self.cursor = 0
        return [self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in said], known

    cursor = 0


def mixed(folder: Path) -> Briefs:
    """Cases with 0 to 3 pictures."""
    cases = toy_cases(folder, 8, images=False)
    for number, case in enumerate(cases):
        case.images = [f"media/{number}-{place}.png" for place in range(number % 4)]
        for place, name in enumerate(case.images):
            (folder / "media").mkdir(exist_ok=True)
            Image.new("RGB", (56 + 28 * place, 84), (40 * number, 90, 200)).save(folder / name)
    return Briefs.bind(cases, toy_book())


def make(
    briefs: Briefs, model: Path, output: Path, kind: type[PolicyTrainer] = Scripted, desk: bool = True, **settings: Any
) -> Any:
    shared = settings.pop("shared_prefix", True)
    plain = settings.pop("plain", False)
    processor, policy = load_processor(model), load_model(ModelConfig(path=str(model)))
    if plain:  # a chat template that says nothing of tools: prompts are the same with a desk and without
        for part in (processor, processor.tokenizer):
            part.chat_template = part.chat_template.replace("tools and loop.first", "false").replace(
                "in tools", "in []"
            )
    desks = Desks.of(DeskConfig(tools=("zoom", "read"), max_calls=3, picture_side=56), briefs.book) if desk else None
    rows = rows_for_rl(briefs, processor, context_length(policy), 64, "compact", None if plain else desks)
    defaults: dict[str, Any] = {
        "seed": 3,
        "report_to": "none",
        "bf16": False,
        "gradient_checkpointing": False,
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "max_steps": 2,
        "num_generations": 4,
        "max_completion_length": 8,
        "per_device_train_batch_size": 16,
        "learning_rate": 1e-3,
    }
    return kind(
        model=policy,
        args=GRPOConfig(output_dir=str(output), **defaults | settings),
        train_dataset=rows,
        processing_class=processor,
        reward=NeverFlat(fails=False),
        rollouts=output / "rollouts",
        briefs=briefs,
        desks=desks,
        shared_prefix=shared,
    )


def batch_of(trainer: Any) -> dict[str, Any]:
    """What a generation makes of the first rows."""
    rows = [trainer.train_dataset[place] for place in range(4) for _ in range(4)]
    trainer.model.train()
    return trainer._generate_and_score_completions(rows)


@pytest.fixture
def batch(tiny_vl: Path, tmp_path: Path) -> tuple[Any, dict[str, Any]]:
    trainer = make(mixed(tmp_path), tiny_vl, tmp_path / "run")
    trainer.create_optimizer()
    return trainer, batch_of(trainer)


def test_the_mask_is_on_the_policy_s_tokens_and_on_no_other(batch, tiny_vl: Path):
    trainer, output = batch
    tokenizer = AutoTokenizer.from_pretrained(tiny_vl)
    for row, (ids, mask, own) in enumerate(
        zip(output["completion_ids"], output["completion_mask"], output["tool_mask"], strict=True)
    ):
        script = SCRIPTS[row % 4]
        expected, learned = [], []
        for place, said in enumerate(script):
            written = tokenizer(said + END, add_special_tokens=False)["input_ids"]
            turn = trainer._trajectories[row].turns[2 * place]
            assert turn.text == said and turn.author == "policy"
            expected += written
            learned += [1] * len(written)
            if place + 1 < len(script):
                answer = trainer._trajectories[row].turns[2 * place + 1]
                shown = answer.text.replace("(picture)", f"<|vision_start|>{IMAGE}<|vision_end|>")
                told = f"<|im_start|>tool\n{shown}{END}<|im_start|>assistant\n"
                pieces = tokenizer(told, add_special_tokens=False)["input_ids"]
                grid = 4 if IMAGE in told else 1  # a picture of 56 x 56 pixels
                for token in pieces:
                    expected += [token] * (grid if token == tokenizer.convert_tokens_to_ids(IMAGE) else 1)
                learned += [0] * (len(expected) - len(learned))
        size = int(mask.sum())
        pad = tokenizer.convert_tokens_to_ids(IMAGE)
        assert [t for t in ids[:size].tolist() if t != pad] == [t for t in expected if t != pad]
        kept = [o for t, o in zip(ids[:size].tolist(), own[:size].tolist(), strict=True) if t != pad]
        assert kept == [o for t, o in zip(expected, learned, strict=True) if t != pad]
        assert not own[:size][ids[:size] == pad].any(), "no picture is learned"


def test_what_was_asked_and_what_was_answered(batch):
    trainer, output = batch
    (zoomed, plain, failed, several) = trainer._trajectories[4:8]  # of the case with one picture
    assert [turn.author for turn in zoomed.turns] == ["policy", "tool"] * 2 + ["policy"]
    assert zoomed.turns[1].looks[0].regions[0].region == (0, 0, 0.5, 0.5) and zoomed.pictured is not None
    assert len(plain.turns) == 1 and plain.pictured is None
    assert "there is no image 7" in failed.turns[1].text and failed.pictured is None
    assert [look.tool for look in several.turns[1].looks] == ["read", "zoom"]
    assert output[PICTURED][:4] == [None] * 4, "a case without pictures has nothing to zoom into"


def test_log_probabilities_are_those_of_a_row_each(batch):
    trainer, output = batch
    ids = torch.cat([output["prompt_ids"], output["completion_ids"]], dim=1)
    attended = torch.cat([output["prompt_mask"], output["completion_mask"]], dim=1)
    trainer._at_hand, trainer._pictured = output[PROMPTS], output[PICTURED]
    trainer.model.eval()
    assert trainer.shares
    with torch.no_grad():
        packed, _, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, attended, output["completion_ids"].shape[1]
        )
        rows = row_by_row(
            trainer.model, output[PROMPTS], output["completion_ids"], output["completion_mask"], output[PICTURED]
        )
    torch.testing.assert_close(packed, rows.log_probs, atol=2e-5, rtol=1e-5)
    pictured = next(row for row, piece in enumerate(output[PICTURED]) if piece is not None)
    whole = Prompt.joined([output[PROMPTS][pictured], output[PICTURED][pictured]])
    blank = Prompt(whole.ids, {**whole.media, "pixel_values": torch.zeros_like(whole.media["pixel_values"])})
    other = {**output[PICTURED][pictured].media, "pixel_values": -output[PICTURED][pictured].media["pixel_values"]}
    changed = list(output[PICTURED])
    changed[pictured] = Prompt(output[PICTURED][pictured].ids, other)
    with torch.no_grad():
        unlike = row_by_row(
            trainer.model, output[PROMPTS], output["completion_ids"], output["completion_mask"], changed
        )
    assert blank.media and (unlike.log_probs[pictured] - rows.log_probs[pictured]).abs().max() > 1e-4


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("reference", [0.0, 0.1])
def test_training_takes_steps_and_keeps_the_turns(
    shared: bool, reference: float, tiny_vl: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    """Old and reference log-probabilities come with their pictures, in minibatches that mix 0 to 3 of them."""
    settings = {"per_device_train_batch_size": 8, "steps_per_generation": 2, "num_iterations": 2, "beta": reference}
    trainer = make(mixed(tmp_path), tiny_vl, tmp_path / "run", shared_prefix=shared, max_steps=4, **settings)
    before = {name: weight.clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    assert trainer.shares is shared
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert len(log) == 4 and all(torch.isfinite(torch.tensor(entry["loss"])) for entry in log)
    assert any(not torch.equal(before[name], weight) for name, weight in trainer.model.named_parameters())
    rollouts = read_rollouts(tmp_path / "run")
    assert [len(rollout.episode.turns) for rollout in rollouts[:4]] == [2 * len(script) - 1 for script in SCRIPTS]
    assert rollouts[0].episode.looks and rollouts[0].episode.completion == SCRIPTS[0][-1]


def test_both_ways_learn_the_same(tiny_vl: Path, tmp_path: Path):
    weights = []
    for shared in (True, False):
        settings = {"optim": "sgd", "learning_rate": 0.1, "beta": 0.1, "num_iterations": 2, "shared_prefix": shared}
        trainer = make(mixed(tmp_path), tiny_vl, tmp_path / f"run-{shared}", **settings)
        trainer.train()
        weights.append({name: weight.detach() for name, weight in trainer.model.named_parameters()})
    for name, weight in weights[0].items():
        torch.testing.assert_close(weight, weights[1][name], atol=2e-6, rtol=1e-4, msg=name)


def test_an_episode_without_calls_trains_as_if_there_were_no_desk(toy: Path, tiny_vl: Path, tmp_path: Path):
    trained = []
    for desk in (True, False):
        briefs = toy_briefs(toy / "cases.jsonl", 16)
        torch.manual_seed(0)
        trainer = make(briefs, tiny_vl, tmp_path / str(desk), RulingGRPOTrainer, desk, plain=True, num_iterations=2)
        assert (trainer.desks is not None) is desk
        trainer.train()
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        trained.append((losses, {name: weight.detach() for name, weight in trainer.model.named_parameters()}))
    (losses, weights), (expected_losses, expected) = trained
    assert losses == expected_losses and any(losses)
    for name, weight in weights.items():
        assert torch.equal(weight, expected[name]), name
    assert [r.episode for r in read_rollouts(tmp_path / "True")] == [
        r.episode for r in read_rollouts(tmp_path / "False")
    ]


def test_a_turn_that_is_cut_off_is_the_last(tiny_vl: Path, tmp_path: Path):
    trainer = make(mixed(tmp_path), tiny_vl, tmp_path / "run")
    write = RulingGRPOTrainer._generate_single_turn

    def cut(self: Any, *args: Any, **options: Any) -> Any:
        written, known = write(self, *args, **options)
        ids = self._tokenizer(call(ZOOM), add_special_tokens=False)["input_ids"]
        return [ids] * len(written), known

    trainer._generate_single_turn = cut.__get__(trainer)
    batch_of(trainer)
    assert all(len(row.turns) == 1 for row in trainer._trajectories)


def test_calls_without_end_come_to_an_end(tiny_vl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.rl.training.test_desk_grpo.SCRIPTS", [[call(READ)] * 9] * 4)
    trainer = make(mixed(tmp_path), tiny_vl, tmp_path / "run")
    batch_of(trainer)
    for row in trainer._trajectories:
        assert len(row.turns) == 2 * 3 + 2 + 1 and "no calls are left" in row.turns[-2].text
        assert row.turns[-1].author == "policy" and row.own[-1] == 1


def test_scored_by_the_rules_that_were_shown(tiny_vl: Path, tmp_path: Path):
    heard: list[Episode] = []

    class Spy(NeverFlat):
        def score(self, episodes, cases, progress=1.0) -> list[Scorecard]:
            heard.extend(episodes)
            return super().score(episodes, cases, progress)

    trainer = make(mixed(tmp_path), tiny_vl, tmp_path / "run")
    trainer.reward = Spy(fails=False)
    batch_of(trainer)
    assert [episode.completion for episode in heard[:4]] == [script[-1] for script in SCRIPTS]
    assert [episode.sample for episode in heard[:4]] == [0, 1, 2, 3]
    assert all(isinstance(Case.model_validate({"id": episode.case}), Case) for episode in heard)
