"""Pairs from completions: which is better, what is left out and why, and that length decides nothing."""

import random
from collections import Counter
from pathlib import Path

import pytest

from data import Briefs, Case, DataError, Gold, GoldViolation, Ruling
from prompts import target, write
from rewards import Rubric
from rl.curation.pairs import Pairs, Wanted, make_pairs, matched
from rl.runs.preferences import Preference
from rl.runs.written import Written
from tests.rl.conftest import toy_book
from tests.rl.preferences import wrong

GROUPS = 30


@pytest.fixture(scope="module")
def briefs() -> Briefs:
    """Cases in groups of two, half of which break a rule."""
    cases = []
    for n in range(2 * GROUPS):
        violations = [GoldViolation(rule="PRIZE-1", evidence=None)] if n % 2 else []
        cases.append(
            Case(
                id=f"c-{n}",
                group=f"g-{n // 2}",
                text={"body": "you won a prize" if n % 2 else "fresh bread"},
                rules=["PRIZE-1", "CURE-1"],
                gold=Gold(verdict="reject" if n % 2 else "approve", violations=violations),
            )
        )
    return Briefs.bind(cases, toy_book())


def completions(briefs: Briefs) -> list[Written]:
    """Of each case: gold twice, its opposite, gold with more words in it, and no ruling."""
    found = []
    for brief in briefs:
        right = target(brief.case, brief.excerpt)
        wordy = right.model_copy(update={"confidence": right.confidence - 1e-6})
        said = [write(right), f" {write(right)}\n", write(wrong(right, "CURE-1")), write(wordy), "reject it"]
        found += [Written(brief.id, text, Path("x"), n) for n, text in enumerate(said)]
    return found


def made(briefs: Briefs, **wanted: object) -> Pairs:
    return make_pairs(completions(briefs), briefs, Rubric.load("default"), Wanted(**wanted))  # type: ignore[arg-type]


def test_the_better_ruling_is_chosen_and_all_that_is_left_out_is_counted(briefs: Briefs) -> None:
    found = made(briefs, match_lengths=False)
    for pair in (*found.train, *found.test):
        gold = briefs[pair.case].gold
        assert gold is not None and pair.chosen.verdict == gold.verdict != pair.rejected.verdict
        assert pair.margin is not None and pair.margin > 1
    assert found.left_out == {
        "no ruling": 2 * GROUPS,
        "unscored": 0,
        "closer than the margin": 2 * GROUPS,  # the wordy one against gold
        "of a case that has enough": 0,
        "so that length decides nothing": 0,
    }
    assert len(found.train) + len(found.test) == 2 * 2 * GROUPS


def test_groups_stay_on_one_side_and_the_seed_decides(briefs: Briefs) -> None:
    found = made(briefs, match_lengths=False, held_out=0.3)
    sides = [{briefs[pair.case].case.cluster for pair in part} for part in (found.train, found.test)]
    assert not sides[0] & sides[1] and len(sides[1]) == pytest.approx(0.3 * GROUPS, abs=1)
    assert made(briefs, match_lengths=False, held_out=0.3) == found
    assert made(briefs, match_lengths=False, held_out=0.3, seed=1).test != found.test


def test_no_case_has_more_pairs_than_wanted(briefs: Briefs) -> None:
    found = made(briefs, most=1, match_lengths=False)
    counts = Counter(pair.case for pair in (*found.train, *found.test))
    assert set(counts.values()) == {1} and found.left_out["of a case that has enough"] == 2 * GROUPS


def test_the_longer_ruling_is_better_as_often_as_the_shorter_one(briefs: Briefs) -> None:
    found = made(briefs)
    for part in (found.train, found.test):
        signs = Counter(pair.longer_by > 0 for pair in part if pair.longer_by)
        assert signs[True] == signs[False] > 0


def test_lengths_are_matched_among_differences_of_one_size() -> None:
    def pair(by: int) -> Preference:
        texts = ("x" * max(by, 0), "x" * max(-by, 0))
        return Preference(str(by), *(Ruling(reasoning=text, verdict="approve", confidence=1.0) for text in texts))

    given = [pair(by) for by in (0, 1, -1, 2, 3, -2, 9, -100, 0)]
    kept = [one.longer_by for one in matched(given, random.Random(0))]
    # 2 and 3 are of one size, of which one stays for -2; nothing makes up for 9, nor for -100.
    assert kept in ([0, 1, -1, 2, -2, 0], [0, 1, -1, 3, -2, 0])


def test_one_reward_can_decide_instead_of_the_total(briefs: Briefs) -> None:
    found = made(briefs, by="calibration", margin=1e-9, match_lengths=False)
    wordy = [pair for pair in found.train if pair.chosen.verdict == pair.rejected.verdict]
    assert wordy and all(pair.chosen.confidence > pair.rejected.confidence for pair in wordy)
    with pytest.raises(DataError, match=r"by: rubric 'default' has no reward 'rule' \(did you mean 'rules'\?\)"):
        made(briefs, by="rule")


def test_too_little_to_pair_is_said_so(briefs: Briefs) -> None:
    rubric, written = Rubric.load("default"), completions(briefs)
    with pytest.raises(DataError, match="no two rulings on one case are 99 apart"):
        make_pairs(written, briefs, rubric, Wanted(margin=99))
    with pytest.raises(DataError, match="too few pairs are left"):
        make_pairs([one for one in written if one.case in ("c-0", "c-1")], briefs, rubric, Wanted())
    with pytest.raises(DataError, match="there is no case 'x'"):
        make_pairs([Written("x", "", Path("f"), 3)], briefs, rubric, Wanted())
