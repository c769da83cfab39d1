"""What the benchmark promises of its splits."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from data import Case, Rulebook
from data.billboard import SPLITS, BillboardConfig, build
from data.billboard.ads import MECHANISMS
from data.billboard.catalogue import catalogue
from data.billboard.layouts import layouts
from data.checking.check import check_files

Splits = dict[str, list[Case]]
BOOK = Rulebook.load("billboard")


def test_rulebook_has_what_the_benchmark_needs():
    assert len(BOOK) >= 20
    assert len({rule.category for rule in BOOK.rules}) >= 6
    assert {rule.severity for rule in BOOK.rules} == {"low", "medium", "high", "critical"}
    assert any(rule.exceptions for rule in BOOK.rules) and any(rule.verdict == "escalate" for rule in BOOK.rules)


def test_same_seed_same_bytes(tmp_path: Path):
    config = BillboardConfig(cases=40, test_cases=20, seed=3, teacher_noise=0.3)
    first, second = build(config, tmp_path / "a"), build(config, tmp_path / "b")
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) > 40
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)
    other = build(BillboardConfig(cases=40, test_cases=20, seed=4, teacher_noise=0.3), tmp_path / "c")
    assert (other / "train.jsonl").read_bytes() != (first / "train.jsonl").read_bytes()


@pytest.mark.parametrize("split", ["train", "test"])
def test_verdicts_and_mechanisms_have_their_shares(splits: Splits, split: str):
    cases = splits[split]
    verdicts = Counter(case.gold.verdict for case in cases if case.gold)
    for verdict, share in (("approve", 0.45), ("reject", 0.45), ("escalate", 0.1)):
        assert verdicts[verdict] / len(cases) == pytest.approx(share, abs=0.04)
    mechanisms = Counter(case.meta["mechanism"] for case in cases)
    assert set(mechanisms) == set(MECHANISMS)
    assert min(mechanisms.values()) >= 0.04 * len(cases)


def test_every_ad_comes_under_two_excerpts_with_different_verdicts(splits: Splits):
    for split in ("train", "valid", "test"):
        ads = defaultdict(set)
        for case in splits[split]:
            assert case.gold
            ads[frozenset([case.id, case.twin])].add(case.gold.verdict)
        assert all(len(verdicts) == 2 for verdicts in ads.values())


def test_pools_share_no_names_and_no_layouts(splits: Splits):
    pools = {"train": ["train"], "valid": ["valid"], "test": ["test", "changed"]}
    names, drawn = {}, {}
    for pool, members in pools.items():
        cases = [case for split in members for case in splits[split]]
        names[pool] = {case.text["title"].split()[0] for case in cases}
        drawn[pool] = {tuple(case.meta["layout"].items()) for case in cases}
    for one, other in (("train", "valid"), ("train", "test"), ("valid", "test")):
        assert not names[one] & names[other]
        assert not drawn[one] & drawn[other]
        assert not set(layouts(one)) & set(layouts(other))  # type: ignore[arg-type]
    places = [{(layout.x, layout.y) for layout in layouts(pool)} for pool in ("train", "test")]
    assert places[0] == places[1]  # what is new is the whole, not the places


def test_gold_passes_the_check(folder: Path):
    report = check_files(*(folder / f"{split}.jsonl" for split in SPLITS), book=BOOK)
    assert {problem.kind for problem in report.problems} <= {"near-duplicate picture across files"}, (
        "pictures are a patch or two on one ground, which dark or bright look alike"
    )


def test_full_level_keeps_some_rules_out_of_training(splits: Splits, level: str):
    unseen = set(catalogue().unseen)
    shown = {
        split: {rule if isinstance(rule, str) else rule.id for case in splits[split] for rule in case.rules or ()}
        for split in SPLITS
    }
    assert not shown["train"] & unseen and not shown["test"] & unseen
    assert bool(shown["changed"] & unseen) == (level == "full")


def test_changed_pairs_differ_in_one_rule_and_half_of_them_flip(splits: Splits, level: str):
    pairs = defaultdict(list)
    for case in splits["changed"]:
        pairs[frozenset([case.id, case.twin])].append(case)
    flips = Counter(before.gold.verdict != after.gold.verdict for before, after in pairs.values())
    assert abs(flips[True] - flips[False]) <= 1
    changes = set()
    for before, after in pairs.values():
        assert before.text == after.text and before.images == after.images and before.meta == after.meta
        old, new = BOOK.excerpt(before.rules).rules, BOOK.excerpt(after.rules).rules
        assert len(old) == len(new)
        changed = sum(a != b for a, b in zip(old, new, strict=True))
        assert changed == (len(old) if before.meta["change"] == "ids_reassigned" else 1)
        changes.add(before.meta["change"])
    assert len(changes) == (9 if level == "full" else 5)
