"""A teacher behind a real server: what agrees with gold is kept, nothing asked twice, and no more than is allowed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from data import Brief, Briefs, Case, DataError, Ruling, load_cases, save_cases
from prompts import target, write
from rl.cli import app
from rl.generation.hinted import mentions
from tests.everything_in import everything_in
from tests.rl.conftest import toy_book, toy_briefs
from tests.rl.generation.zoo import Zoo, serving

COUNT = 6
Says = Callable[[Brief, int, str], str]
"""What the teacher says of a case when it is asked about it for the nth time, given all that it is told."""


class Teacher(Zoo):
    """Answers as a test tells it to."""

    def __init__(self, briefs: Briefs, says: Says):
        super().__init__(self._reply, everywhere=True)
        self.briefs, self.says = briefs, says
        self.times_asked: dict[str, int] = {}
        self.usage = True

    def _reply(self, handler: Any, body: dict[str, Any]) -> None:
        user = body["messages"][-1]["content"]
        brief = next(brief for brief in self.briefs if f"case {brief.id}." in user)
        number = self.times_asked.get(brief.id, 0)
        self.times_asked[brief.id] = number + 1
        message = {"role": "assistant", "content": self.says(brief, number, user)}
        usage = {"usage": {"completion_tokens": 10, "prompt_tokens": 100}} if self.usage else {}
        handler.say({"choices": [{"message": message, "finish_reason": "stop"}], **usage})


def right(brief: Brief) -> str:
    return write(target(brief.case, brief.excerpt))


def wrong(brief: Brief) -> str:
    """The opposite of gold, with findings that lead there."""
    gold = target(brief.case, brief.excerpt)
    first = brief.excerpt.ids[0]
    rules = [] if gold.violations else [first]
    reasoning = "".join(f"{rule}: {'broken' if rule in rules else 'clear'}\n" for rule in brief.excerpt.ids)
    verdict = "reject" if rules else "approve"
    said = {"reasoning": reasoning, "verdict": verdict, "violations": [{"rule": rule} for rule in rules]}
    return write(Ruling.model_validate(gold.model_dump() | said))


@pytest.fixture
def briefs(toy: Path, tmp_path: Path) -> Briefs:
    """Cases that name themselves in their text, so that the server knows them."""

    def named(case: Case) -> Case:
        return case.model_copy(update={"text": {**case.text, "note": f"case {case.id}."}})

    cases = [named(brief.case) for brief in toy_briefs(toy / "text.jsonl", COUNT)]
    save_cases(cases, tmp_path / "cases.jsonl")
    toy_book().dump(tmp_path / "rules.yaml")
    return Briefs.bind(cases, toy_book())


@pytest.fixture
def teacher(briefs: Briefs) -> Iterator[Teacher]:
    with serving(Teacher(briefs, lambda brief, number, told: right(brief))) as server:
        assert isinstance(server, Teacher)
        yield server


def distilled(teacher: Teacher, folder: Path, *options: object, cases: Path | None = None) -> Result:
    words = [
        "data",
        "distil",
        cases or folder / "cases.jsonl",
        "--rulebook",
        folder / "rules.yaml",
        "--endpoint",
        teacher.url,
    ]
    words += ["--model", "m", "--out", folder / "taught.jsonl", "--concurrency", 1, *options]
    return CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200"})


def taught(folder: Path) -> dict[str, Ruling | None]:
    return {case.id: case.teacher for case in load_cases(folder / "taught.jsonl")}


def test_what_agrees_is_kept_and_what_does_not_is_asked_again(
    teacher: Teacher, briefs: Briefs, tmp_path: Path
) -> None:
    """The first case is right at once, the last never, the others at the second try."""

    def says(brief: Brief, number: int, told: str) -> str:
        place = [one.id for one in briefs].index(brief.id)
        return right(brief) if place == 0 or (number and place < COUNT - 1) else wrong(brief)

    teacher.says = says
    found = distilled(teacher, tmp_path, "--tries", 3, "--token-prices", "1000,10000")
    assert found.exit_code == 0, found.exception
    asked = [teacher.times_asked[brief.id] for brief in briefs]
    assert asked == [1, 2, 2, 2, 2, 3]
    kept = taught(tmp_path)
    assert list(kept) == [brief.id for brief in briefs[:-1]]
    assert all(kept[brief.id] == target(brief.case, brief.excerpt) for brief in briefs[:-1])
    assert "no ruling on 1 cases was good enough" in found.output and "7 × with a wrong verdict" in found.output
    assert "12 answers, 1,200 tokens read, 120 written; cost 2.40" in found.output
    for body in teacher.asked:
        shown = json.dumps(body["messages"])
        assert "right verdict is known" not in shown and "gold" not in shown.lower()
    # The same again asks nothing; with more tries, it asks about the one that is left.
    again = distilled(teacher, tmp_path, "--tries", 3)
    assert again.exit_code == 0 and len(teacher.asked) == 12 and taught(tmp_path) == kept
    assert distilled(teacher, tmp_path, "--tries", 4).exit_code == 0 and len(teacher.asked) == 13


@pytest.mark.parametrize(("bound", "calls"), [(("--max-calls", 4), 4), (("--max-tokens", 250), 3)])
def test_a_bound_stops_it_and_it_goes_on_from_there(
    bound: tuple[str, int], calls: int, teacher: Teacher, briefs: Briefs, tmp_path: Path
) -> None:
    found = distilled(teacher, tmp_path, *bound)
    assert found.exit_code == 0, found.exception
    assert "are spent; run again with more to go on" in found.output
    assert calls <= len(teacher.asked) <= calls + 1 and len(taught(tmp_path)) == calls
    spent = len(teacher.asked)
    assert distilled(teacher, tmp_path, *bound).exit_code == 0 and len(teacher.asked) == spent, "still spent"
    more = distilled(teacher, tmp_path)
    assert more.exit_code == 0 and "spent" not in more.output and len(taught(tmp_path)) == COUNT
    assert len(teacher.asked) == spent + COUNT - calls


def test_tokens_that_nobody_counts_bound_nothing(teacher: Teacher, briefs: Briefs, tmp_path: Path) -> None:
    teacher.usage = False
    found = distilled(teacher, tmp_path, "--max-tokens", 1000)
    assert isinstance(found.exception, DataError) and "bound --max-calls instead" in str(found.exception)
    found = distilled(teacher, tmp_path, "--max-calls", 100, "--token-prices", "1000,10000")
    assert found.exit_code == 0 and len(taught(tmp_path)) == COUNT
    assert f"more in truth: of {COUNT} answers the server does not say all tokens" in found.output


def test_a_failing_server_loses_nothing(teacher: Teacher, briefs: Briefs, tmp_path: Path) -> None:
    reply = teacher.behaviour
    assert reply is not None

    def once(handler: Any, body: dict[str, Any]) -> None:
        handler.say({"error": {"message": "no such key"}}, 401) if len(teacher.asked) > 3 else reply(handler, body)

    teacher.behaviour = once
    found = distilled(teacher, tmp_path)
    assert isinstance(found.exception, DataError) and "run again" in str(found.exception)
    assert not (tmp_path / "taught.jsonl").exists()
    teacher.behaviour, before = reply, dict(teacher.times_asked)
    assert distilled(teacher, tmp_path).exit_code == 0
    assert sum(before.values()) == 3 and set(teacher.times_asked.values()) == {1}, "nothing is asked twice"


def test_a_hint_is_for_what_no_try_got_right_and_is_not_to_be_told(
    teacher: Teacher, briefs: Briefs, tmp_path: Path
) -> None:
    chatty = briefs[0].id

    def says(brief: Brief, number: int, told: str) -> str:
        if "right verdict is known" not in told:
            return wrong(brief)
        gold = target(brief.case, brief.excerpt)
        assert told.rstrip().endswith("write nothing of having been told it.") and f": {gold.verdict}." in told
        prose = "As the known verdict says:\n" if brief.id == chatty else "One look at it:\n"
        return write(gold.model_copy(update={"reasoning": prose + gold.reasoning}))

    teacher.says = says
    found = distilled(teacher, tmp_path, "--tries", 2, "--hint")
    assert found.exit_code == 0, found.exception
    assert set(teacher.times_asked.values()) == {3}
    kept = taught(tmp_path)
    assert chatty not in kept and len(kept) == COUNT - 1 and "1 × telling of the hint" in found.output
    assert all(ruling is not None and ruling.reasoning.startswith("One look") for ruling in kept.values())


@pytest.mark.parametrize(
    ("reasoning", "told"),
    [
        ("As the known verdict is reject, A-1 is broken.", "known verdict"),
        ("I was told that it is to be rejected.", "was told"),
        ("The hint says reject.", "hint"),
        ("It sells gold rings.", None),
        ("The ad was given a title.", None),
    ],
)
def test_what_tells_of_a_hint(reasoning: str, told: str | None) -> None:
    brief = Briefs.bind([Case(id="1", text={"body": "Gold rings"}, rules=["CURE-1"])], toy_book())[0]
    found = mentions(Ruling(reasoning=reasoning, verdict="reject", confidence=0.9), brief)
    assert (found or "").lower() == (told or "")


def test_an_edit_tells_of_a_hint_too() -> None:
    brief = Briefs.bind([Case(id="1", text={"body": "Gold rings"}, rules=["CURE-1"])], toy_book())[0]
    edits = [{"field": "body", "old": "rings", "why": "The known verdict asks for it."}]
    assert mentions(Ruling.model_validate({"verdict": "reject", "confidence": 1, "edits": edits}), brief)


def test_what_cannot_be_is_said_before_anything_is_asked(
    teacher: Teacher, briefs: Briefs, toy: Path, tmp_path: Path
) -> None:
    for options, said in (
        (["--temperature", 0], "take one try"),
        (["--rubric", "no-such"], "no-such"),
        (["--out", tmp_path / "cases.jsonl"], "would be written over"),
        (["--out", tmp_path / "taught.journal"], "is what a journal is called"),
        (["--out", tmp_path], "is a folder"),
        (["--out", ""], "is a folder"),
        (["--out", "/"], "is a folder"),
    ):
        found = distilled(teacher, tmp_path, *options)
        assert isinstance(found.exception, DataError) and said in str(found.exception), options
    pictured = distilled(teacher, tmp_path, cases=toy / "cases.jsonl")
    assert isinstance(pictured.exception, DataError) and "write there" in str(pictured.exception)
    save_cases([brief.case.model_copy(update={"gold": None}) for brief in briefs], tmp_path / "cases.jsonl")
    found = distilled(teacher, tmp_path)
    assert isinstance(found.exception, DataError) and "no gold verdict to agree with" in str(found.exception)
    assert not teacher.asked


def test_no_secret_is_kept(teacher: Teacher, briefs: Briefs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-4f1c0ffee")
    reply = teacher.behaviour
    assert reply is not None

    def telling(handler: Any, body: dict[str, Any]) -> None:
        told = f"{handler.path} {dict(handler.headers)} user-77ab:hunter2-9d3a sk-4f1c0ffee"
        refused = {"error": {"message": told, "code": "content_filter"}}
        handler.say(refused, 400) if len(teacher.asked) == 2 else reply(handler, body)

    teacher.behaviour = telling
    url = teacher.url.replace("://", "://user-77ab:hunter2-9d3a@") + "?code=c0de-51f7"
    found = distilled(teacher, tmp_path, "--endpoint", url)
    assert found.exit_code == 0, found.exception
    assert teacher.paths[0].endswith("?code=c0de-51f7") and "1 × refused by the server" in found.output
    held = found.output + "".join(everything_in(tmp_path / f"taught{ending}") for ending in (".jsonl", ".journal"))
    assert not [secret for secret in ("sk-4f1c0ffee", "user-77ab", "hunter2-9d3a", "c0de-51f7") if secret in held]
