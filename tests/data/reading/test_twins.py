"""Twins name each other, or the row that does not is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data import DataError, Rule, Rulebook, load_cases
from data.checking.check import check_files
from data.checking.quarantine import quarantine

Write = Callable[..., Path]
A = {"id": "a", "group": "g", "twin": "b", "text": {"title": "Tea"}, "rules": ["A-1"], "gold": {"verdict": "approve"}}
B = {**A, "id": "b", "twin": "a", "rules": ["A-2"]}
BOOK = Rulebook(name="two", rules=[Rule(id="A-1", text="No guns."), Rule(id="A-2", text="No cures.")])


def problems(file: Path) -> dict[int | None, str]:
    return {p.line: p.kind for p in check_files(file, book=BOOK).errors}


def test_twins_may_stand_in_two_files(write_lines: Write) -> None:
    first, second = write_lines("a.jsonl", A), write_lines("b.jsonl", B)
    assert [case.twin for case in load_cases(first, second)] == ["b", "a"]
    assert check_files(first, second, book=BOOK).ok


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({**B, "twin": None}, "names no twin: let each name the other"),
        ({**B, "twin": "c"}, "names 'c': let each name the other"),
        ({**B, "group": "h"}, "is of another group: give both the same"),
        ({**B, "id": "c", "twin": "c"}, "a case is not its own twin"),
    ],
)
def test_twins_that_contradict_each_other_are_an_error_wherever_they_are_read(
    write_lines: Write, other: dict[str, object], said: str
) -> None:
    file = write_lines("cases.jsonl", A, other)
    with pytest.raises(DataError, match=said) as caught:
        load_cases(file)
    assert (caught.value.file, caught.value.field) == (file, "twin") and caught.value.line in (1, 2)
    assert "twins contradict each other" in problems(file).values()


def test_a_twin_without_a_group_could_be_parted_from_the_other(write_lines: Write) -> None:
    alone = {key: value for key, value in A.items() if key != "group"}
    with pytest.raises(DataError, match="another group"):
        load_cases(write_lines("cases.jsonl", alone, {**alone, "id": "b", "twin": "a"}))


def test_half_of_a_pair_can_be_read_and_the_check_tells_of_it(write_lines: Write) -> None:
    file = write_lines("cases.jsonl", A)
    assert [case.id for case in load_cases(file)] == ["a"]
    assert problems(file) == {1: "twin left alone"}


def test_what_is_good_stays_whole_in_quarantine(write_lines: Write, tmp_path: Path) -> None:
    c, d = {**A, "id": "c", "group": "h", "twin": "d"}, {**B, "id": "d", "group": "h", "twin": "c", "rules": ["NO-9"]}
    file = write_lines("cases.jsonl", A, B, c, d)
    report = check_files(file, book=BOOK)
    assert [p.line for p in report.errors if p.kind == "twin left alone"] == [3]
    assert quarantine(report, tmp_path / "apart").good == 2
    assert check_files(tmp_path / "apart" / "good" / "cases.jsonl", book=BOOK).ok
