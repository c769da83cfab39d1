import statistics

import pytest

from data import Briefs
from prompts import Episode, write
from rewards import NotApplicable, Rubric, forecast, rescore, reward
from rewards.testing.small import BOOK, approving, ideal, rejecting, rule_on
from rl.runs.rollouts import Rollout

APPROVE, REJECT = approving().model_copy(update={"id": "a"}), rejecting().model_copy(update={"id": "r"})
BRIEFS = Briefs.bind([APPROVE, REJECT], BOOK)
RUBRIC = Rubric.load("default")
SILENT = rule_on("reject", "CURE-1", "WIN-1", reasoning="Two rules are broken.")  # closes a gate


def groups(*drawn: tuple[str, list], old: Rubric | None = None, new: Rubric = RUBRIC):
    rollouts = [
        Rollout(step, Episode.plain(case, answer if isinstance(answer, str) else write(answer), n), 0.5, 0.0)
        for step, (case, answers) in enumerate(drawn)
        for n, answer in enumerate(answers)
    ]
    return rescore(rollouts, BRIEFS, new, old)


def test_shares_are_counted_over_completions_and_groups():
    found = forecast(
        groups(("a", [ideal(APPROVE)] * 2), ("r", [ideal(REJECT), SILENT, "tagless", rule_on("approve")]))
    )
    new = found.new
    assert (found.completions, new.groups, new.flat) == (6, 2, 0.5)
    assert (new.parsed, new.closed, new.unscored) == (5 / 6, 2 / 6, 0.0)


def test_saved_totals_are_the_old_side_and_say_nothing_of_gates():
    old = forecast(groups(("r", [ideal(REJECT), "tagless"]))).old
    assert (old.flat, old.spread, old.total, old.parsed) == (1.0, 0.0, 0.5, 0.5)
    assert old.closed is old.shares is None


def test_spread_is_the_mean_standard_deviation_within_groups():
    drawn = groups(("r", [ideal(REJECT), rule_on("approve")]), ("a", [ideal(APPROVE)] * 3))
    totals = [m.new.total for m in drawn[0].members]
    assert forecast(drawn).new.spread == pytest.approx(statistics.pstdev(totals) / 2)


def test_shares_of_the_spread_sum_to_one_and_name_who_is_loud():
    drawn = groups(
        ("r", [ideal(REJECT), rule_on("reject", "CURE-1"), rule_on("approve"), SILENT, "tagless"]),
        ("a", [ideal(APPROVE), rule_on("reject", "WIN-1")]),
    )
    shares = forecast(drawn).new.shares
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["verdict"] > shares["evidence"] > shares["overlong"] == 0 and shares["floor"] > 0
    assert sum(forecast(drawn[1:]).new.shares.values()) == pytest.approx(1)
    assert forecast(drawn[1:]).new.shares["floor"] == pytest.approx(0)


def test_two_rubrics_are_foretold_side_by_side():
    drawn = groups(
        ("r", [ideal(REJECT), rule_on("reject", "CURE-1", "WIN-1", confidence=1.0)]),
        old=Rubric.load("default", {"craft": {"rules": 0.3}}),
    )
    found = forecast(drawn)
    assert (found.old.flat, found.new.flat) == (1.0, 0.0)  # both cite what is broken; only one shows it
    assert found.new.shares["evidence"] > 0.5


def test_a_fault_leaves_its_completion_out_of_the_group():
    @reward(name="breaks_on_escalation", range=(0, 1))
    def breaks(ruling, case, excerpt):
        if ruling.verdict == "escalate":
            raise KeyError("escalate")
        return NotApplicable

    rubric = Rubric(name="breaking", penalties={"breaks_on_escalation": 0.1})
    drawn = groups(("r", [ideal(REJECT), rule_on("escalate")]), ("r", [ideal(REJECT)] * 2), new=rubric)
    found = forecast(drawn).new
    assert (found.unscored, found.groups, found.flat) == (0.25, 1, 1.0)


def test_no_rollouts_at_all_foretell_nothing():
    found = forecast([]).new
    assert (found.groups, found.flat, found.spread, found.total, found.shares) == (0, 0.0, 0.0, None, {})
