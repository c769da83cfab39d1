import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data import DataError, load_cases, open_image
from data.foreign.convert import Conversion, convert_file
from data.foreign.mapping import Mapping

Write = Callable[..., Path]
TABLE = {"ok": "approve", "cure": "CURE-1", "sale": "SALE-1", "odd": "ODD-1"}


@pytest.fixture
def convert(tmp_path: Path, book: Any) -> Callable[..., Conversion]:
    """Converts a file with a mapping given as keys and values."""
    book.dump(tmp_path / "book.yaml")

    def run(source: Path, **mapping: Any) -> Conversion:
        (tmp_path / "mapping.yaml").write_text(json.dumps({"rulebook": "book.yaml", **mapping}), encoding="utf-8")
        return convert_file(source, tmp_path / "mapping.yaml", tmp_path / "out")

    return run


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_table_becomes_cases(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.csv",
        '\ufefftitle,"the text",who,label,lang\r\n'
        'A," He said ""hi""\n and left ",x,cure; sale,en\r\n'
        "B,null,y,ok,de\r\n"
        "C,plain,y,odd,en\r\n",
    )
    result = convert(
        source,
        id="in-{row}-{title}",
        text={"title": "title", "body": "the text"},
        strip=True,
        empty=["null"],
        lang={"from": "lang"},
        group="who",
        meta={"made_by": "who"},
        quote="body",
        labels={"from": "label", "separator": ";", "table": TABLE},
    )
    assert not result.rejected
    first, second, third = load_cases(tmp_path / "out" / "cases.jsonl")
    assert (first.id, first.lang, first.group, first.meta) == ("in-1-A", "en", "x", {"made_by": "x"})
    assert first.text == {"title": "A", "body": 'He said "hi"\n and left'}
    assert first.gold is not None and first.gold.verdict == "reject" and first.gold.exhaustive
    assert [v.model_dump(exclude_none=True) for v in first.gold.violations or []] == [
        {"rule": rule, "alternatives": [], "evidence": [{"quote": 'He said "hi"\n and left', "field": "body"}]}
        for rule in ("CURE-1", "SALE-1")
    ]
    assert second.text == {"title": "B"} and second.lang == "de"
    assert second.gold is not None and second.gold.verdict == "approve" and second.gold.violations == []
    assert third.gold is not None and third.gold.verdict == "escalate"
    assert not (tmp_path / "out" / "rejected.jsonl").exists()


