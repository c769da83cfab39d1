"""One checked ruling: what is found, what is not, and nothing of it fit to fool a terminal."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from data import Brief, Case, DataError, Interval, Quote, Region, Rule, Rulebook, Ruling, Violation
from prompts import Episode, write
from rl.cli.review import app, pick
from rl.serving.review import Review, checked, panel

BOOK = Rulebook(
    name="b", rules=(Rule(id="CURE-1", title="Cures", text="No cures.", exceptions=("registered drugs",)),)
)
BRIEF = Brief(Case(id="ad-1", text={"title": "It cures ALL"}, images=["a.png"]), BOOK)


def ruled(*violations: Violation, **more: str) -> Review:
    ruling = Ruling(violations=list(violations), verdict="reject", confidence=0.75, **more)
    return wrote(write(ruling), rulebook={"name": "b", "fingerprint": BOOK.fingerprint})


def wrote(completion: str, **provenance: object) -> Review:
    return checked(Episode.plain("ad-1", completion), BRIEF, provenance)


def shown(review: Review) -> str:
    console = Console(width=100, record=True, file=StringIO(), force_terminal=True)
    console.print(panel(review))
    return console.export_text()


def test_citations_are_looked_up() -> None:
    found = ruled(
        Violation(rule="CURE-1", evidence=[Quote(quote="cures all", field="title")]),
        Violation(rule="CURE-1", evidence=[Quote(quote="heals", field="title"), Region(image=0, region=(0, 0, 1, 1))]),
        Violation(rule="MADE-UP-9", evidence=[Region(image=3, region=(0, 0, 1, 1))]),
        Violation(rule="CURE-1"),
    )
    assert [citation.found for citation in found.citations] == [True, False, False, False]
    assert [[piece.found for piece in c.evidence] for c in found.citations] == [[True], [False, True], [False], []]
    assert [citation.rule.text if citation.rule else None for citation in found.citations][1:3] == ["No cures.", None]


def test_the_panel_has_all_one_needs() -> None:
    text = shown(
        ruled(
            Violation(rule="CURE-1", evidence=[Quote(quote="cures all", field="title")]),
            Violation(rule="X-1", evidence=[Quote(quote="gone", field="title")]),
            reasoning="CURE-1: yes.",
            advice="Drop it.",
        )
    )
    for part in (
        "ad-1",
        "reject",
        "0.75",
        "No cures.",
        "unless registered drugs",
        "✓ found",
        "“cures all” in title",
        "✗ not found",
        "the excerpt has no such rule",
        "Drop it.",
        "CURE-1: yes.",
        BOOK.fingerprint,
    ):
        assert part in text


def test_an_answer_that_its_reasoning_does_not_bear_out_is_not_to_be_relied_on() -> None:
    cited = Violation(rule="CURE-1", evidence=[Quote(quote="cures all", field="title")])
    apart = ruled(cited, reasoning="CURE-1: clear")
    assert apart.contradiction == "the reasoning finds 'CURE-1' clear, and the answer cites it"
    assert "not to be relied on: the reasoning finds 'CURE-1' clear" in shown(apart)
    one = ruled(cited, reasoning='CURE-1: "cures all" -> broken')
    assert one.contradiction is None and "relied" not in shown(one)


def test_no_ruling_is_said_plainly() -> None:
    found = wrote("I think it is fine.")
    assert found.ruling is None and found.failure is not None and found.failure.startswith("no_think")
    assert "No ruling could be read." in shown(found) and "I think it is fine." in shown(found)


HOSTILE = "[bold red]x[/] [link=http://e.vil]y[/link] \x1b[2J\x1b]8;;http://e.vil\x07 \u202egnp \x9b31m"


@pytest.mark.parametrize("where", ["quote", "rule", "reasoning", "advice", "completion"])
def test_hostile_text_is_shown_and_not_obeyed(where: str) -> None:
    if where == "completion":
        found = wrote(HOSTILE)
    else:
        violation = Violation(
            rule=HOSTILE if where == "rule" else "CURE-1",
            evidence=[Quote(quote=HOSTILE if where == "quote" else "cures", field="title")],
        )
        found = ruled(violation, **({where: HOSTILE} if where in ("reasoning", "advice") else {}))
    text = shown(found)
    assert "[bold red]x[/] [link=http://e.vil]y[/link]" in " ".join(text.replace("│", " ").split())
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(text)
    assert "⟨U+001B⟩" in text and "⟨U+202E⟩" in text


def test_a_review_survives_json() -> None:
    found = ruled(Violation(rule="CURE-1", evidence=[Quote(quote=HOSTILE, field="title")]))
    assert Review.model_validate_json(found.model_dump_json()) == found


def test_the_command(tiny_vl: Path, toy: Path) -> None:
    call = [str(tiny_vl), f"{toy}/cases.jsonl#toy-3", "--rulebook", f"{toy}/rules.yaml"]
    call += ["--template", "compact", "--max-new-tokens", "4"]
    plain = CliRunner().invoke(app, call)
    assert plain.exit_code == 1 and "No ruling could be read" in plain.output and "toy-3" in plain.output
    machine = CliRunner().invoke(app, [*call, "--json"])
    found = json.loads(machine.stdout)
    assert machine.exit_code == 1 and found["case"] == "toy-3" and found["ruling"] is None
    assert found["provenance"]["template"]["name"] == "compact" and found["provenance"]["checkpoint"]["hash"]


def test_a_case_is_picked(tmp_path: Path) -> None:
    several = tmp_path / "cases.jsonl"
    several.write_text('{"id": "a"}\n{"id": "b#2"}\n')
    one = tmp_path / "one.json"
    one.write_text('{\n  "id": "c"\n}\n')
    assert pick(f"{several}#a").id == "a"
    assert pick(f"{several}#b#2").id == "b#2"
    assert pick(str(several), "b#2").id == "b#2"
    assert pick(str(one)).id == "c"
    with pytest.raises(DataError, match="holds 2 cases"):
        pick(str(several))
    with pytest.raises(DataError, match="no case 'z'"):
        pick(str(several), "z")
    with pytest.raises(DataError, match="no such file"):
        pick(str(tmp_path / "nowhere.json"))


def test_evidence_in_time_says_when_and_what_is_shown_and_said_then() -> None:
    case = Case.model_validate(
        {
            "id": "ad-2",
            "frames": [{"path": f"{n}.jpg", "time": 2 * n} for n in range(4)],
            "transcript": [
                {"start": 0, "end": 3, "text": "It cures \x1b[2J"},
                {"start": 3, "end": 5.5, "text": "diabetis.", "confidence": 0.4},
                {"text": "Some day."},
            ],
        }
    )
    evidence = [
        Interval(interval=(2, 4)),
        Interval(interval=(6, 7)),
        Interval(interval=(6.5, 60)),
        Quote(quote="diabetes", field="transcript"),
        Quote(quote="some day", field="transcript"),
        Region(frame=3, region=(0, 0, 1, 1)),
    ]
    ruling = Ruling(violations=[Violation(rule="CURE-1", evidence=evidence)], verdict="reject", confidence=1)
    review = checked(Episode.plain("ad-2", write(ruling)), Brief(case, BOOK), {})
    [first, second, third, heard, untimed, frame] = review.citations[0].evidence
    assert (first.frames, first.said) == ([1, 2], "It cures \x1b[2J\ndiabetis.") and first.found
    assert (second.frames, second.said, third.frames, third.found) == ([3], "", [], False)
    assert (heard.heard, heard.seconds, untimed.seconds) == ("diabetis.", (3.0, 5.5), None)
    assert frame.seconds == (6.0, 6.0)
    text = shown(review)
    for part in (
        "✓ found      2 to 4 s: frames 1, 2; “It cures ⟨U+001B⟩[2J diabetis.”",
        "✓ found      6 to 7 s: frame 3 ",
        "✗ not found  6.5 to 60 s ",
        "“diabetes” in transcript, heard as “diabetis.”, 3 to 5.5 s",
        "“some day” in transcript ",
        "frame 3, region 0.00 0.00 1.00 1.00, at 6 s",
    ):
        assert part in text
    assert Review.model_validate_json(review.model_dump_json()) == review
