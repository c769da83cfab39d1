import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance

from data import Rulebook
from data.checking.check import check_files
from data.checking.report import Report

Write = Callable[..., Path]
REJECT: dict[str, Any] = {"verdict": "reject", "violations": [{"rule": "CURE-1"}]}


def found(report: Report) -> list[tuple[str, str, int | None, str | None]]:
    return [(problem.level, problem.kind, problem.line, problem.field) for problem in report.problems]


def ad(id_: str, words: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "text": {"title": words}, **more}


def test_a_clean_file(write_lines: Write, write_image: Write, book: Rulebook) -> None:
    write_image("m/1.png")
    gold = {
        "verdict": "reject",
        "intent": "drink",
        "violations": [
            {
                "rule": "CURE-1",
                "or": ["SALE-1"],
                "evidence": [{"quote": "CURES  diabetes", "field": "title"}, {"image": 0, "region": [0, 0, 1, 1]}],
            }
        ],
        "not": ["ODD-1"],
    }
    teacher = taught("CURE-1", {"quote": "cures diabetes", "field": "title"})
    file = write_lines(
        "a.jsonl",
        ad("1", "Cures diabetes now", images=["m/1.png"], gold=gold, group="g", teacher=teacher),
        ad("2", "Plain water", gold={"verdict": "approve", "violations": []}, rules=["SALE-1"]),
        ad("3", "Who knows what this is", gold={"verdict": "escalate", "violations": [{"rule": "ODD-1"}]}),
        ad("4", "Not annotated"),
        {"id": "5", "images": ["m/1.png"], "gold": {"verdict": "escalate", "violations": [], "unclear": ["CURE-1"]}},
    )
    report = check_files(file, book=book)
    assert report.ok and not report.problems
    (counts,) = report.files
    assert (counts.rows, counts.cases, len(counts.groups)) == (5, 5, 5)
    assert counts.verdicts == {"reject": 1, "approve": 1, "escalate": 2, "none": 1}
    assert counts.broken == {"CURE-1": 1, "ODD-1": 1}
    assert counts.shown == {"CURE-1": 4, "SALE-1": 5, "ODD-1": 4}
    assert report.text["title"].most == 22 and report.text["title"].least == 11
    assert report.images["width"].most == 40 and report.images["height"].count == 1
    assert json.loads(json.dumps(report.as_json()))["ok"] is True


def taught(rule: str, *evidence: dict[str, Any]) -> dict[str, Any]:
    """A teacher's ruling."""
    return {"verdict": "reject", "confidence": 0.9, "violations": [{"rule": rule, "evidence": list(evidence)}]}


