"""What tells runs apart: settings, and the content of what they name."""

from pathlib import Path
from typing import Any

import pytest

from data import Briefs, DataError, Rule, Rulebook
from prompts.excerpts import Excerpts, RetrievalConfig
from rewards import Rubric
from rl.config import GRPORecipe
from rl.training.identity import MAY_CHANGE, check_same, content_of, identity_of
from tests.rl.conftest import toy_book, toy_cases

ROOT = Path(__file__).parents[3]


def identity(overrides: dict[str, Any], briefs: Briefs) -> dict[str, Any]:
    recipe = GRPORecipe.load("billboard/grpo", overrides)
    return identity_of(recipe, briefs, Briefs([], briefs.book), "some/name")


@pytest.fixture
def briefs(tmp_path: Path) -> Briefs:
    return Briefs.bind(toy_cases(tmp_path, 4), toy_book())


def test_what_may_change_is_no_part_of_it(briefs: Briefs) -> None:
    free = {"max_steps": 1, "logging_steps": 3, "save_total_limit": 9, "output": "b", "run_name": "c", "name": "d"}
    moved = {"data.train": ["elsewhere.jsonl"], "data.rulebook": "else.yaml", "model.path": "else", "rubric": "else"}
    assert identity(free | moved, briefs) == identity({}, briefs)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("trainer.learning_rate", 2e-4),
        ("trainer.eval_strategy", "steps"),
        ("model.dtype", "bfloat16"),
        ("model.lora", {"r": 4}),
        ("data.template", "default"),
        ("seed", 7),
        ("hard", {"look_at": 10}),
        ("reasoning_language", "de"),
    ],
)
def test_a_setting_is_named_by_its_key(key: str, value: Any, briefs: Briefs, tmp_path: Path) -> None:
    before, now = identity({}, briefs), identity({key: value}, briefs)
    with pytest.raises(DataError, match=rf"^{tmp_path}: [^;]*\b{key}[^;]* now, [^;]* when it was saved\. Resume"):
        check_same(tmp_path, before, now)
    with pytest.raises(DataError, match=key):  # taken back
        check_same(tmp_path, now, before)


def test_another_retriever_book_or_number_of_rules_is_another_run(tmp_path: Path) -> None:
    cases, book = toy_cases(tmp_path, 4), toy_book()
    more = book.model_copy(update={"rules": (*book.rules, Rule(id="NEW-1", text="no noise"))})

    def run(book: Rulebook, **settings: Any) -> dict[str, Any]:
        config = {"retrieve": "bm25", **settings}
        return identity({"data.excerpt": config}, Excerpts(book, RetrievalConfig(**config)).bind(cases))

    before = run(book, k=2)
    assert run(book, k=2) == before
    for other in (run(book, k=3), run(book, tokens=9), run(more, k=2), identity({}, Briefs.bind(cases, book))):
        with pytest.raises(DataError, match=rf"^{tmp_path}: data\.excerpt: .*rules, retrieved by bm25 \(index "):
            check_same(tmp_path, before, other)


def test_where_cases_are_watched_at_every_save_its_steps_may_not_change(briefs: Briefs) -> None:
    """Evaluating a policy draws random numbers."""
    watching = {"data.valid": ["valid.jsonl"], "save_steps": 10}
    before, now = identity(watching, briefs), identity(watching | {"save_steps": 20}, briefs)
    assert {name for name in before if before[name] != now[name]} == {"trainer.eval_steps"}


def test_cases_are_told_apart_by_their_content_and_order(briefs: Briefs, tmp_path: Path) -> None:
    own = content_of(briefs)
    assert content_of(Briefs.bind(toy_cases(tmp_path, 4), toy_book())) == own
    assert content_of(Briefs(list(briefs)[::-1], briefs.book)) != own
    assert content_of(briefs[:3]) != own
    picture = tmp_path / "media" / "2.png"
    picture.write_bytes(picture.read_bytes() + b"\0")
    assert content_of(briefs) != own


def test_a_rubric_is_told_by_its_content_and_schedules() -> None:
    plain = Rubric(name="a", craft={"rules": 0.25})
    assert plain.fingerprint == Rubric(name="b", craft={"rules": 0.25}).fingerprint
    others = [{"rules": 0.5}, {"rules": {0: 0.25, 1: 0.5}}, {"rules": {0: 0.25, 0.5: 0.5}}]
    assert len({Rubric(name="a", craft=craft).fingerprint for craft in others} | {plain.fingerprint}) == 4


def test_the_manual_lists_what_may_change() -> None:
    manual = (ROOT / "docs" / "training.md").read_text()
    assert not [name for name in MAY_CHANGE if f"`{name.removeprefix('trainer.')}`" not in manual]
