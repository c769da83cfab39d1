"""A model in this process at the desk: rounds over cases, each with what its tools said, and a log that keeps it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import rl.generation.at_desk
from data import Briefs, DataError, Ruling, load_cases
from prompts import Message, parse, write
from prompts.chat import Conversation, encode, so_far
from prompts.excerpts import Excerpts
from prompts.processor import tokenizer_of
from rl.config.decoding import Decoding
from rl.config.desk import DeskConfig
from rl.desk import Desks, ToolCall
from rl.desk.calls import written
from rl.evaluation import compare_table, evaluate_model, load_evaluation
from rl.generation.episodes import at_desk, write_episodes
from rl.generation.local import LocalEngine
from rl.generation.writers import Rows
from rl.models.load import load_processor
from rl.serving.review import panel, review
from tests.chat_templates import OPENS, with_template
from tests.rl.conftest import toy_book

LAST = write(Ruling(reasoning="CURE-1: clear", verdict="approve", confidence=0.9))
SEARCH = f"<think>a</think>{written(ToolCall('search_rules', {'query': 'cure prizes'}))}"
ZOOM = f"<think>b</think>{written(ToolCall('zoom', {'image': 0, 'box': [0, 0, 0.5, 1]}))}"
DECODING = Decoding(template="compact", max_new_tokens=8, batch_size=4)


class Scripted:
    """Writes by a script: what a case's number says, turn by turn. It reads all that it is given."""

    def __init__(self, processor: Any, variables: dict[str, Any]):
        self.processor, self.variables = processor, variables
        self.read: list[list[str]] = []
        self.most = 10**9

    def write(self, conversations: Sequence[Conversation], check: Any) -> Rows:
        lengths = encode(self.processor, conversations, **self.variables)["attention_mask"].sum(dim=1).tolist()
        check([10**6 if length > self.most else length for length in lengths])
        self.read.append([so_far(self.processor, messages, self.variables) for messages in conversations])
        texts = [self.turn(messages) for messages in conversations]
        ids = [tokenizer_of(self.processor)(text, add_special_tokens=False)["input_ids"] for text in texts]
        return Rows(ids, [[-0.5] * len(own) for own in ids])

    def turn(self, messages: Sequence[Message]) -> str:
        number = sum(message.role == "assistant" for message in messages)
        white = "20 % off" in "".join(text.text for text in messages[1].texts)
        return ([SEARCH, LAST] if white else [SEARCH, ZOOM, SEARCH, SEARCH, LAST])[number]


@pytest.fixture
def desked(toy: Path, tiny_vl: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Scripted, Briefs, Desks]:
    config = DeskConfig(tools=("search_rules", "zoom"), max_calls=4, picture_side=56)
    desks = Desks.of(config, toy_book())
    scripted = Scripted(load_processor(tiny_vl), {"tools": desks.schemas})
    monkeypatch.setattr(rl.generation.at_desk, "writer_for", lambda *_: scripted)
    cases = [case.model_copy(update={"rules": None}) for case in load_cases(toy / "cases.jsonl")[:6]]
    return scripted, Excerpts(toy_book(), "none").bind(cases), desks