@pytest.mark.parametrize(
    ("row", "level", "kind", "field", "message"),
    [
        ({"rules": ["CURE-1", "CURE-2"]}, "error", "unknown rule", "rules.1", "(did you mean 'CURE-1'?)"),
        ({"rules": ["CURE-1", "CURE-1"]}, "error", "rule given twice", "rules.1", "twice"),
        ({"rules": []}, "warning", "empty excerpt", "rules", "no rule at all"),
        ({"gold": {"violations": [{"rule": "X"}]}}, "error", "unknown rule", "gold.violations.0.rule", "'small'"),
        (
            {"gold": {"violations": [{"rule": "CURE-1", "or": ["X"]}]}},
            "error", "unknown rule", "gold.violations.0.or.0", "'X'",
        ),
        ({"gold": {"not": ["X"]}}, "error", "unknown rule", "gold.not.0", "'X'"),
        ({"gold": {"unclear": ["X"]}}, "error", "unknown rule", "gold.unclear.0", "'X'"),
        (
            {"gold": {**REJECT, "not": ["SALE-1", "CURE-1"]}},
            "error", "gold contradicts itself", "gold.not.1", "rule 'CURE-1' is both broken and in 'not'",
        ),
        (
            {"gold": {"violations": [{"rule": "CURE-1", "or": ["SALE-1"]}], "not": ["SALE-1"]}},
            "error", "gold contradicts itself", "gold.not.0", "'SALE-1' is both broken and in 'not'",
        ),
        (
            {"gold": {**REJECT, "unclear": ["CURE-1"]}},
            "error", "gold contradicts itself", "gold.unclear.0", "both broken and unclear",
        ),
        (
            {"gold": {"not": ["SALE-1"], "unclear": ["SALE-1"]}},
            "error", "gold contradicts itself", "gold.unclear.0", "both in 'not' and unclear",
        ),
        (
            {"teacher": taught("CURE-2")},
            "error", "teacher cites another rule", "teacher.violations.0.rule", "(did you mean 'CURE-1'?)",
        ),
        (
            {"rules": ["CURE-1"], "teacher": taught("SALE-1")},
            "error", "teacher cites another rule", "teacher.violations.0.rule", "'SALE-1' is not in the case's",
        ),
        (
            {"teacher": taught("CURE-1", {"quote": "sum title", "field": "title"})},
            "error", "quote not found", "teacher.violations.0.evidence.0.quote", "'sum title' does not occur",
        ),
        (
            {"teacher": taught("CURE-1", {"image": 0, "region": [0, 0, 1, 1]})},
            "error", "no such image", "teacher.violations.0.evidence.0.image", "does not exist",
        ),
        (
            {"teacher": {**taught("CURE-1"), "edits": [{"field": "title", "old": "sum title"}]}},
            "error", "edit not applicable", "teacher.edits.0.old", "do not stand in 'title'",
        ),
        (
            {"teacher": {**taught("CURE-1"), "intent": "drinks"}},
            "error", "unknown intent", "teacher.intent", "(did you mean 'drink'?)",
        ),
        ({"gold": {"intent": "drinks"}}, "error", "unknown intent", "gold.intent", "(did you mean 'drink'?)"),
        ({"text": {}}, "error", "no content", "text", "nothing to review"),
        ({"text": {"title": " \n"}}, "error", "no content", "text", "nothing to review"),
        ({"text": {"title": "a" * 100_000}}, "warning", "long text", "text", "100,000 bytes"),
        ({"transcript": [{"start": 2, "end": 1, "text": "x"}]}, "error", "impossible time", "transcript.0", "before"),
        ({"images": ["gone.png"]}, "error", "unreadable image", "images.0", "gone.png: no such image (case 'x')"),
        ({"images": ["bad.png"]}, "error", "unreadable image", "images.0", "not an image"),
        ({"frames": [{"path": "bad.png", "time": 1}]}, "error", "unreadable image", "frames.0.path", "not an image"),
        ({"page": "gone.html"}, "error", "missing media", "page.path", "gone.html: no such file"),
        ({"page": {"screenshot": "gone.png"}}, "error", "unreadable image", "page.screenshot", "no such image"),
        (
            {"page": {"sections": [{"text": "Tea"}]},
             "teacher": taught("CURE-1", {"quote": "Tea", "field": "page", "section": 1})},
            "error", "quote not found", "teacher.violations.0.evidence.0.section", "no section 1: it has 1, from 0",
        ),
        (
            {"page": {"sections": [{"text": "Milk"}, {"text": "Tea"}]},
             "teacher": taught("CURE-1", {"quote": "Tea", "field": "page", "section": 0})},
            "error", "quote not found", "teacher.violations.0.evidence.0.quote", "'page', section 0, of the case",
        ),
        ({"audio": "gone.wav"}, "error", "missing media", "audio", "gone.wav: no such file"),
        (
            {"gold": {"verdict": "approve", "violations": [{"rule": "CURE-1"}]}},
            "error", "verdict contradicts violations", "gold.verdict", "approve with CURE-1, which calls for reject",
        ),
        (
            {"gold": {"verdict": "reject", "violations": []}},
            "error", "verdict contradicts violations", "gold.verdict", "reject with no violation, which calls for",
        ),
        (
            {"gold": {"verdict": "reject", "violations": [{"rule": "ODD-1"}]}},
            "error", "verdict contradicts violations", "gold.verdict", "calls for escalate",
        ),
        (
            {"gold": {"verdict": "escalate", "violations": []}},
            "warning", "unexplained escalation", "gold.unclear", "names no rule as unclear",
        ),
        (
            {"rules": ["SALE-1"], "gold": REJECT},
            "warning", "gold changed by excerpt", "rules", "without CURE-1, gold reject becomes approve",
        ),
        (
            {"rules": ["SALE-1"], "gold": {**REJECT, "exhaustive": False}},
            "error", "gold outside excerpt", "gold.violations", "CURE-1",
        ),
    ],
)  # fmt: skip
def test_a_problem_is_named_with_line_and_field(
    write_lines: Write, tmp_path: Path, book: Rulebook, row: dict, level: str, kind: str, field: str, message: str
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image")
    file = write_lines("a.jsonl", ad("0", "a good one"), {"id": "x", "text": {"title": "Some title"}} | row)
    report = check_files(file, book=book)
    assert found(report) == [(level, kind, 2, field)]
    assert message in report.problems[0].message
    assert report.problems[0].file == file
    assert report.ok is (level == "warning")


@pytest.mark.parametrize(
    ("evidence", "kind", "key", "message"),
    [
        ({"quote": "cures cancer", "field": "title"}, "quote not found", "quote", "'cures cancer' does not occur in"),
        (
            {"quote": "Some", "field": "titel"},
            "quote not found",
            "field",
            "no text field 'titel' (did you mean 'title'?)",
        ),
        ({"image": 1, "region": [0, 0, 1, 1]}, "no such image", "image", "image 1 does not exist: the case has 0"),
        ({"frame": 0, "region": [0, 0, 1, 1]}, "no such frame", "frame", "frame 0 does not exist"),
        ({"interval": [0, 1]}, "no such recording", "interval", "no video, audio, frames or transcript"),
    ],
)
def test_evidence_that_the_case_does_not_bear_out(
    write_lines: Write, book: Rulebook, evidence: dict, kind: str, key: str, message: str
) -> None:
    gold = {"verdict": "reject", "violations": [{"rule": "CURE-1", "evidence": [evidence]}]}
    report = check_files(write_lines("a.jsonl", ad("1", "Some title", gold=gold)), book=book)
    assert found(report) == [("error", kind, 1, f"gold.violations.0.evidence.0.{key}")]
    assert message in report.problems[0].message


def test_gold_that_alternatives_or_missing_labels_leave_open_is_no_contradiction(
    write_lines: Write, book: Rulebook
) -> None:
    either = [{"rule": "CURE-1", "or": ["ODD-1"]}]
    file = write_lines(
        "a.jsonl",
        ad("1", "One thing", gold={"verdict": "escalate", "violations": either}),
        ad("2", "Another thing", gold={"verdict": "reject", "violations": either}),
        ad("3", "Quite another", gold={"verdict": "reject", "violations": [], "exhaustive": False}),
        ad("4", "Entirely different", gold={"verdict": "reject"}),
    )
    assert not check_files(file, book=book).problems


def test_a_rule_of_the_case_s_own_wording_is_known(write_lines: Write, book: Rulebook) -> None:
    own = {"id": "OWN-1", "text": "No hats.", "verdict": "escalate"}
    gold = {"verdict": "escalate", "violations": [{"rule": "OWN-1"}]}
    report = check_files(write_lines("a.jsonl", ad("1", "Hats", rules=[own], gold=gold)), book=book)
    assert not report.problems and report.files[0].broken == {"OWN-1": 1}


def test_a_20000_pixel_image(write_lines: Write, write_image: Write, book: Rulebook) -> None:
    write_image("wide.png", (20_000, 4))
    report = check_files(write_lines("a.jsonl", {"id": "1", "images": ["wide.png"]}), book=book)
    assert found(report) == [("error", "unreadable image", 1, "images.0")]
    assert "image of 20000 x 4 pixels" in report.problems[0].message


def test_rows_that_are_no_cases_are_all_reported(write_lines: Write, book: Rulebook) -> None:
    file = write_lines("a.jsonl", '{"id": "1', b'{"id": "\xff"}', ad("2", "x"), ad("2", "y"), {"id": "3", "txet": {}})
    report = check_files(file, book=book)
    assert found(report) == [
        ("error", "unreadable row", 1, None),
        ("error", "unreadable row", 2, None),
        ("error", "duplicate id", 4, "id"),
        ("error", "not a case", 5, "txet"),
    ]
    assert (report.files[0].rows, report.files[0].cases) == (5, 1)


def test_a_file_without_cases(write_lines: Write, book: Rulebook) -> None:
    assert [p.kind for p in check_files(write_lines("a.jsonl"), book=book).errors] == ["no cases"]


def test_near_duplicates_across_splits_and_groups(write_lines: Write, book: Rulebook) -> None:
    train = write_lines("train.jsonl", ad("1", "Only 3 left!"), ad("2", "only 4 left"), ad("3", "Hats", group="g"))
    test = write_lines("test.jsonl", ad("4", "ONLY 12 LEFT"), ad("5", "Shoes for all"), ad("6", "shoes for all!"))
    report = check_files(train, test, book=book)
    assert [(p.kind, p.file, p.line) for p in report.problems] == [
        ("near-duplicate across files", test, 1),
        ("near-duplicate across groups", test, 3),
        ("near-duplicate across groups", train, 2),
    ]
    assert f"nearly the same as {train}:1 (case '1')" in report.problems[0].message
    assert report.ok and report.duplicates == 3


def test_the_same_text_or_picture_across_files(write_lines: Write, tmp_path: Path, book: Rulebook) -> None:
    shades = Image.linear_gradient("L")
    shades.save(tmp_path / "a.png")
    shades.rotate(90).save(tmp_path / "b.png")
    ImageEnhance.Brightness(shades).enhance(0.6).save(tmp_path / "darker.png")
    train = write_lines("train.jsonl", ad("1", "Only 3 left!", images=["a.png"]), ad("2", "Hats", images=["b.png"]))
    held = write_lines(
        "held.jsonl",
        ad("3", "Something else", images=["darker.png"]),
        ad("4", "only 4 left"),
        ad("5", "only 5 left", images=["darker.png"]),
        ad("6", "Shoes"),
    )
    problems = check_files(train, held, book=book).problems
    assert [(p.kind, p.line, p.level) for p in problems] == [
        ("near-duplicate picture across files", 1, "warning"),
        ("near-duplicate text across files", 2, "warning"),
        ("near-duplicate across files", 3, "warning"),
    ]
    assert problems[0].message == f"its picture is nearly the same as {train}:1 (case '1'), though not all of it is"


def test_same_content_with_another_verdict(write_lines: Write, book: Rulebook) -> None:
    approve = {"verdict": "approve", "violations": []}
    file = write_lines(
        "a.jsonl",
        ad("1", "Cures all", group="g", gold=REJECT),
        ad("2", "Cures all", group="g", gold=approve),
        ad("3", "Cures all", group="g", gold=approve, rules=["SALE-1"]),
    )
    assert found(check_files(file, book=book)) == [("warning", "contradictory gold", 2, "gold.verdict")]


def test_the_same_words_at_another_time_may_be_judged_otherwise(write_lines: Write, book: Rulebook) -> None:
    def said(case: str, start: float, verdict: str) -> dict[str, object]:
        line = {"start": start, "end": start + 1, "text": "Kids love it"}
        return ad(case, "Juice", group="g", gold={"verdict": verdict, "violations": []}, transcript=[line])

    def told(*rows: dict[str, object]) -> list[str]:
        return [problem.kind for problem in check_files(write_lines("a.jsonl", *rows), book=book).problems]

    assert "contradictory gold" not in told(said("1", 0, "approve"), said("2", 1, "escalate"))
    assert "contradictory gold" in told(said("1", 0, "approve"), said("2", 0, "escalate"))


def test_spaces_that_tell_the_label(write_lines: Write, book: Rulebook) -> None:
    rows = [ad(str(i), f"{word} ", gold={"verdict": "approve"}) for i, word in enumerate(["Hats", "Shoes", "Bags"])]
    (problem,) = check_files(write_lines("a.jsonl", *rows, ad("9", "Water", gold=REJECT)), book=book).problems
    assert (problem.kind, problem.field, problem.line) == ("stray spaces", "text.title", None)
    assert "3 texts begin or end with spaces (100% of approve, 0% of reject)" in problem.message


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"frames": [{"path": "0.png", "time": 2}, {"path": "0.png", "time": 1}]}, "frames.1.time", "behind one at 2"),
        ({"frames": [{"path": "0.png", "time": 5.5}]}, "frames.0.time", "5.5 s, and the recording lasts 4 s"),
        ({"transcript": [{"start": 2, "end": 9, "text": "x"}]}, "transcript.0.end", "9 s, and the recording lasts 4"),
        (
            {"audio": "0.png", "teacher": taught("CURE-1", {"interval": [1, 30]})},
            "teacher.violations.0.evidence.0.interval", "ends at 30 s, and the recording lasts 4 s",
        ),
    ],
)  # fmt: skip
def test_times_that_cannot_be_are_errors(
    write_lines: Write, tmp_path: Path, book: Rulebook, row: dict, field: str, message: str
) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "0.png")
    report = check_files(write_lines("a.jsonl", {"id": "x", "duration": 4, **row}), book=book)
    assert [(p.kind, p.field) for p in report.errors] == [("impossible time", field)]
    assert message in report.errors[0].message


def test_edits_of_gold_must_be_applicable(write_lines: Write, write_image: Write, book: Rulebook) -> None:
    write_image("m/1.png")
    take_out = {"field": "title", "old": "cures diabetes"}
    file = write_lines(
        "a.jsonl",
        ad("1", "This cures diabetes", images=["m/1.png"],
           gold=REJECT | {"edits": [take_out, {"image": 0, "element": "gun"}]}),
        ad("2", "Twice cures diabetes, cures diabetes", gold=REJECT | {"edits": [take_out]}),
        ad("3", "A clean shirt", gold=REJECT | {"edits": [{"image": 0, "element": "gun"}, take_out]}),
        ad("4", "Who cures diabetes", gold={"verdict": "approve", "violations": [], "edits": [take_out]}),
    )  # fmt: skip
    report = check_files(file, book=book)
    assert found(report) == [
        ("error", "edit not applicable", 2, "gold.edits.0.old"),
        ("error", "no such image", 3, "gold.edits.0.image"),
        ("error", "edit not applicable", 3, "gold.edits.1.old"),
        ("error", "needless edits", 4, "gold.edits"),
    ]