def test_json_with_paths_lists_and_outcomes(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    rows = [
        {"key": 1, "ad": {"copy": ["one", "two"]}, "codes": ["cure", "sale"]},
        {"key": 2, "ad": {"copy": "three"}, "codes": []},
        {"key": 3, "ad": {"copy": "four"}, "codes": ["either"]},
        {"key": 4, "ad": {"copy": "five"}, "codes": ["bad"]},
        {"key": 5, "ad": {"copy": "six"}, "codes": [7]},
    ]
    source = write(tmp_path / "in.json", json.dumps({"data": {"items": rows}}))
    either, bad = {"rules": ["CURE-1"], "or": ["SALE-1"]}, {"verdict": "reject"}
    table = {**TABLE, "": "approve", "either": either, "bad": bad, 7: "ODD-1"}
    labels = {"from": "codes", "table": table, "exhaustive": False}
    result = convert(source, records="data.items", id="{key}", text={"body": "ad.copy"}, labels=labels)
    gold = {case.id: case.gold for case in result.cases}
    assert result.cases[0].text == {"body": "one\ntwo"}
    assert [v.rule for v in gold["1"].violations] == ["CURE-1", "SALE-1"] and not gold["1"].exhaustive
    assert gold["2"].violations == [] and gold["2"].exhaustive, "who is approved breaks nothing else"
    assert gold["3"].violations[0].accepted == ("CURE-1", "SALE-1")
    assert gold["4"].verdict == "reject" and gold["4"].violations is None, "nobody has said which rule"
    assert gold["5"].verdict == "escalate"


def test_labels_that_are_numbers_are_looked_up_as_they_are_written(tmp_path: Path, book: Any) -> None:
    book.dump(tmp_path / "book.yaml")
    labels = "{from: 3, table: {0: approve, 1: CURE-1, 1.10: {rules: [SALE-1]}}}"
    write(tmp_path / "mapping.yaml", f"rulebook: book.yaml\ntext: {{body: 2}}\nlabels: {labels}")
    source = write(tmp_path / "in.csv", "2,3\na,0\nb,1\nc,1.10\nd,1.1\n")
    result = convert_file(source, tmp_path / "mapping.yaml", tmp_path / "out")
    cited = [[violation.rule for violation in case.gold.violations] for case in result.cases if case.gold]
    assert cited == [[], ["CURE-1"], ["SALE-1"]]
    rejected = (tmp_path / "out" / "rejected.jsonl").read_text("utf-8").splitlines()
    assert len(rejected) == 1 and "unknown label '1.1'" in rejected[0]


BOXES = {"from": "boxes", "label": "what", "box": "xywh"}


def test_boxes_in_pixels_become_regions(
    convert: Callable[..., Conversion], tmp_path: Path, write_image: Write, write_lines: Write
) -> None:
    write_image("pics/1.png", (200, 100))
    boxes = [{"what": "cure", "xywh": [20, 10, 100, 50]}, {"what": "cure", "xywh": [150, 80, 100, 50]}]
    boxes.append({"what": "ok", "xywh": [0, 0, 10, 10]})
    row = {"pic": "pics/1.png", "label": "cure", "boxes": json.dumps(boxes)}
    result = convert(write_lines("in.jsonl", row), images="pic", labels={"from": "label", "table": TABLE}, boxes=BOXES)
    (case,) = load_cases(tmp_path / "out")
    assert case.images == ["media/1.png"] and open_image(case.path(case.images[0])).size == (200, 100)
    assert case.gold is not None and case.gold.violations is not None
    assert [evidence.region for evidence in case.gold.violations[0].evidence or []] == [  # type: ignore[union-attr]
        (0.1, 0.1, 0.6, 0.6),
        (0.75, 0.8, 1.0, 1.0),
    ]
    (warning,) = result.warnings
    assert "in.jsonl:1" in str(warning) and "clipped" in str(warning)


@pytest.mark.parametrize("media", ["copy", "link"])
def test_images_of_one_name_are_kept_apart(
    convert: Callable[..., Conversion], tmp_path: Path, write_image: Write, write_lines: Write, media: str
) -> None:
    write_image("a/1.png", colour="red")
    write_image("b/1.png", colour="blue")
    source = write_lines("in.jsonl", {"pics": ["a/1.png", "b/1.png"]}, {"pics": ["b/1.png"]})
    convert(source, images="pics", media=media)
    first, second = load_cases(tmp_path / "out")
    assert first.images == ["media/1.png", "media/1-2.png"] and second.images == ["media/1-2.png"]
    assert open_image(second.path(second.images[0])).getpixel((0, 0)) == (0, 0, 255)
    inode = (tmp_path / "b" / "1.png").stat().st_ino
    assert (second.path(second.images[0]).stat().st_ino == inode) is (media == "link")


@pytest.mark.parametrize("media", ["copy", "link"])
def test_pictures_of_other_folders_are_not_taken_along(
    convert: Callable[..., Conversion], tmp_path: Path, write_image: Write, write_lines: Write, media: str
) -> None:
    write_image("secret.png")
    source = write_lines("in/in.jsonl", {"t": "x", "pic": "../secret.png"}, {"t": "y", "pic": None})
    result = convert(source, text={"b": "t"}, images="pic", media=media)
    ((_, error),) = result.rejected
    assert "'../secret.png' lies outside of the folder" in error.message
    assert not (tmp_path / "out" / "media").exists()


def test_near_duplicates_get_one_group(convert: Callable[..., Conversion], write_lines: Write) -> None:
    source = write_lines("in.jsonl", {"t": "Only 3 left!"}, {"t": "Buy hats"}, {"t": "only 12 left"})
    found = convert(source, id="{row}", text={"b": "t"}, group="near_duplicates").cases
    assert [case.group for case in found] == ["1", None, "1"]


def test_ids_of_two_files_do_not_collide(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    """So that what is held out can be checked against what is trained on."""
    header, rows = "t,who\n", ["Hats,x\n", "Shoes,y\n", "Bags,z\n"]
    sources = [
        write(tmp_path / name, header + "".join(part))
        for name, part in (("a/rows.csv", rows), ("b/rows.csv", [rows[0], rows[2], "Belts,z\n"]), ("b/more.csv", rows))
    ]
    ids = [[case.id for case in convert(source, text={"b": "t"}).cases] for source in sources]
    assert ids[0][0] == ids[1][0], "the same row at the same place of files of one name is the same case"
    assert len({id_ for own in ids for id_ in own}) == 8
    assert all(re.fullmatch(r"rows-[123]-[0-9a-f]{8}", id_) for id_ in ids[0])


def test_a_hash_is_of_the_row_and_not_of_its_place(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", '{"t": "Hats", "n": 1}\n{"t": "Shoes", "n": 1}\n')
    second = write(tmp_path / "b.jsonl", '{"n": 1, "t": "Shoes"}\n{"t": "Shoes", "n": 2}\n')
    hats, shoes = (case.id for case in convert(first, id="{file}:{hash}", text={"b": "t"}).cases)
    again, other = (case.id for case in convert(second, id="{file}:{hash}", text={"b": "t"}).cases)
    assert hats[:2] == "a:" and again[:2] == "b:" and shoes[2:] == again[2:]
    assert len({hats[2:], shoes[2:], other[2:]}) == 3


def test_a_column_comes_before_what_an_id_knows_itself(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", "t,file,hash,row\nHats,f,h,r\n")
    assert convert(source, id="{file}-{hash}-{row}", text={"b": "t"}).cases[0].id == "f-h-1"


def test_a_case_too_large_to_be_read_again_is_rejected(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", json.dumps({"t": "x" * 8_000_000}) + '\n{"t": "y"}\n')
    result = convert(source, text={"b": "t"})
    assert len(load_cases(tmp_path / "out")) == 1 and "and it may have at most 8,000,000" in str(result.rejected[0][1])


def test_rows_that_cannot_be_converted_are_kept_with_the_reason(
    convert: Callable[..., Conversion], tmp_path: Path, write_image: Write, write_lines: Write
) -> None:
    write_image("1.png")
    write(tmp_path / "bad.png", b"no image")
    box = {"what": "cure", "xywh": [0, 0, 10, 10]}
    good = {"key": "0", "pic": "1.png", "label": "cure", "boxes": [box]}
    bad: list[tuple[Any, str]] = [
        ('{"key": "1", ', "not JSON"),
        (b'{"key": "\xff"}', "not UTF-8 text"),
        ("[1]", "want an object, not list"),
        ({**good}, "duplicate id '0', first in row 1"),
        ({**good, "key": "a", "label": "cur"}, "unknown label 'cur' (did you mean 'cure'?)"),
        ({**good, "key": "b", "label": ""}, "no label"),
        ({**good, "key": "c", "label": "ok|cure"}, "the labels ok, cure contradict each other"),
        ({**good, "key": "d", "pic": "gone.png"}, "no such image"),
        ({**good, "key": "e", "pic": "bad.png"}, "not an image"),
        ({**good, "key": "f", "pic": None}, "nothing to review"),
        ({**good, "key": "g", "label": "sale"}, "a box shows rule 'CURE-1', but the row has no label for it"),
        ({**good, "key": "h", "boxes": [{"what": "cure", "xywh": [90, 0, 10, 10]}]}, "no area within the image"),
        ({**good, "key": "i", "boxes": [{"what": "cure", "xywh": [0, 0, 10]}]}, "want a box as four numbers"),
        ({**good, "key": "j", "boxes": '[{"what": '}, "not JSON"),
        ({**good, "key": "k", "boxes": [{"what": "cure", "xyhw": []}]}, "no value at 'xywh' (did you mean 'xyhw'?)"),
        ({"pic": "1.png", "label": "ok"}, "no value at 'key'"),
    ]
    source = write_lines("in.jsonl", good, *(row for row, _ in bad))
    labels = {"from": "label", "separator": "|", "table": TABLE}
    result = convert(source, id="{key}", images="pic", labels=labels, boxes=BOXES)
    assert [case.id for case in result.cases] == ["0"]
    kept = [json.loads(line) for line in (tmp_path / "out" / "rejected.jsonl").read_text("utf-8").splitlines()]
    assert [row["line"] for row in kept] == list(range(2, len(bad) + 2))
    for row, (given, reason) in zip(kept, bad, strict=True):
        assert reason in row["reason"]
        if isinstance(given, dict):
            assert row["source"] == given
    assert sum(result.reasons.values()) == len(bad)


def test_a_row_with_other_columns_than_the_header(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    source = write(tmp_path / "in.tsv", "a\tb\n1\t2\n3\n4\t5\t6\n")
    result = convert(source, text={"body": "a"})
    assert [error.message for _, error in result.rejected] == [
        "has 1 columns where the header has 2",
        "has 3 columns where the header has 2",
    ]
    assert [error.line for _, error in result.rejected] == [3, 4]


@pytest.mark.parametrize(
    ("content", "mapping", "message"),
    [
        (b"a,b\n1,caf\xe9\n", {"text": {"x": "b"}}, "in.csv: not UTF-8 text"),
        (b"a,a\n1,2\n", {"text": {"x": "a"}}, "in.csv:1: column 'a' is there twice"),
        (
            b'a,b\n1,"2\n',
            {"text": {"x": "b"}},
            "in.csv:2: the row that starts here is not quoted as CSV: unexpected end",
        ),
        (b"text,b\n1,2\n", {"text": {"x": "txt"}}, "txt: no value at 'txt' (did you mean 'text'?) in any row"),
        (b"a,b\n", {"text": {"x": "a"}}, "not one of 0 rows could be converted"),
        (
            b"a,b\n1,2\n",
            {"text": {"x": "a"}, "labels": {"from": "b", "table": TABLE}},
            "most often: b: unknown label '2'",
        ),
        (b"a,b\n1,2\n", {"text": {"x": "a"}, "format": "json"}, "not JSON"),
        (b"{}", {"text": {"x": "a"}, "format": "json"}, "want a list of rows"),
        (b"{}", {"text": {"x": "a"}, "format": "json", "records": "data"}, "data: no value at 'data'"),
        (b"a,b\n1,2\n", {}, "maps neither text nor images"),
        (b"a,b\n1,2\n", {"text": {"x": "a"}, "quote": "y"}, "'y' is not one of the text fields"),
        (b"a,b\n1,2\n", {"text": {"x": "a"}, "grup": "b"}, "grup: unknown key (did you mean 'group'?)"),
        (
            b"a,b\n1,2\n",
            {"text": {"x": "a"}, "labels": {"from": "b", "table": {"2": "CURE-2"}}},
            "labels.table.2: 'CURE-2' is neither a verdict nor a rule of rulebook 'small' (did you mean 'CURE-1'?)",
        ),
        (b"", {"text": {"x": "a"}, "rulebook": "smal.yaml"}, "no such rulebook"),
    ],
)
def test_a_source_or_mapping_that_cannot_be_used(
    convert: Callable[..., Conversion], tmp_path: Path, content: bytes, mapping: dict, message: str
) -> None:
    with pytest.raises(DataError) as caught:
        convert(write(tmp_path / "in.csv", content), **mapping)
    assert message in str(caught.value)


@pytest.mark.parametrize(("name", "message"), [("gone.csv", "no such file"), ("in.xlsx", "unknown format 'xlsx'")])
def test_a_source_that_is_missing_or_of_another_kind(
    convert: Callable[..., Conversion], tmp_path: Path, name: str, message: str
) -> None:
    write(tmp_path / "in.xlsx", b"x")
    with pytest.raises(DataError, match=message):
        convert(tmp_path / name, text={"body": "a"})


def test_a_second_conversion_replaces_the_first(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    convert(write(tmp_path / "in.csv", "a,b\n1,2\n3\n"), text={"body": "a"})
    convert(write(tmp_path / "in.csv", "a,b\n1,2\n3,4\n"), text={"body": "a"})
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cases.jsonl"]


def test_mappings_have_a_json_schema() -> None:
    assert Mapping.model_json_schema()["properties"]["labels"]


def test_a_transcript_comes_with_its_times_or_without(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    said = [
        "It cures | all.|",
        "null",
        None,
        ["It", "cures"],
        [{"start": 1, "end": 2, "text": "Cures"}, {"text": " "}],
    ]
    source = write(tmp_path / "in.json", json.dumps([{"t": "x", "asr": one} for one in said]))
    convert(source, text={"t": "t"}, strip=True, empty=["null"], transcript={"from": "asr", "separator": "|"})
    found = [case.transcript for case in load_cases(tmp_path / "out" / "cases.jsonl")]
    assert [[(line.seconds, line.text) for line in lines] for lines in found] == [
        [(None, "It cures"), (None, "all.")], [], [], [(None, "It"), (None, "cures")], [((1.0, 2.0), "Cures")],
    ]  # fmt: skip
    result = convert(source, transcript={"from": "asr"}, empty=["null"])
    assert [line.text for line in result.cases[0].transcript] == ["It cures | all.|"]
    assert [error.message for _, error in result.rejected] == [
        f"row {row}: there is nothing to review: no text and no image" for row in (2, 3)
    ]


def test_a_line_that_is_none_rejects_its_row(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    rows = [{"asr": [{"start": 1, "text": "Cures"}]}, {"asr": [{"text": "Cures", "speaker": "Ann"}]}, {"asr": "Fine."}]
    result = convert(write(tmp_path / "in.json", json.dumps(rows)), transcript={"from": "asr"})
    assert [error.field for _, error in result.rejected] == ["asr.0", "asr.0.speaker"] and len(result.cases) == 1


def test_a_source_is_not_written_over(convert: Callable[..., Conversion], tmp_path: Path) -> None:
    source = write(tmp_path / "out" / "cases.jsonl", '{"a": "1", "b": "Tea"}\n')
    with pytest.raises(DataError, match=r"cases\.jsonl: is read, and would be written over"):
        convert(source, id="{a}", text={"body": "b"})
    assert source.read_text() == '{"a": "1", "b": "Tea"}\n'
