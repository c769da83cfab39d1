import pytest

from data import Brief
from prompts import write
from rewards import Rubric, Summary, reward
from rewards.testing.small import BOOK, approving, ideal, rejecting, rule_on

RUBRIC = Rubric.load("default")


def summary(rubric: Rubric, *answers: tuple) -> Summary:
    found = Summary()
    for case, answer in answers:  # a batch each
        found.add(rubric.score_many([answer if isinstance(answer, str) else write(answer)], [Brief.of(case, BOOK)]))
    return found


def test_figures_are_those_of_the_values_and_the_totals():
    found = summary(RUBRIC, (rejecting(), ideal(rejecting())), (approving(), rule_on("reject", "CURE-1")))
    verdict = found.figures["verdict"]
    assert (verdict.applies, verdict.mean, verdict.spread, verdict.least, verdict.most) == (2, 0.0, 1.0, -1.0, 1.0)
    assert found.figures["overlong"].zero == 1.0
    totals = [
        RUBRIC.score(ideal(rejecting()), rejecting(), BOOK).total,
        RUBRIC.score(rule_on("reject", "CURE-1"), approving(), BOOK).total,
    ]
    assert (found.total.least, found.total.most) == pytest.approx((min(totals), max(totals)))


def test_what_does_not_apply_is_told_from_what_failed():
    @reward(name="breaks_always", range=(0, 1))
    def breaks(ruling, case, excerpt):
        raise RuntimeError

    rubric = Rubric(name="breaking", craft={"intent": 0.1, "breaks_always": 0.1})
    found = summary(rubric, (approving(), ideal(approving())), (rejecting(), ideal(rejecting())))
    assert (found.figures["intent"].applies, found.figures["intent"].unscored) == (1, 0)  # one gold says no intent
    broken = found.figures["breaks_always"]
    assert (broken.applies, broken.unscored, broken.mean) == (0, 2, None)
    assert (found.total.applies, found.total.unscored) == (0, 2)


def test_the_floor_is_counted_by_what_led_to_it():
    rubric = Rubric(name="own", gates=["rulebook_consistency"])
    for_no_reason = rule_on("reject")
    found = summary(rubric, (rejecting(), "tagless"), (rejecting(), for_no_reason), (rejecting(), ideal(rejecting())))
    assert found.closed == {"format": 1, "rulebook_consistency": 1}
    assert found.failures == {"no_think": 1}
    assert found.count == 3
