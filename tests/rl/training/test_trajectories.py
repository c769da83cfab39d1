"""SFT on episodes at the desk: what is learned of them, token by token, and that it is what rollouts are made of."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from data import DataError
from data.reading.loading import save_cases
from prompts import Episode, Turn
from prompts.chat import encode
from prompts.processor import special_tokens
from rl.config.desk import DeskConfig
from rl.config.train import SFTRecipe
from rl.desk import Desks
from rl.desk.replay import replay
from rl.models.load import load_processor
from rl.runs.trajectories import save_trajectories
from rl.training.lengths import count
from rl.training.pieces import Pieces
from rl.training.preflight import preflight
from rl.training.registry import stage_of, train
from rl.training.trajectories import IGNORED, Collator, lesson_of, rows_for_trajectories
from tests.rl.conftest import toy_book
from tests.rl.training.test_desk_grpo import END, SCRIPTS, batch_of, make, mixed

DESK = {"tools": ["zoom", "read"], "max_calls": 3, "picture_side": 56}


def episode(case: str, script: list[str]) -> Episode:
    """Of the policy's turns alone: what tools answer is asked anew."""
    return Episode(case, tuple(Turn(text) for text in script))


@pytest.fixture
def made(tmp_path: Path, tiny_vl: Path) -> tuple[Any, Desks, Any]:
    briefs = mixed(tmp_path)
    return briefs, Desks.of(DeskConfig(**DESK), briefs.book), load_processor(tiny_vl)


def test_labels_are_the_policy_s_tokens_and_no_other(made, tiny_vl: Path):
    briefs, desks, processor = made
    tokenizer = AutoTokenizer.from_pretrained(tiny_vl)
    script, brief = SCRIPTS[0], briefs[3]  # three pictures, a zoom, a text
    rows = rows_for_trajectories({brief.id: [episode(brief.id, script)]}, briefs, desks, processor, 512, "compact")
    batch = Collator(tokenizer.pad_token_id)([rows[0]])
    ids, labels = batch["input_ids"][0], batch["labels"][0]
    learned = labels[labels != IGNORED].tolist()
    assert learned == [t for said in script for t in tokenizer(said + END, add_special_tokens=False)["input_ids"]]
    assert torch.equal(ids[labels != IGNORED], labels[labels != IGNORED])
    asked = encode(processor, [desks.prompt(brief, "compact", (), True)], tools=desks.schemas)["input_ids"][0]
    assert torch.equal(ids[: len(asked)], asked) and (labels[: len(asked)] == IGNORED).all()
    image = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    assert (ids[len(asked) :] == image).sum() > 0 and len(batch["image_grid_thw"]) == 4
    assert rows[0]["length"] == len(ids), "as a dry run counts it"


def test_all_text_is_learned_where_a_model_is_to_read(made, tiny_vl: Path):
    briefs, desks, processor = made
    tokenizer = AutoTokenizer.from_pretrained(tiny_vl)
    image = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    lessons = {briefs[3].id: [episode(briefs[3].id, SCRIPTS[0])], briefs[0].id: [episode(briefs[0].id, SCRIPTS[1])]}
    rows = rows_for_trajectories(lessons, briefs, desks, processor, 512, "compact")
    batch = Collator(tokenizer.pad_token_id, [image])([rows[0], rows[1]])
    ids, labels = batch["input_ids"], batch["labels"]
    text = (batch["attention_mask"] == 1) & (ids != image)
    assert torch.equal(labels, ids.masked_fill(~text, IGNORED)) and (ids == image).any() and not text.all()


def test_an_episode_is_encoded_as_rollouts_are(made, tiny_vl: Path, tmp_path: Path):
    briefs, desks, processor = made
    trainer = make(briefs, tiny_vl, tmp_path / "run")
    batch_of(trainer)
    pieces = Pieces(processor, [processor.tokenizer.eos_token_id], {"tools": desks.schemas})
    cases = [trainer.train_dataset[place]["case"] for place in range(4) for _ in range(4)]
    for case, row in zip(cases, trainer._trajectories, strict=True):
        script = [turn.text for turn in row.turns if turn.author == "policy"]
        options = {"special_tokens": special_tokens(processor), "told": True}
        shown = replay(episode(case, script), briefs[case], desks, "compact", **options)
        lesson = lesson_of(shown.messages, processor, pieces, {"tools": desks.schemas})
        assert lesson.whole.ids.tolist() == [*row.prompt.ids.tolist(), *row.behind.ids.tolist()]
        assert lesson.own.tolist() == [False] * len(row.prompt.ids) + [bool(own) for own in row.own]
        pixels = [piece.media["pixel_values"] for piece in (row.prompt, row.behind) if "pixel_values" in piece.media]
        if pixels:
            torch.testing.assert_close(lesson.whole.media["pixel_values"], torch.cat(pixels))
        (length,) = count([shown.messages], processor, desks.schemas)
        assert length.total == len(lesson.own)


