"""What the benchmark promises of its clips: balance, squares, twins, and the same bytes for the same seed."""

from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from data import Briefs, Case, Interval, Rulebook
from data.billboard import BillboardConfig, build
from data.billboard.motion import split as making
from data.billboard.motion.script import script
from data.checking.check import check_files
from data.transcript import UNSURE
from rewards import Rubric
from rewards.audit import audit

BOOK = Rulebook.load("billboard")
Drawn = dict[str, dict[str, list[Case]]]


def squares(cases: list[Case]) -> list[list[Case]]:
    found = defaultdict(list)
    for case in cases:
        found[case.group].append(case)
    return list(found.values())


@pytest.mark.parametrize(("level", "sizes", "squares"), [("motion", (8, 4), 2 + 1 + 1 + 1), ("live", (4, 0), 1)])
def test_same_seed_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, sizes: tuple[int, int], squares: int
):
    config = BillboardConfig(*sizes, seed=3, level=level, teacher_noise=0.3)  # type: ignore[arg-type]
    first, second = build(config, tmp_path / "a"), build(config, tmp_path / "b")
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len([file for file in files if file.suffix == ".mp4"]) == 2 * squares
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)
    monkeypatch.setattr(making, "record", lambda clip, path: None)
    other = build(BillboardConfig(*sizes, seed=4, level=level), tmp_path / "c")  # type: ignore[arg-type]
    assert (other / "train.jsonl").read_bytes() != (first / "train.jsonl").read_bytes()


def test_as_many_cases_as_are_wanted(tmp_path: Path):
    folder = build(BillboardConfig(6, 2, level="motion"), tmp_path)
    assert [(folder / f"{name}.jsonl").read_text().count("\n") for name in ("train", "valid", "test")] == [6, 1, 2]


@pytest.mark.parametrize("level", ["motion", "motion-hard", "live"])
def test_every_mechanism_is_balanced_and_no_clip_nor_excerpt_tells_the_verdict(drawn: Drawn, level: str):
    cases = drawn[level]["train"]
    found = Counter((case.meta["mechanism"], case.gold.verdict) for case in cases if case.gold)
    wanted = script().levels[level]
    assert {mechanism for mechanism, _ in found} == set(wanted)
    for mechanism in wanted:
        assert found[mechanism, "approve"] == found[mechanism, "reject"]
    assert max(found.values()) - min(found.values()) <= 2
    for square in squares(cases):
        # Each clip is approved under one excerpt and rejected under the other, each excerpt likewise.
        verdicts = [case.gold.verdict for case in square if case.gold]
        assert verdicts == ["reject", "approve", "approve", "reject"]
        assert square[0].rules == square[2].rules and square[1].rules == square[3].rules
        assert [case.video for case in square[::2]] == [case.video for case in square[1::2]]
        differing = [(a, b) for a, b in zip(square[0].rules or (), square[1].rules or (), strict=True) if a != b]
        assert len(differing) == 1


@pytest.mark.parametrize("level", ["motion", "live"])
def test_changed_twins_differ_in_one_rule_and_half_of_them_flip(drawn: Drawn, level: str):
    pairs = defaultdict(list)
    for case in drawn[level]["changed"]:
        pairs[frozenset([case.id, case.twin])].append(case)
    flips = Counter(before.gold.verdict != after.gold.verdict for before, after in pairs.values())
    assert flips[True] == flips[False]
    for before, after in pairs.values():
        assert before.video == after.video and before.transcript == after.transcript and before.meta == after.meta
        assert sum(a != b for a, b in zip(before.rules or (), after.rules or (), strict=True)) == 1


def test_pools_share_no_names(drawn: Drawn):
    names = [{case.text["title"].split()[0] for case in drawn["motion"][split]} for split in ("train", "test")]
    assert not names[0] & names[1]


def test_what_was_prepared_passes_the_check(shown: list[Case]):
    assert all(len(case.frames) == 4 and case.sound and case.page and case.page.sections for case in shown)
    folder = shown[0].path(shown[0].frames[0].path).parents[3]
    assert not check_files(folder / "cases.jsonl", book=BOOK).problems


def test_the_rubric_stands_on_clips(shown: list[Case]):
    one_of_each = {case.meta["mechanism"]: case.group for case in shown}
    found = audit(Rubric.load("billboard"), Briefs.bind([c for c in shown if c.group in one_of_each.values()], BOOK))
    assert found.ok, found.errors


def test_gold_cites_seconds_that_are_there(drawn: Drawn):
    for level, splits in drawn.items():
        for case in splits["train"]:
            assert case.gold and case.gold.violations is not None and case.gold.reasoning
            kinds = {type(item).__name__ for v in case.gold.violations for item in v.evidence or []}
            if case.gold.verdict == "reject":
                assert kinds <= {"flash": {"Interval"}, "sound": {"Interval"}, "page": {"Quote"}}.get(
                    case.meta["mechanism"], {"Interval", "Quote"}
                )
            for violation in case.gold.violations:
                spans = [item.interval for item in violation.evidence or [] if isinstance(item, Interval)]
                assert all(0 <= start < end <= case.meta["seconds"] for start, end in spans)
                assert all(a[1] <= b[0] for a, b in pairwise(spans)), level


def test_streams_are_long_and_their_violations_sparse(drawn: Drawn):
    cases = drawn["live"]["train"]
    assert all(60 <= case.meta["seconds"] <= 120 and case.page is None for case in cases)
    broken = [
        sum(item.interval[1] - item.interval[0] for v in case.gold.violations for item in v.evidence
            if isinstance(item, Interval)) / case.meta["seconds"]
        for case in cases if case.gold and case.gold.violations
    ]  # fmt: skip
    assert len(broken) == len(cases) / 2 and min(broken) > 0 and max(broken) < 0.35
    assert all(case.transcript for case in cases)


def test_recognition_errs_and_says_so(drawn: Drawn):
    errors = set(script().misheard.values())
    assert not any(character.isdigit() for word in script().misheard for character in word)
    unsure, wrong = 0, 0
    for case in (case for split in drawn["motion"].values() for case in split):
        for line in case.transcript:
            misheard = bool(errors & set(line.text.strip(".").split()))
            assert line.confidence is not None and (not misheard or line.confidence < UNSURE)
            unsure, wrong = unsure + (line.confidence < UNSURE), wrong + misheard
    assert 0 < wrong < unsure


def test_prices_of_other_clips_are_drawn_independently(drawn: Drawn):
    """A model that copies one price for another is wrong nearly always."""
    pairs = []
    for case in drawn["motion-hard"]["train"]:
        assert case.gold and case.gold.reasoning
        said = [word for line in case.transcript if "dollars" in line.text for word in line.text.split()]
        told = case.gold.reasoning.splitlines()[0]
        if said and case.meta["mechanism"] != "price":
            pairs.append(told.endswith(f" {said[1]}"))
    assert len(pairs) > 40 and sum(pairs) / len(pairs) < 0.4
