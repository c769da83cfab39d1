"""The shipped mappings, on the real sets they are for."""

import json
from collections import Counter
from pathlib import Path

import pytest

from data import Case, Rulebook, load_cases
from data.checking.check import check_files
from data.checking.report import Report
from data.foreign.convert import Conversion, convert_file

SOURCES = {
    "ec_darkpattern": "ec_darkpattern/dataset.tsv",
    "contextdp": "contextdp/labels.csv",
    "kuaimod": "kuaimod/benchmark.jsonl",
}
Converted = dict[str, tuple[Conversion, Report]]


@pytest.fixture(scope="module")
def converted(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    found = {}
    for name, source in SOURCES.items():
        conversion = convert_file(real_data / source, name, tmp_path_factory.mktemp(name))
        found[name] = conversion, check_files(conversion.out / "cases.jsonl", book=Rulebook.load(name))
    return found


def broken(cases: list[Case]) -> Counter[str]:
    return Counter(v.rule for case in cases if case.gold for v in case.gold.violations or [])


@pytest.mark.parametrize("name", SOURCES)
def test_the_result_passes_the_check(converted: Converted, name: str) -> None:
    conversion, report = converted[name]
    assert not report.problems
    assert not conversion.warnings
    assert len(load_cases(conversion.out)) == len(conversion.cases)


def test_ec_darkpattern(converted: Converted) -> None:
    conversion, report = converted["ec_darkpattern"]
    assert len(conversion.cases) == 1793 and not conversion.rejected
    assert report.files[0].verdicts == {"reject": 897, "approve": 896}
    assert broken(conversion.cases) == {
        "SCARCITY-1": 341, "SOCIAL-1": 229, "URGENCY-1": 159, "MISDIRECT-1": 137, "OBSTRUCT-1": 19, "SNEAK-1": 8,
        "FORCED-1": 4,
    }  # fmt: skip
    assert all(case.text["body"] == case.text["body"].strip() for case in conversion.cases)
    grouped = Counter(case.cluster for case in conversion.cases)
    assert len(grouped) == 1480 and grouped.most_common(1)[0][1] == 63, "'Only 3 left' and the like"
    for case in conversion.cases:
        for violation in case.gold.violations or [] if case.gold else []:
            assert violation.evidence and violation.evidence[0].quote == case.text["body"]  # type: ignore[union-attr]


def test_contextdp(converted: Converted, real_data: Path) -> None:
    conversion, report = converted["contextdp"]
    assert len(conversion.cases) == 237 and not conversion.rejected
    assert report.files[0].verdicts == {"reject": 151, "approve": 86}
    assert broken(conversion.cases) == {
        "DEFAULT-1": 45, "NAG-1": 35, "TIMER-1": 21, "LIMITED-1": 18, "DISGUISED-1": 17, "STOCK-1": 16,
        "ATTENTION-1": 11, "ACTIVITY-1": 7, "GAME-1": 7, "DEMAND-1": 3,
    }  # fmt: skip
    several = [case for case in conversion.cases if case.gold and len(case.gold.violations or []) > 1]
    assert len(several) == 26
    evidence = [
        e
        for case in conversion.cases
        for v in (case.gold.violations or [] if case.gold else [])
        for e in v.evidence or []
    ]
    assert len(evidence) == 181, "all boxes but the 86 of NO DP"
    approved = [case for case in conversion.cases if case.gold and case.gold.verdict == "approve"]
    assert all(case.gold and case.gold.violations == [] for case in approved), "NO DP boxes are no violations"
    first = conversion.cases[0]
    assert first.path(first.images[0]).read_bytes() == (real_data / "contextdp/images/web_001.jpg").read_bytes()
    assert len(list((conversion.out / "media").iterdir())) == 237


def test_kuaimod(converted: Converted) -> None:
    conversion, report = converted["kuaimod"]
    assert len(conversion.cases) == 724
    assert conversion.reasons == {"there is nothing to review: no text and no image": 6}
    lines = (conversion.out / "rejected.jsonl").read_text("utf-8").splitlines()
    for source in (json.loads(line)["source"] for line in lines):
        assert (source["title"], source["OCR"], source["ASR"]) == ("null", "null", "null"), "only unpublished frames"
    assert report.files[0].verdicts == {"approve": 425, "reject": 299}
    assert broken(conversion.cases) == {
        "SEXUAL-1": 83, "POLITICS-1": 44, "FALSE-1": 39, "HATE-1": 37, "CRIME-1": 32, "PRIVATE-1": 20, "COPY-1": 9,
        "HISTORY-1": 8, "EXAGGERATE-1": 7, "MINOR-1": 5, "HYPE-1": 5, "AILABEL-1": 5, "PROMISE-1": 2, "MINOR-2": 2,
        "BANNED-1": 1,
    }  # fmt: skip
    assert not any(case.images for case in conversion.cases)
    spoken = [case.transcript for case in conversion.cases if case.transcript]
    assert len(spoken) == 301 and all(line.seconds is None and line.text for lines in spoken for line in lines)
    assert [line.text for line in spoken[0]] == ["咱们辣锅在哪呢？", "行啊，12345678。"]
    assert not any("null" in case.text.values() for case in conversion.cases)
