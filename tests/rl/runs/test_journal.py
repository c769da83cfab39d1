"""A journal: whole lines, one writer, and no other watching's."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from data import DataError
from rl.runs.journal import Began, Dropped, Ended, Journal, Record, read_journal

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
BEGAN = Began(stream="s", time=NOW, source="clip.mp4", identity={"model": "m", "rulebook": "b"})
DROPPED = Dropped(stream="s", why="behind", start=4.0, end=8.0, windows=1)


def written(path: Path, *records: Record) -> Path:
    with Journal(path) as journal:
        for record in records:
            journal.write(record)
    return path


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    assert list(read_journal(written(tmp_path / "new" / "j.jsonl", BEGAN, DROPPED))) == [BEGAN, DROPPED]


def test_a_torn_line_is_no_record_and_is_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "j.jsonl", BEGAN, DROPPED)
    whole = path.read_bytes()
    for cut in range(len(whole) - 1, len(whole) - 40, -7):
        path.write_bytes(whole[:cut])
        assert list(read_journal(path)) == [BEGAN]
    written(path, DROPPED)
    assert list(read_journal(path)) == [BEGAN, DROPPED]
    path.write_bytes(whole[:20])
    assert list(read_journal(path)) == []


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "j.jsonl", BEGAN)
    path.write_bytes(path.read_bytes() + b'{"kind": "dropped"}\n')
    with pytest.raises(DataError, match=r"j\.jsonl:2: "):
        list(read_journal(path))


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl"), pytest.raises(DataError, match="somebody else is writing it"):
        Journal(tmp_path / "j.jsonl").__enter__()
    written(tmp_path / "j.jsonl", BEGAN)  # and once that one is done, another


def test_another_watching_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.check(BEGAN.model_copy(update={"time": datetime.now(UTC)}), BEGAN)
    with pytest.raises(DataError, match=r"\(model, source differ\)"):
        journal.check(
            BEGAN.model_copy(update={"source": "other.mp4", "identity": {"model": "n", "rulebook": "b"}}), BEGAN
        )


def test_whoever_listens_hears_what_is_kept(tmp_path: Path) -> None:
    heard: list[Record] = []
    with Journal(tmp_path / "j.jsonl", heard.append) as journal:
        journal.write(BEGAN)
    assert heard == [BEGAN]


@pytest.mark.parametrize(
    "own", [b"name: mine\nrules: []", b"no line break", b'{"id": "1"}\n{"id": "2"}', b"\x89PNG\r\n\x1a\n\x00"]
)
def test_a_file_that_is_no_journal_is_left_as_it_is(own: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(own)
    for _ in range(2):  # and is not kept locked
        with pytest.raises(DataError, match=r"cases\.jsonl"):
            Journal(path).__enter__()
    assert path.read_bytes() == own


def test_records_stand_between_the_beginning_and_the_end_of_their_stream(tmp_path: Path) -> None:
    over = Ended(stream="s", at=8.0)
    for records, why in [
        ((DROPPED,), "has not begun"),
        ((BEGAN, BEGAN), "begins twice"),
        ((BEGAN, over, DROPPED), "is over"),
        ((BEGAN, DROPPED.model_copy(update={"stream": "t"})), "stream 't' has not begun"),
    ]:
        path = tmp_path / "j.jsonl"
        path.write_text("".join(record.model_dump_json() + "\n" for record in records))
        with pytest.raises(DataError, match=why):
            list(read_journal(path))
