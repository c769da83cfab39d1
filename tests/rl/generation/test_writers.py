"""Whichever way completions are written, they are the same, and know the same of themselves."""

import io
from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model
from rich.console import Console

from data import Briefs
from prompts import render
from prompts.processor import tokenizer_of
from rl.generation import writers
from rl.generation.local import generation_config
from rl.generation.reader import Reader
from rl.generation.writers import PrefixShared, RowByRow, Rows, Writer, writer_for
from rl.models.load import load_processor
from rl.shared_prefix.prompt import Prompt
from tests.rl.conftest import toy_briefs
from tests.rl.generation.test_local import decoding_of, talkative


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What people are told."""
    heard = io.StringIO()
    monkeypatch.setattr(writers, "console", lambda: Console(file=heard, width=200))
    return heard


@pytest.fixture(params=["pictures", "text", "adapter"])
def asked(request: pytest.FixtureRequest, toy: Path) -> tuple:
    """A model, its processor, and cases of several lengths under one excerpt."""
    name, cases = ("tiny_text", "text.jsonl") if request.param == "text" else ("tiny_vl", "cases.jsonl")
    path = request.getfixturevalue(name)
    briefs = toy_briefs(toy / cases, 6)
    for place, brief in enumerate(briefs):
        brief.case.text["body"] *= 1 + place % 3
    model = talkative(path)
    if request.param == "adapter":
        lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
        model = get_peft_model(model, lora)  # type: ignore[assignment]
    return model.eval(), load_processor(path), briefs


def settings_of(asked: tuple, **decoding):
    model, processor, _ = asked
    return generation_config(model, tokenizer_of(processor), decoding_of(**{"max_new_tokens": 12} | decoding))


def written(writer: Writer, briefs: Briefs) -> Rows:
    heard: list[int] = []
    rows = writer.write([render(brief.case, brief.excerpt, "compact") for brief in briefs], heard.extend)
    assert heard[: len(briefs)] == heard[-len(briefs) :] and min(heard) > 30
    return rows


def until_end(asked: tuple, row: list[int]) -> list[int]:
    end = tokenizer_of(asked[1]).eos_token_id
    return row[: row.index(end) + 1] if end in row else row


def test_both_write_the_same(asked: tuple, said: io.StringIO):
    model, processor, briefs = asked
    settings = settings_of(asked)
    expected = written(RowByRow(model, Reader(processor, {}), settings), briefs)
    writer = writer_for(model, Reader(processor, {}), settings)
    assert isinstance(writer, PrefixShared)
    for first, batch in ((0, briefs), (0, briefs[:2]), (2, briefs[2:])):  # what prompts begin with is kept
        found = written(writer, batch)
        for row, brief in enumerate(batch):
            theirs = until_end(asked, expected.ids[first + row])
            assert found.ids[row] == theirs, brief.id
            known = expected.logprobs[first + row][: len(theirs)]
            assert found.logprobs[row][: len(known)] == pytest.approx(known, abs=1e-4)
    assert not said.getvalue()


def test_samples_of_a_case_stand_side_by_side_and_its_prompt_is_made_once(
    asked: tuple, monkeypatch: pytest.MonkeyPatch
):
    made, process = [], Prompt.of
    monkeypatch.setattr(Prompt, "of", lambda processed: made.append(1) or process(processed))
    settings = settings_of(asked, samples=3, temperature=1.0, batch_size=6)
    writer = writer_for(asked[0], Reader(asked[1], {}), settings)
    rows = written(writer, asked[2][:2])
    assert len(rows.ids) == len(rows.logprobs) == 6 and len(made) == 2
    assert all(len(known) == len(row) and max(known) <= 0 for row, known in zip(rows.ids, rows.logprobs, strict=True))
    assert settings.num_return_sequences == 3


def test_a_model_that_would_say_something_else_is_asked_row_by_row(
    asked: tuple, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    model, processor, briefs = asked
    settings = settings_of(asked)
    expected = written(RowByRow(model, Reader(processor, {}), settings), briefs)
    real = writers.distance
    monkeypatch.setattr(writers, "distance", lambda *asked: real(*asked) + 0.01)
    writer = writer_for(model, Reader(processor, {}), settings)
    assert written(writer, briefs) == written(writer, briefs) == expected
    assert said.getvalue().count("not shared") == 1


def test_a_model_whose_rows_cannot_be_packed_is_asked_row_by_row(
    asked: tuple, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writers, "why_not", lambda model: "its layers carry a state")
    assert isinstance(writer_for(asked[0], Reader(asked[1], {}), settings_of(asked)), RowByRow)
    assert said.getvalue().count("its layers carry a state") == 1