def test_each_round_only_those_go_on_that_asked(desked: Any, tiny_vl: Path, tmp_path: Path) -> None:
    scripted, briefs, desks = desked
    engine = at_desk(tiny_vl, desks)
    found = write_episodes(engine, briefs, DECODING, progress=False, log=tmp_path / "log.jsonl")
    for (episode,), brief in zip(found.by_brief, briefs, strict=True):
        short = "20 % off" in "".join(brief.case.text.values())
        long = ["search_rules", "zoom", "search_rules", "search_rules"]
        assert [look.tool for look in episode.looks] == (long[:1] if short else long)
        assert episode.completion == LAST and parse(episode.completion) and episode.verdict_logprob is not None
        assert [turn.author for turn in episode.turns] == ["policy", "tool"] * (len(episode.looks)) + ["policy"]
        assert set(episode.looked_up) == {"CURE-1", "PRIZE-1"} and episode.seconds is not None
        assert brief.with_rules(episode.looked_up, briefs.book).excerpt.retrieved
    rounds = [len(texts) for texts in scripted.read]
    assert sum(rounds) == sum(len(e.turns) // 2 + 1 for (e,) in found.by_brief)
    assert found.provenance["spent"]["calls"] == sum(len(e.looks) for (e,) in found.by_brief) / 6
    assert found.provenance["desk"]["tools"] == ["search_rules", "zoom"]
    before = len(scripted.read)
    again = write_episodes(engine, briefs, DECODING, progress=False, log=tmp_path / "log.jsonl")
    assert again.by_brief != [] and len(scripted.read) == before, "nothing is written twice"
    assert [e.looks for e in again] == [e.looks for e in found] and next(e.turns[0] for e in again).text == SEARCH
    other = desks.config.model_copy(update={"blank": ("zoom",)})
    with pytest.raises(DataError, match=r"other settings \(desk.blank"):
        blind = at_desk(tiny_vl, Desks.of(other, briefs.book))
        write_episodes(blind, briefs, DECODING, progress=False, log=tmp_path / "log.jsonl")


def test_what_the_model_wrote_stands_before_it_to_the_letter(desked: Any, tiny_vl: Path) -> None:
    scripted, briefs, desks = desked
    write_episodes(at_desk(tiny_vl, desks), briefs, DECODING, progress=False)
    texts = [text for texts in scripted.read for text in texts]
    longest = max(texts, key=len)
    assert longest.count("<|im_start|>tool\n") == 4 and longest.count("<|image_pad|>") == 2
    assert sum(longest.startswith(text) for text in texts) >= 5, "each prompt goes on from the one before"
    assert f"<|im_start|>assistant\n{SEARCH}<|im_end|><|im_start|>tool\nPRIZE-1 (medium)" in longest
    assert "search_rules(query), zoom(image, box)\n4 calls of tools" in longest


def test_an_episode_without_room_ends_and_the_others_go_on(desked: Any, tiny_vl: Path) -> None:
    scripted, briefs, desks = desked
    scripted.most = 190
    found = write_episodes(at_desk(tiny_vl, desks), briefs, DECODING, progress=False)
    ended = [episode for episode in found if episode.turns[-1].author == "tool"]
    assert ended and all(episode.completion == "" for episode in ended)
    assert any(episode.completion == LAST for episode in found)


def test_evaluation_and_review_say_what_was_looked_at(desked: Any, tiny_vl: Path, tmp_path: Path) -> None:
    _, briefs, desks = desked
    found = evaluate_model(tiny_vl, briefs, tmp_path, decoding=DECODING, desks=desks, progress=False)
    read = load_evaluation(tmp_path)
    assert read.predictions == found.predictions and read.spent is not None and "calls" in read.spent
    assert found.metrics["calls_per_review"].value == found.provenance["spent"]["calls"]
    assert all(
        prediction.rules == ["CURE-1", "PRIZE-1"] or len(prediction.rules) == 2 for prediction in read.predictions
    )
    assert read.shown is not None and read.shown.startswith("no rules but those that were looked up")
    with pytest.raises(DataError, match="robustness is measured on models that rule in one turn"):
        evaluate_model(tiny_vl, briefs, tmp_path / "r", desks=desks, robustness=["rule-order"])
    (one, *_) = review(tiny_vl, briefs, DECODING, desks)
    body = "\n".join(str(part) for part in panel(one).renderable.renderables)
    assert "1. search_rules: rules" in body and one.looks and json.loads(one.model_dump_json())["looks"]
    assert compare_table([found])


def test_templates_without_tools_get_answers_as_a_users(tiny_vl: Path, tmp_path: Path, desked: Any) -> None:
    _, briefs, desks = desked
    processor = load_processor(with_template(tiny_vl, tmp_path / "other", OPENS))
    desk = desks.at(briefs[0])
    answer = desk.answer(SEARCH)
    assert answer is not None
    messages = [*desks.prompt(briefs[0], "compact"), Message("assistant", ()), answer.message]
    assert "search_rules(query)" in "".join(part.text for part in messages[0].texts)
    assert so_far(processor, messages, {}).endswith("<|im_start|>assistant\n<think>\n")


def test_side_effects_are_refused_before_anything_is_written(tiny_vl: Path, desked: Any, tmp_path: Path) -> None:
    _, briefs, _ = desked
    (tmp_path / "mine.py").write_text('def note(words: str) -> str:\n    """Note it."""\n    return words\n')
    desks = Desks.of(DeskConfig(tools=(f"{tmp_path}/mine.py:note",)), briefs.book)
    engine = at_desk(LocalEngine(str(tiny_vl)), desks)
    with pytest.raises(DataError, match="tool 'note' may change something"):
        write_episodes(engine, briefs, DECODING, progress=False)
    with pytest.raises(DataError, match="cannot be asked with tools"):
        from tests.rl.generation.parrot import Parrot

        at_desk(Parrot(), desks)
