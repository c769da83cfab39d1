"""Records: where quotes stand, what pictures are shown, and what the list knows of a case."""

from pathlib import Path
from typing import Any

from PIL import Image

from data import Brief, Case, Quote, Region, Rule, Rulebook, Ruling, Violation
from prompts import Episode, write
from rl.evaluation import Prediction
from rl.evaluation.page.album import Album
from rl.evaluation.page.records import PICTURES, Shown, entry, record, samples_by_case

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
    found = record(shown(case, ruling(cited)), Album(), {})
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
    assert record(shown(case, ruling(cited)), Album(), {})["marks"] == [("transcript", [(3, 12, "m0")])]


def test_an_entry_knows_outcomes_rules_and_the_gravest_severity() -> None:
    case = Case.model_validate({"id": "a", "text": {"b": "x" * 500}, "gold": {"verdict": "approve", "violations": []}})
    cited = ruling(Violation(rule="GUN-1"), Violation(rule="CURE-1"), Violation(rule="MADE-UP"))
    found = entry(shown(case, ruling(verdict="approve"), cited, "gibberish"), suspect=True)
    assert len(found.pop("text")) == 160
    assert found == {
        "id": "a", "split": "test", "gold": "approve", "outcomes": ["right", "false flag", "false flag"],
        "verdicts": ["approve", "reject", "unparsed"], "rules": ["GUN-1", "CURE-1"], "severity": "high",
        "suspect": True,
    }  # fmt: skip


def test_an_answer_says_what_gold_cites_too_and_what_is_not_there() -> None:
    gold = {"verdict": "reject", "violations": [{"rule": "X-1", "or": ["CURE-1"]}]}
    case = Case.model_validate({"id": "a", "text": {"body": "It cures."}, "gold": gold})
    cited = [
        Violation(rule="CURE-1", evidence=[Quote(quote="cures", field="body")]),
        Violation(rule="GUN-1", evidence=[Quote(quote="gun", field="body")]),
    ]
    [ruled, unparsed] = record(shown(case, ruling(*cited), "gibberish"), Album(), {})["answers"]
    assert (ruled["right"], ruled["found"]) == ([True, False], [True, False])
    assert Ruling.model_validate(ruled["ruling"]).violations == cited
    assert unparsed["ruling"] is None and unparsed["completion"] == "gibberish" and unparsed["failure"]


def test_several_samples_are_tallied() -> None:
    case = Case(id="a")
    texts = (ruling(), ruling(verdict="approve"), ruling(), "gibberish")
    predictions = [Prediction.read(Episode.plain("a", text, n), Brief(case, BOOK)) for n, text in enumerate(texts)]
    assert samples_by_case(predictions) == {"a": predictions}
    of_it = Shown("test", case, BOOK, predictions[:1], [predictions])
    assert record(of_it, Album(), {})["answers"][0]["samples"] == {"reject": 2, "approve": 1, "unparsed": 1}


def test_of_many_frames_those_pointed_at_are_shown() -> None:
    frames = [{"path": f"{i}.jpg", "time": i / 2} for i in range(100)]
    case = Case.model_validate({"id": "a", "frames": frames})
    cited = Violation(rule="GUN-1", evidence=[Region(frame=n, region=(0, 0, 1, 1)) for n in (7, 93)])
    found = record(shown(case, ruling(cited)), Album(), {})
    places = [picture["at"] for picture in found["pictures"]]
    assert {7, 93} < set(places) and places == sorted(places)
    assert len(places) == PICTURES and found["left_out"] == 100 - PICTURES
    assert found["pictures"][places.index(7)]["label"] == "frame 7, 3.5 s"


def test_an_album_keeps_a_file_once_and_small(tmp_path: Path) -> None:
    Image.new("RGB", (1000, 400), (200, 90, 40)).save(tmp_path / "a.png")
    case, album = Case(id="c").with_root(tmp_path), Album()
    assert [album.number(case, name) for name in ("a.png", "gone.png", "a.png")] == [0, 1, 0]
    [made, gone] = album.thumbnails()
    assert set(made) == {"webp"} and len(made["webp"]) < 2_000
    assert "no such image (case 'c')" in gone["trouble"]
