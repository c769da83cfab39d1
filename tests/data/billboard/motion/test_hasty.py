"""The teacher of clips skips last rules of long excerpts, broken or not, and errs nowhere else."""

import random

import pytest

from data import Case, Rulebook
from data.billboard.motion.hasty import HastyTeacher
from data.finding import findings_in
from rewards import Rubric

BOOK = Rulebook.load("billboard")


def ruled(cases: list[Case], noise: float) -> list[tuple[Case, bool]]:
    """The cases with the teacher's rulings, and whether it has skipped the last rule."""
    teacher, found = HastyTeacher((2, 3), noise, random.Random(1)), []
    for case in cases:
        assert case.gold and case.gold.reasoning and case.rules
        excerpt = BOOK.excerpt(list(case.rules))
        ruling = teacher.rule_on(case.gold, excerpt, case.text["body"])
        said, right = findings_in(ruling.reasoning), findings_in(case.gold.reasoning)
        assert said[:-1] == right[:-1]
        assert [f.rule for f in said if f.outcome == "broken"] == [v.rule for v in ruling.violations]
        assert ruling.verdict == excerpt.called_for(v.rule for v in ruling.violations)
        skipped = said[-1] != right[-1]
        assert not skipped or (str(said[-1]) == f"{said[-1].rule}: clear" and len(said) == 3)
        found.append((case, skipped))
    return found


def test_it_misses_as_much_as_is_asked_for(drawn: dict[str, dict[str, list[Case]]]):
    cases = [case for case in drawn["motion"]["train"] * 10 if len(case.rules or ()) == 3]
    found = ruled(cases, 0.12)
    for verdict in ("approve", "reject"):
        skipped = [skips for case, skips in found if case.gold and case.gold.verdict == verdict]
        assert sum(skipped) / len(skipped) == pytest.approx(0.6, abs=0.06)


def test_without_noise_nothing_is_skipped(drawn: dict[str, dict[str, list[Case]]]):
    assert not any(skipped for _, skipped in ruled(drawn["motion"]["train"], 0.0))


def test_a_skipped_violation_costs(drawn: dict[str, dict[str, list[Case]]]):
    """So there is something that rewards can teach: gold earns more than the teacher where it has skipped."""
    from prompts import write
    from prompts.target import target

    teacher, rubric, costly = HastyTeacher((2, 3), 1.0, random.Random(1)), Rubric.load("billboard"), 0
    for case in drawn["motion"]["train"][:80]:
        assert case.gold and case.rules
        excerpt = BOOK.excerpt(list(case.rules))
        wrote = [target(case, excerpt, imitate=False), teacher.rule_on(case.gold, excerpt, "")]
        right, skipped = (rubric.score(write(ruling), case, excerpt).total for ruling in wrote)
        assert right is not None and skipped is not None and right >= skipped
        costly += right > skipped
    assert costly > 5
