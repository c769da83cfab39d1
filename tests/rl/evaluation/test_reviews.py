"""Decisions of reviewers: read strictly, the last word counts, and agreement is what it should be."""

import json
from pathlib import Path
from typing import Any

import pytest

from data import DataError
from rl.evaluation import Evaluation
from rl.evaluation.reviews import load_reviews, reliability_of

from .conftest import predicted


def row(case: str, verdict: str | None, author: str = "Ann", day: int = 1, **more: Any) -> dict[str, Any]:
    time = f"2026-01-{day:02}T10:00:00Z"
    decision = "unsure" if verdict is None else "agree"
    return {"id": case, "split": "test", "author": author, "time": time, "decision": decision, "judged": "SFT",
            "verdict": verdict, "violations": [], "note": ""} | more  # fmt: skip


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def model(name: str, *verdicts: str | None) -> Evaluation:
    return Evaluation(name, "test", [predicted(str(i), verdict, "reject") for i, verdict in enumerate(verdicts)])


def test_of_two_decisions_on_a_case_the_later_counts_whatever_the_order_of_files(tmp_path: Path) -> None:
    late = written(tmp_path / "late.jsonl", row("0", "reject", day=3))
    early = written(tmp_path / "early.jsonl", row("0", "approve", day=2), row("0", "approve", author="Ben"))
    for files in ((late, early), (early, late)):
        assert {(r.author, r.verdict) for r in load_reviews(*files)} == {("Ann", "reject"), ("Ben", "approve")}


def test_a_line_that_is_no_decision_is_named(tmp_path: Path) -> None:
    for wrong, said in {"verdict": "maybe", "time": "yesterday", "author": ""}.items():
        path = written(tmp_path / "r.jsonl", row("0", "reject"), row("1", "reject") | {wrong: said})
        with pytest.raises(DataError, match=rf"r.jsonl:2.*{wrong}"):
            load_reviews(path)
    with pytest.raises(DataError, match="cannot be read"):
        load_reviews(tmp_path / "gone.jsonl")


def test_whoever_agrees_has_alpha_one_and_whoever_does_not_less(tmp_path: Path) -> None:
    verdicts = ["reject", "approve", "reject", "escalate", "approve"]
    rows = [row(str(i), verdict, author) for i, verdict in enumerate(verdicts) for author in ("Ann", "Ben")]
    reviews = load_reviews(written(tmp_path / "r.jsonl", *rows, row("5", None), row("9", "reject", split="other")))
    alike, apart = model("alike", *verdicts, "reject"), model("apart", *(["reject", None] * 3))
    found = {r.who: r.alpha for r in reliability_of(reviews, [alike, apart], resamples=200)}
    assert list(found) == ["reviewers", "gold", "alike", "apart"]
    assert found["reviewers"].value == found["alike"].value == 1 and found["apart"].value < 0.7
    assert {alpha.support for alpha in found.values()} == {5}
    assert found["alike"].low < 0 and found["alike"].high == 1  # five cases do not prove much
    assert found["apart"].low < found["apart"].value < found["apart"].high


def test_one_reviewer_is_measured_against_models_alone(tmp_path: Path) -> None:
    reviews = load_reviews(written(tmp_path / "r.jsonl", row("0", "reject"), row("1", "approve")))
    assert [r.who for r in reliability_of(reviews, [model("SFT", "reject", "approve")], resamples=100)] == [
        "gold",
        "SFT",
    ]


def test_reviews_of_other_cases_are_the_users_mistake(tmp_path: Path) -> None:
    sft = model("SFT", "reject")
    with pytest.raises(DataError, match="case '7', which is not in 'test'"):
        reliability_of(load_reviews(written(tmp_path / "r.jsonl", row("7", "reject"))), [sft])
    with pytest.raises(DataError, match="no review decides a case of 'test'"):
        reliability_of(load_reviews(written(tmp_path / "r.jsonl", row("0", "reject", split="x"))), [sft])
