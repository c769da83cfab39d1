"""Records: where quotes stand, what pictures are shown, and the case as it was read."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from data import Brief, Case, Interval, Quote, Region, Rule, Rulebook, Ruling, Violation
from prompts import Episode, write
from prompts.episode import Turn
from rl.evaluation import Prediction
from rl.evaluation.page.album import Album
from rl.evaluation.page.recordings import Recordings
from rl.evaluation.page.records import PICTURES, Shown, record, samples_by_case

BOOK = Rulebook(
    name="two",
    rules=(Rule(id="CURE-1", text="No cures.", severity="high"), Rule(id="GUN-1", text="No guns.", severity="low")),
)


def shown(case: Case, *completions: str) -> Shown:
    row = [Prediction.read(Episode.plain(case.id, text), Brief(case, BOOK)) for text in completions]
    return Shown("test", case, BOOK, row, [[prediction] for prediction in row])


def ruling(*violations: Violation, verdict: Any = "reject") -> str:
    return write(Ruling(reasoning="So it is.", violations=list(violations), verdict=verdict, confidence=0.8))


def test_marks_stand_where_the_quotes_are_as_a_browser_counts() -> None:
    text = "\U0001f525 It CURES  all. Buy now."
    gold = {
        "verdict": "reject",
        "violations": [{"rule": "CURE-1", "evidence": [{"quote": "cures all", "field": "body"}]}],
    }
    case = Case.model_validate({"id": "a", "text": {"title": "cures all", "body": text}, "gold": gold})
    cited = Violation(rule="CURE-1", evidence=[Quote(quote="all. buy", field="body"), Quote(quote="no", field="body")])
    found = record(shown(case, ruling(cited)), Album(Path("none")), {}, Recordings(Path("none")))
    [(field, marks)] = found["marks"]
    units = text.encode("utf-16-le")
    assert field == "body"
    assert [(units[2 * a : 2 * b].decode("utf-16-le"), who) for a, b, who in marks] == [
        ("CURES  all", "gold"),
        ("all. Buy", "m0"),
        ("no", "m0"),
    ]


def test_a_quote_from_the_transcript_is_marked_too() -> None:
    case = Case.model_validate(
        {"id": "a", "transcript": [{"start": 0, "end": 1, "text": "It cures"}, {"start": 1, "end": 2, "text": "all."}]}
    )
    cited = Violation(rule="CURE-1", evidence=[Quote(quote="cures all", field="transcript")])
    assert record(shown(case, ruling(cited)), Album(Path("none")), {}, Recordings(Path("none")))["marks"] == [
        ("transcript", [(3, 12, "m0")])
    ]


def test_an_answer_says_what_gold_cites_too_and_what_is_not_there() -> None:
    gold = {"verdict": "reject", "violations": [{"rule": "X-1", "or": ["CURE-1"]}]}
    case = Case.model_validate({"id": "a", "text": {"body": "It cures."}, "gold": gold})
    cited = [
        Violation(rule="CURE-1", evidence=[Quote(quote="cures", field="body")]),
        Violation(rule="GUN-1", evidence=[Quote(quote="gun", field="body")]),
    ]
    [[ruled], [unparsed]] = record(
        shown(case, ruling(*cited), "gibberish"), Album(Path("none")), {}, Recordings(Path("none"))
    )["answers"]
    assert (ruled["right"], ruled["found"]) == ([True, False], [True, False])
    assert Ruling.model_validate(ruled["ruling"]).violations == cited
    assert (
        unparsed["ruling"] is None
        and unparsed["verdict"] == "unparsed"
        and unparsed["completion"] == "gibberish"
        and unparsed["failure"]
    )


def test_every_sample_is_there_with_what_is_known_of_it() -> None:
    case = Case(id="a", text={"body": "It cures."})
    said = "CURE-1: clear\nGUN-1: clear"
    texts = [ruling(), write(Ruling(reasoning=said, verdict="approve", confidence=0.7)), "gibberish"]
    predictions = [
        Prediction.read(Episode("a", (Turn(text, tokens=7 + n),), sample=n), Brief(case, BOOK))
        for n, text in enumerate(texts)
    ]
    predictions[1] = predictions[1].model_copy(update={"verdict_logprob": -0.5})
    assert samples_by_case(predictions[::-1]) == {"a": predictions}
    of_it = Shown("test", case, BOOK, predictions[:1], [predictions])
    [[first, second, third]] = record(of_it, Album(Path("none")), {}, Recordings(Path("none")))["answers"]
    assert [found["completion"] for found in (first, second, third)] == texts
    assert [found["tokens"] for found in (first, second, third)] == [7, 8, 9]
    assert second["logprob"] == -0.5 and "logprob" not in first
    assert first["contradiction"] == "the reasoning does not end in findings" and "contradiction" not in second
    assert "contradiction" not in third
    refused = predictions[2].model_copy(update={"refused": True})
    [[answer]] = record(
        Shown("test", case, BOOK, [refused], [[refused]]), Album(Path("none")), {}, Recordings(Path("none"))
    )["answers"]
    assert answer["verdict"] == "refused"


def test_a_case_stays_to_the_letter_in_its_parts() -> None:
    review = {"author": "Ann", "before": {"gold": None}}
    case = Case.model_validate(
        {
            "id": "a", "meta": {"n": 2**63 + 1, "review": review}, "gold": {"verdict": "approve", "violations": []},
            "teacher": {"verdict": "reject", "confidence": 1},
        }
    )  # fmt: skip
    parts = record(shown(case, "gibberish"), Album(Path("none")), {}, Recordings(Path("none")))["line"]
    assert json.loads(parts["head"]) == {"id": "a"} and parts["meta"] == '{"n": 9223372036854775809}'
    assert json.loads(parts["review"]) == review and json.loads(parts["gold"])["verdict"] == "approve"
    assert json.loads(parts["teacher"])["verdict"] == "reject"


def test_of_many_frames_those_pointed_at_are_shown() -> None:
    frames = [{"path": f"{i}.jpg", "time": i / 2} for i in range(100)]
    case = Case.model_validate({"id": "a", "frames": frames})
    cited = Violation(rule="GUN-1", evidence=[Region(frame=n, region=(0, 0, 1, 1)) for n in (7, 93)])
    found = record(shown(case, ruling(cited)), Album(Path("none")), {}, Recordings(Path("none")))
    places = [picture["at"] for picture in found["pictures"]]
    assert {7, 93} < set(places) and places == sorted(places)
    assert len(places) == PICTURES and found["left_out"] == 100 - PICTURES
    assert found["pictures"][places.index(7)]["label"] == "frame 7, 3.5 s"


def test_an_album_keeps_a_file_once_small_and_at_full_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (1000, 400), (200, 90, 40)).save(tmp_path / "a.png")
    Image.new("RGB", (100, 40), (200, 90, 40)).save(tmp_path / "small.png")
    case, album = Case(id="c").with_root(tmp_path), Album(tmp_path / "out.pictures")
    assert [album.number(case, name) for name in ("a.png", "gone.png", "a.png", "small.png")] == [0, 1, 0, 2]
    [made, gone, small] = album.thumbnails()
    assert set(made) == {"webp", "whole"} and len(made["webp"]) < 2_000
    assert Image.open(album.folder / made["whole"]).size == (1000, 400)
    assert "no such image (case 'c')" in gone["trouble"] and set(small) == {"webp"}
    assert [path.name for path in album.folder.iterdir()] == [made["whole"]]
    monkeypatch.setattr("rl.evaluation.page.album.EMBEDDED", 2)
    [outside, _, small] = album.thumbnails()
    assert Image.open(album.folder / outside["file"]).size == (320, 128)
    assert set(small) == {"file"} and outside["whole"] == made["whole"]


def test_what_is_cited_in_time_hits_lines_and_sets_the_length_of_the_strip() -> None:
    lines = [
        {"start": 0, "end": 2, "text": "This tea cures"},
        {"start": 2, "end": 4, "text": "diabetis.", "confidence": 0.3},
        {"text": "Some day."},
    ]
    gold = {"verdict": "reject", "violations": [{"rule": "CURE-1", "evidence": [{"interval": [1, 3]}]}]}
    case = Case.model_validate({"id": "a", "transcript": lines, "gold": gold})
    quotes = [Quote(quote=words, field="transcript") for words in ("cures diabetes", "this tea", "never said")]
    cited = Violation(rule="CURE-1", evidence=[Interval(interval=(2, 9)), *quotes])
    found = record(shown(case, ruling(cited)), Album(Path("none")), {}, Recordings(Path("none")))
    assert found["hits"] == [(0, "gold"), (1, "gold"), (1, "m0")]
    assert found["heard"] == [("cures diabetes", "cures diabetis.")]
    assert found["length"] == 9 and found["recording"] is None
    assert found["marks"] == [("transcript", [(9, 24, "m0"), (0, 8, "m0")])]
    endless = Violation(rule="CURE-1", evidence=[Interval(interval=(2, 1e300))])
    assert record(shown(case, ruling(endless)), Album(Path("none")), {}, Recordings(Path("none")))["length"] == 16
    timeless = record(shown(Case(id="a"), ruling()), Album(Path("none")), {}, Recordings(Path("none")))
    assert timeless["length"] > 0 and timeless["hits"] == [] and timeless["heard"] == []
