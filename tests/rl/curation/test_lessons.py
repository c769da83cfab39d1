"""The best of what was written is learnt from: right, scored, short, and never gold itself."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import Briefs, Case, DataError, Gold, GoldViolation, Ruling, TextEdit, load_cases, save_cases
from prompts import Episode, Turn, target, write
from rewards import Rubric
from rl.cli import app
from rl.curation.lessons import Candidate, Lessons, best_of, save_lessons
from rl.runs.rollouts import Rollout, RolloutLog
from rl.training.rows import lessons_of
from tests.rl.conftest import toy_book, toy_briefs
from tests.rl.preferences import wrong


@pytest.fixture
def briefs() -> Briefs:
    """One case that breaks a rule, one that breaks none, and one that nobody gets right."""
    cases = [
        Case(
            id=f"c-{n}",
            text={"body": "you won a prize" if n % 2 else "fresh bread"},
            rules=["PRIZE-1", "CURE-1"],
            gold=Gold(
                verdict="reject" if n % 2 else "approve",
                violations=[GoldViolation(rule="PRIZE-1", evidence=None)] if n % 2 else [],
            ),
        )
        for n in range(3)
    ]
    return Briefs.bind(cases, toy_book())


def right(briefs: Briefs, case: str, **changes: object) -> Ruling:
    brief = briefs[case]
    return target(brief.case, brief.excerpt).model_copy(update=changes)


def said(briefs: Briefs, case: str, *texts: str) -> list[Candidate]:
    return [Candidate(briefs[case], Episode.plain(case, text, n)) for n, text in enumerate(texts)]


def best(candidates: list[Candidate], minimum: float | None = None) -> Lessons:
    return best_of(candidates, Rubric.load("default"), minimum)


def test_what_earns_most_is_learnt_and_the_rest_is_counted(briefs: Briefs) -> None:
    good, sure = right(briefs, "c-1"), right(briefs, "c-1", confidence=0.99)
    bad = wrong(good, "CURE-1")
    tooled = Candidate(briefs["c-1"], Episode("c-1", (Turn("look"), Turn("seen", "tool"), Turn(write(sure)))))
    told = Candidate(briefs["c-1"], Episode.plain("c-1", write(sure)), barred="telling")
    found = best(
        [
            *said(briefs, "c-1", write(bad), write(good), write(sure), "reject it"),
            tooled,
            told,
            *said(briefs, "c-0", write(right(briefs, "c-0"))),
            *said(briefs, "c-2", write(wrong(right(briefs, "c-2"), "CURE-1"))),
        ]
    )
    assert [case.id for case in found.cases] == ["c-1", "c-0"] and found.without == 1
    assert found.cases[0].teacher == sure and found.cases[0].gold == briefs["c-1"].case.gold
    assert found.left_out == {
        "with a wrong verdict": 2,
        "no ruling": 1,
        "not the best on their case": 1,
        "written with tools, which rulings alone do not teach": 1,
        "telling": 1,
    }


def test_of_equals_the_shorter_and_then_the_first_is_taken(briefs: Briefs) -> None:
    plain = right(briefs, "c-1")
    wordy, other = (right(briefs, "c-1", reasoning=f"{more}\n{plain.reasoning}") for more in ("A prize.", "A claim."))
    for texts, expected in (((wordy, plain), plain), ((plain, wordy), plain), ((wordy, other), wordy)):
        assert best(said(briefs, "c-1", *map(write, texts))).cases[0].teacher == expected


def test_a_closed_gate_or_a_low_total_is_not_learnt(briefs: Briefs) -> None:
    """Reasoning that does not lead to the answer is closed out by the rubric's gate, though the verdict is right."""
    empty = right(briefs, "c-1", reasoning="PRIZE-1: clear\nCURE-1: clear\n")
    with pytest.raises(DataError, match=r"no completion is good enough to learn from \(1 stopped by a gate\)"):
        best(said(briefs, "c-1", write(empty)))
    with pytest.raises(DataError, match="1 below the minimum"):
        best(said(briefs, "c-1", write(right(briefs, "c-1"))), minimum=1.9)
    with pytest.raises(DataError, match="there are none"):
        best([])


