"""Which rules a stream is judged by: those that its case names, or those retrieved once for all of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Case, DataError, Line, save_cases
from rl.cli.watch import app
from rl.runs.journal import Looked, read_journal
from tests.data.media.live.broadcast import write_clip
from tests.rl.serving.live.scripted import BOOK, SeesDarkness

BM25 = "{retrieve: bm25, k: 1}"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> SeesDarkness:
    engine = SeesDarkness()
    monkeypatch.setattr("rl.generation.episodes.engine_of", lambda model: engine)
    return engine


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    BOOK.dump(tmp_path / "rules.yaml")
    said = [Case(id="a", transcript=[Line(start=0, end=2, text="All cures."), Line(start=4, end=6, text="Dark.")])]
    save_cases(said, tmp_path / "cases.jsonl")
    return ["--rulebook", str(tmp_path / "rules.yaml"), "--journal", str(tmp_path / "j.jsonl"), "--json"]


def test_rules_are_retrieved_as_in_training(engine: SeesDarkness, options: list[str], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"recipe": {"data": {"excerpt": {"retrieve": "bm25", "k": 1}}}}')
    done = CliRunner().invoke(app, [str(tmp_path / "run"), str(tmp_path / "cases.jsonl"), *options])
    assert done.exit_code == 0, done.output
    assert [brief.excerpt.ids for brief in engine.asked] == [["CURE-1"]] * 2  # once for the whole stream


def test_the_option_says_otherwise(engine: SeesDarkness, options: list[str], tmp_path: Path) -> None:
    call = ["model", str(tmp_path / "cases.jsonl"), *options]
    assert CliRunner().invoke(app, [*call, "--excerpt", BM25]).exit_code == 0
    assert [brief.excerpt.ids for brief in engine.asked] == [["CURE-1"]] * 2
    other = CliRunner().invoke(app, [*call, "--excerpt", "named"])
    assert isinstance(other.exception, DataError) and "case differ" in str(other.exception)
    wrong = CliRunner().invoke(app, [*call, "--excerpt", "nonsense"])
    assert isinstance(wrong.exception, DataError) and "excerpt" in str(wrong.exception)


def test_of_what_is_still_to_come_only_its_case_can_be_searched_for(
    engine: SeesDarkness, options: list[str], tmp_path: Path
) -> None:
    call = ["model", str(write_clip(tmp_path / "clip.mp4", 8)), *options, "--fast", "--excerpt", BM25]
    live = CliRunner().invoke(app, call)
    assert isinstance(live.exception, DataError) and "nobody knows yet what a stream is about" in str(live.exception)
    save_cases([Case(id="shop", text={"title": "Miracle cures"})], tmp_path / "known.jsonl")
    done = CliRunner().invoke(app, [*call, "--case", str(tmp_path / "known.jsonl")])
    assert done.exit_code == 0, done.output
    assert {tuple(brief.excerpt.ids) for brief in engine.asked} == {("CURE-1",)}
    assert [r.stream for r in read_journal(tmp_path / "j.jsonl") if isinstance(r, Looked)] == ["shop", "shop"]
