import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import Case, DataError, Gold, GoldViolation, Quote, load_cases, save_cases
from data.reading.loading import case_json, read_rows
from data.reading.row import read_row

Write = Callable[..., Path]


def test_cases_survive_writing_and_reading(tmp_path: Path) -> None:
    gold = Gold(
        verdict="reject",
        violations=[
            GoldViolation(rule="R", alternatives=["S"], evidence=[Quote(quote="žluťoučký\u2028", field="title")])
        ],
        cleared=["T"],
    )
    cases = [
        Case(id="1", text={"title": 'a "b" žluťoučký\u2028 \n 您好 </think>'}, images=["m/1.png"], gold=gold),
        Case(id="2", rules=["R"], gold=Gold(violations=[])),
    ]
    save_cases(cases, tmp_path / "deep" / "cases.jsonl")
    loaded = load_cases(tmp_path / "deep" / "cases.jsonl")
    assert [case.model_dump() for case in loaded] == [case.model_dump() for case in cases]
    assert loaded[0].path("m/1.png") == tmp_path / "deep" / "m" / "1.png"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["cases.jsonl"]


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_are_fine(write_lines: Write) -> None:
    file = write_lines("a.jsonl", b'\xef\xbb\xbf{"id": "1"}\r', "", "  \r", {"id": "2"})
    assert [case.id for case in load_cases(file)] == ["1", "2"]


def test_a_folder_is_read_file_by_file_without_what_was_rejected(write_lines: Write, tmp_path: Path) -> None:
    write_lines("b.jsonl", {"id": "b"})
    write_lines("a.jsonl", {"id": "a"})
    write_lines("rejected.jsonl", {"row": 1})
    assert [case.id for case in load_cases(tmp_path)] == ["a", "b"]


def nested(levels: int) -> str:
    """A case whose ``meta`` holds so many lists in one another."""
    return '{"id": "2", "meta": {"deep": ' + "[" * levels + "]" * levels + "}}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"id": "2", "text": {"title": "cut o',
            "not JSON: Unterminated string starting at column 31: the line is cut off",
        ),
        ('{"id": "2", "text": {', "the line is cut off"),
        ('{"id": "2",, "text": {}}', "not JSON: Expecting property name enclosed in double quotes at column 12"),
        (b'{"id": "2", "text": {"title": "caf\xe9"}}', "not UTF-8 text (byte 35 of the line)"),
        ('{"id": "2", "id": "3"}', "key 'id' is given twice"),
        ('{"id": "2", "weight": NaN}', "NaN is not JSON"),
        ('{"id": "2", "text": {"title": "\\ud800"}}', "half of a surrogate pair"),
        ('["2"]', "want a JSON object, not list"),
        ("[" * 100_000, "nested too deeply"),
        (nested(900), "nested too deeply: want at most 64 levels"),
        (nested(63), "nested too deeply"),
        ('{"id": "2", "weight": ' + "9" * 5000 + "}", "an integer of 5,000 digits: put it in quotes if text is meant"),
        ('{"id": "2", "meta": {"n": [' + "-" + "9" * 301 + "]}}", "an integer of 301 digits"),
        ('{"id": "2", "weight": 1e999}', "1e999 is too large a number"),
        ('{"id": "2", "text": {"body": "' + "x" * 10_000_000 + '"}}', "a line of 10,000,"),
        ('{"id": "2", "wieght": 1}', "wieght: unknown key (did you mean 'weight'?)"),
        ('{"id": "2", "gold": {"verdict": "rejected"}}', "gold.verdict: Input should be 'approve', 'reject' or 'esc"),
        ('{"id": ""}', "id: String should have at least 1 character"),
        ('{"id": "2", "images": ["a.png", ""]}', "images.1: String should have at least 1 character"),
        ('{"id": "2", "frames": [{"path": "", "time": 1}]}', "frames.0.path: String should have at least 1 character"),
        ('{"id": "2", "video": ""}', "video: String should have at least 1 character"),
        ('{"id": "2", "images": ["a.png", "../../a.png"]}', "images.1: '../../a.png' lies outside of the folder"),
        ('{"id": "2", "frames": [{"path": "/etc/a.png", "time": 1}]}', "frames.0.path: '/etc/a.png' lies outside of"),
        ('{"id": "2", "audio": "../a.wav"}', "audio: '../a.wav' lies outside of the folder"),
    ],
)
def test_a_bad_line_is_named(write_lines: Write, line: str | bytes, message: str) -> None:
    file = write_lines("a.jsonl", {"id": "1"}, line, {"id": "3"})
    with pytest.raises(DataError) as caught:
        load_cases(file)
    assert str(caught.value).startswith(f"{file}:2: ")
    assert message in str(caught.value)
    rows = list(read_rows(file))
    assert [row.case.id if row.case else None for row in rows] == ["1", None, "3"]
    assert rows[1].raw == (line if isinstance(line, bytes) else line.encode())


def test_what_is_large_but_not_too_large_is_read(write_lines: Write) -> None:
    number, text = "9" * 300, "[{" * 3_000_000
    line = f'{{"id": "2", "meta": {{"n": {number}}}, "text": {{"body": "{text}"}}}}'
    deep, large = load_cases(write_lines("a.jsonl", nested(62).replace('"2"', '"1"'), line))
    assert str(large.meta["n"]) == number and large.text["body"] == text and deep.meta["deep"]


def test_duplicate_case_id_across_files(write_lines: Write) -> None:
    first, second = write_lines("a.jsonl", {"id": "1"}), write_lines("b.jsonl", {"id": "0"}, {"id": "1"})
    with pytest.raises(DataError) as caught:
        load_cases(first, second)
    assert str(caught.value).startswith(f"{second}:2: id: duplicate id '1', first in {first}:1; where ids come from")
    with pytest.raises(DataError, match=r"duplicate id '0', first in .*twice.jsonl:1$"):
        load_cases(write_lines("twice.jsonl", {"id": "0"}, {"id": "0"}))


@pytest.mark.parametrize(("source", "message"), [("nowhere.jsonl", "no such file or folder"), ("", "neither .jsonl")])
def test_a_missing_source_is_named(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_cases(tmp_path / source)


def test_something_else_than_a_source() -> None:
    with pytest.raises(DataError, match="cannot read cases from int"):
        load_cases(3)


def test_twenty_thousand_lines_take_seconds(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    text = "Lorem ipsum dolor sit amet " * 10
    file.write_text("".join(json.dumps({"id": str(i), "text": {"body": text}}) + "\n" for i in range(20_000)))
    assert len(load_cases(file)) == 20_000


@given(
    st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
)
def test_any_text_survives(text: str, id_: str) -> None:
    case = Case(id=id_, text={"body": text}, meta={"n": text})
    (row,) = [read_row(case_json(case).encode(), Path("a.jsonl"), 1)]
    assert row.case is not None and row.case.model_dump() == case.model_dump()
    assert "\n" not in case_json(case)
