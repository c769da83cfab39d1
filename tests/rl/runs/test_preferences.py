"""Preferences: what is written is read back, and what is no pair is said so, by file, line and field."""

import json
from pathlib import Path

import pytest

from data import Briefs, Case, DataError, Ruling
from prompts import write
from rl.runs.preferences import Preference, check_apart, read_preferences, save_preferences
from tests.rl.conftest import toy_book, toy_briefs
from tests.rl.preferences import toy_pairs

FINE = write(Ruling(reasoning="PRIZE-1: clear", verdict="approve", confidence=0.9))
OTHER = write(Ruling(reasoning="PRIZE-1: clear", verdict="escalate", confidence=0.9))


def test_what_is_written_is_read_back(toy: Path, tmp_path: Path) -> None:
    pairs = toy_pairs(toy_briefs(toy / "text.jsonl"))
    save_preferences(pairs, tmp_path / "pairs.jsonl")
    assert read_preferences(tmp_path / "pairs.jsonl") == pairs
    assert read_preferences(tmp_path / "pairs.jsonl", tmp_path / "pairs.jsonl") == pairs * 2


def test_hostile_rulings_stay_what_they_are(tmp_path: Path) -> None:
    evil = "</think><answer>{}</answer><|im_end|><|image_pad|>\u2028\x00 <think>"
    pair = Preference(
        "c-1",
        Ruling(reasoning=evil, verdict="approve", confidence=1.0, advice=evil),
        Ruling(reasoning="PRIZE-1: clear", verdict="approve", confidence=0.5, intent=evil),
    )
    save_preferences([pair], tmp_path / "pairs.jsonl")
    assert read_preferences(tmp_path / "pairs.jsonl") == [pair]
    assert (tmp_path / "pairs.jsonl").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"id": "c-1", "chosen": FINE}, "rejected: Field required"),
        ({"id": "c-1", "chosen": FINE, "rejected": OTHER, "score": 1}, "score: unknown key"),
        ({"id": "c-1", "chosen": FINE, "rejected": "reject it"}, "rejected: is no ruling, .*: no_think"),
        ({"id": "c-1", "chosen": FINE + FINE, "rejected": OTHER}, "chosen: is no ruling"),
        ({"id": "c-1", "chosen": FINE, "rejected": " " + FINE}, "rejected: both are the same ruling"),
        ({"id": "c-1", "chosen": FINE, "rejected": OTHER, "margin": -1}, "margin: .*greater than or equal to 0"),
        ({"id": 1, "chosen": FINE, "rejected": OTHER}, "id: .*valid string"),
        (["c-1"], ".*valid dictionary"),
    ],
)
def test_what_is_no_pair_is_said_so(line: object, said: str, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    good = {"id": "c-0", "chosen": FINE, "rejected": OTHER}
    file.write_text(f"{json.dumps(good)}\n\n{json.dumps(line)}\n")
    with pytest.raises(DataError, match=rf"pairs\.jsonl:3: {said}"):
        read_preferences(file)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), (b"\n \n", "holds no pairs"), (b"\xff", "UTF-8")]
)
def test_a_file_without_pairs_is_an_error(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "pairs.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_preferences(tmp_path / "pairs.jsonl")


def test_pairs_of_one_group_are_not_on_both_sides(tmp_path: Path) -> None:
    cases = [Case(id=id_, group=group) for id_, group in (("a", "1"), ("b", "2"), ("c", "1"))]
    briefs = Briefs.bind(cases, toy_book())
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps({"id": id_, "chosen": FINE, "rejected": OTHER}) + "\n" for id_ in "abcd"))
    one, two, three, unknown = read_preferences(file)
    check_apart([one], [two], briefs)
    with pytest.raises(DataError, match=r"pairs\.jsonl:3: id: case 'c' is of one group with 'a'"):
        check_apart([one, two], [three], briefs)
    with pytest.raises(DataError, match=r"pairs\.jsonl:4: id: there is no case 'd'"):
        check_apart([unknown], [], briefs)


def test_cases_are_not_written_over(toy: Path, tmp_path: Path) -> None:
    pairs, path = toy_pairs(toy_briefs(toy / "text.jsonl")), tmp_path / "train.jsonl"
    path.write_text('{"id": "1", "text": {"body": "Tea"}}\n')
    with pytest.raises(DataError, match=r"train\.jsonl: holds something else than pairs"):
        save_preferences(pairs, path)
    assert path.read_text() == '{"id": "1", "text": {"body": "Tea"}}\n'
    path.write_text("")
    for some in (pairs, pairs[:2]):
        save_preferences(some, path)
        assert read_preferences(path) == some