def recipe(folder: Path, model: Path, scripts: dict[str, list[str]] | None = None, **changed: Any) -> SFTRecipe:
    briefs = mixed(folder)
    save_cases([brief.case for brief in briefs], folder / "cases.jsonl")
    toy_book().dump(folder / "rules.yaml")
    chosen = scripts or {brief.id: SCRIPTS[place % 4] for place, brief in enumerate(briefs) if place % 4 != 3}
    save_trajectories([episode(case, script) for case, script in chosen.items()], folder / "trajectories.jsonl")
    trainer = {
        "max_steps": 12, "per_device_train_batch_size": 4, "learning_rate": 3e-3, "report_to": "none",
        "gradient_checkpointing": False, "save_strategy": "no", "logging_steps": 4, "disable_tqdm": True,
    }  # fmt: skip
    data = {"train": [str(folder / "cases.jsonl")], "rulebook": str(folder / "rules.yaml"), "template": "compact"}
    settings = {"name": "desk", "output": folder / "run", "model": {"path": str(model)}, "data": data, "desk": DESK}
    return SFTRecipe(**settings | {"trainer": trainer, "trajectories": str(folder / "trajectories.jsonl")} | changed)


def test_a_model_learns_to_ask(tiny_vl: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    chosen, losses = recipe(tmp_path, tiny_vl), []
    final = train(chosen, watch=lambda snapshot: losses.append(snapshot.loss))
    assert (final / "model.safetensors").is_file()
    told = [loss for loss in losses if loss is not None]
    assert len(told) >= 12 and told[-1] < 0.85 * told[0]


def test_a_model_learns_to_read(tiny_vl: Path, tmp_path: Path):
    losses: list[float | None] = []
    train(recipe(tmp_path, tiny_vl, learn="all"), watch=lambda snapshot: losses.append(snapshot.loss))
    told = [loss for loss in losses if loss is not None]
    assert len(told) >= 12 and told[-1] < 0.85 * told[0]
    with pytest.raises(ValueError, match="all text is learned of episodes alone"):
        recipe(tmp_path, tiny_vl, learn="all", trajectories=[])


def test_the_dry_run_measures_whole_episodes(tiny_vl: Path, tmp_path: Path):
    chosen = recipe(tmp_path, tiny_vl)
    (tmp_path / "recipe.yaml").write_text(chosen.model_dump_json(exclude={"model": {"tiny"}}))
    found = preflight("sft", str(tmp_path / "recipe.yaml"))
    said = str(vars(found))
    assert "6 episodes about 6 cases" in said
    rows = stage_of(chosen).rows(mixed(tmp_path), load_processor(tiny_vl), 512, 0)
    longest = max(rows.with_format(None)["length"])
    brief = rows.with_format(None)["case"][rows.with_format(None)["length"].index(longest)]
    assert f"'{brief}'" in said


def test_episodes_that_cannot_be_learned_are_refused(tiny_vl: Path, tmp_path: Path):
    with pytest.raises(DataError, match="name its tools"):
        train(recipe(tmp_path, tiny_vl, desk=None))
    with pytest.raises(DataError, match="name files of episodes"):
        train(recipe(tmp_path, tiny_vl, trajectories=[]))
    with pytest.raises(DataError, match="no trajectory is about any of the cases"):
        train(recipe(tmp_path, tiny_vl, {"elsewhere": SCRIPTS[1]}))
    with pytest.raises(DataError, match="turn 1 of 2 on case 'toy-1' asks for nothing, and is not the last"):
        train(recipe(tmp_path, tiny_vl, {"toy-1": [SCRIPTS[1][0], SCRIPTS[1][0]]}))
    with pytest.raises(DataError, match="asks for more"):
        train(recipe(tmp_path, tiny_vl, {"toy-1": SCRIPTS[0][:1]}))
    with pytest.raises(DataError, match="the one on case 'toy-1' ends without a ruling"):
        train(recipe(tmp_path, tiny_vl, {"toy-1": ["hello"]}))
    with pytest.raises(DataError, match=r"a turn on case 'toy-1' has '<\|image_pad\|>', which is no text to learn"):
        train(recipe(tmp_path, tiny_vl, {"toy-1": ["<think><|image_pad|></think><answer>{}</answer>"]}))