def test_edits_that_cannot_be_applied_are_not_learnt(briefs: Briefs) -> None:
    sure = right(briefs, "c-1", confidence=0.99)
    followed, idle = (
        sure.model_copy(update={"edits": [TextEdit(field="body", old=old)]}) for old in ("you won", "you lost")
    )
    found = best(
        [*said(briefs, "c-1", write(idle), write(right(briefs, "c-1"))), *said(briefs, "c-1", write(followed))]
    )
    assert found.cases[0].teacher == followed and found.left_out["with edits that cannot be applied"] == 1


def test_what_could_not_be_scored_is_not_learnt(briefs: Briefs, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from rewards import reward\n\n@reward(name='broken', range=(0, 1))\n"
        "def broken(ruling, case, excerpt):\n    raise RuntimeError('out of order')\n"
    )
    rubric = Rubric.model_validate({"name": "b", "craft": {f"{tmp_path}/broken.py:broken": {"weight": 0.1}}})
    with pytest.raises(DataError, match="1 unscored"):
        best_of(said(briefs, "c-1", write(right(briefs, "c-1"))), rubric)


def test_media_are_found_from_where_lessons_are_written(toy: Path, tmp_path: Path) -> None:
    shown = toy_briefs(toy / "cases.jsonl", 1)
    case = shown[0].case.model_copy(update={"teacher": target(shown[0].case, shown[0].excerpt)})
    lessons = Lessons([case], {}, 0)
    with pytest.raises(DataError, match="write there"):
        save_lessons(lessons, tmp_path / "best.jsonl")
    save_lessons(lessons, toy / "best.jsonl")
    (again,) = load_cases(toy / "best.jsonl")
    (toy / "best.jsonl").unlink()
    assert again.teacher == case.teacher and again.path(again.images[0]).is_file()


def test_from_runs_to_what_sft_takes(briefs: Briefs, tmp_path: Path) -> None:
    """Two runs, each with its best on one of the cases; gold is none of what SFT is to write."""
    save_cases(briefs.cases, tmp_path / "cases.jsonl")
    toy_book().dump(tmp_path / "rules.yaml")
    own = right(briefs, "c-1", reasoning=f"Won, it says.\n{right(briefs, 'c-1').reasoning}")
    for run, case, ruling in (("one", "c-1", own), ("two", "c-0", right(briefs, "c-0", confidence=0.8))):
        texts = [write(ruling), write(wrong(ruling, "CURE-1"))]
        log = RolloutLog(tmp_path / run / "rollouts")
        log.write([Rollout(0, Episode.plain(case, text, n), 1.0, 0.0) for n, text in enumerate(texts)])
    given = ["--data", str(tmp_path / "cases.jsonl"), "--rulebook", str(tmp_path / "rules.yaml")]
    runs = [str(tmp_path / "one"), str(tmp_path / "two")]
    command = ["data", "best", *runs, "--rubric", "default", "--out", str(tmp_path / "best.jsonl"), *given]
    result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.exception
    assert "2 cases with a ruling to imitate" in result.output and "2 × with a wrong verdict" in result.output
    lessons = Briefs.bind(load_cases(tmp_path / "best.jsonl"), toy_book())
    written = ["".join(part.text for part in messages[-1].texts) for messages in lessons_of(lessons, "compact")]
    assert written == [write(own), write(right(briefs, "c-0", confidence=0.8))]
    for changed, difference in (("text", {"body": "fresh rolls"}), ("gold", Gold(verdict="reject"))):
        others = [briefs["c-0"].case.model_copy(update={changed: difference}), *briefs.cases[1:]]
        save_cases(others, tmp_path / "others.jsonl")
        for run, cases in (("one", "cases.jsonl"), ("two", "others.jsonl")):
            named = {"train": [str(tmp_path / cases)], "rulebook": str(tmp_path / "rules.yaml")}
            (tmp_path / run / "run.json").write_text(json.dumps({"recipe": {"data": named}}))
        mixed = CliRunner().invoke(app, command[:-4])
        assert isinstance(mixed.exception, DataError) and "'c-0'" in str(mixed.exception)
    before = (tmp_path / "cases.jsonl").read_bytes()
    own = [*command[:3], *command[4:6], "--out", str(tmp_path / "cases.jsonl")]
    refused = CliRunner().invoke(app, own)
    assert isinstance(refused.exception, DataError) and "would be written over" in str(refused.exception)
    assert (tmp_path / "cases.jsonl").read_bytes() == before
    lost = [*command[:-6], "--out", str(tmp_path / "cases.jsonl"), *given]
    refused = CliRunner().invoke(app, lost)
    assert isinstance(refused.exception, DataError) and "would be written over" in str(refused.exception)
