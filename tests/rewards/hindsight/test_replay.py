import random

import pytest

from data import Briefs
from prompts import Episode, write
from rewards import Earned, Group, Rescored, Rubric, replay, rescore
from rewards.hindsight.replay import Pairs
from rewards.testing.small import BOOK, ideal, rejecting, rule_on
from rl.runs.rollouts import Rollout
from tests.lazy import Lazy

stats = Lazy("scipy.stats")


def group(*totals: tuple[float | None, float | None], case: str = "a") -> Group:
    """Completions with these old and new totals."""
    members = [
        Rescored(
            Rollout(0, Episode.plain(case, f"text {n}", n), old, 0.0),
            True,
            Earned(old, {"x": old}),
            Earned(new, {"x": new}),
        )
        for n, (old, new) in enumerate(totals)
    ]
    return Group(0, case, tuple(members))


def test_pairs_that_change_places_are_told_from_those_that_come_apart_or_together():
    found = replay(
        [group((1, 1), (2, 2), (3, 0)), group((1, 1), (1, 2)), group((1, 1), (2, 1)), group((1, 5), (1, 5))]
    )
    assert found.pairs == Pairs(kept=2, swapped=2, tied=1, parted=1)
    assert found.pairs.count == 6


def test_rank_correlations_are_scipys_with_ties_over_the_groups_where_both_vary():
    totals = [[(1.0, 3.0), (2.0, 3.0), (2.0, 1.0), (4.0, 5.0)], [(1.0, 1.0), (0.0, 0.5), (3.0, 2.0)]]
    flat = [(1.0, 1.0), (1.0, 2.0)]
    found = replay([group(*each) for each in (*totals, flat)])
    assert (found.groups, found.correlated) == (3, 2)
    expected = [(stats.spearmanr(*zip(*each)).statistic, stats.kendalltau(*zip(*each)).statistic) for each in totals]  # noqa: B905
    assert found.spearman == pytest.approx(sum(s for s, _ in expected) / 2)
    assert found.kendall == pytest.approx(sum(k for _, k in expected) / 2)
    assert replay([group(*flat)]).spearman is None


def test_rounding_is_neither_an_order_nor_a_change():
    found = replay([group((0.1 + 0.2, 0.3), (0.3, 0.1 + 0.2))])
    assert found.pairs == Pairs(kept=1)
    assert found.total.changed == 0.0 and not found.overturned and found.turned == 0.0


def test_an_overturned_group_shows_who_was_best_and_who_is():
    small = group((3, 1), (2, 1.5), (1, 0), case="small")
    large = group((3, 1), (2, 4), case="large")
    still_among_the_best = group((3, 2), (2, 2))
    found = replay([small, large, still_among_the_best])
    shown = [(o.group.case, *(one.rollout.episode.sample for one in (o.before, o.after))) for o in found.overturned]
    assert shown == [("large", 0, 1), ("small", 0, 1)]
    assert [o.margin for o in found.overturned] == [3, 0.5]


def test_turned_counts_completions_that_cross_the_mean_of_their_group():
    assert replay([group((0, 0), (1, 5), (2, 1))]).turned == pytest.approx(1 / 3)


def test_what_one_side_left_unscored_is_not_compared():
    found = replay([group((None, 1), (2, 2), (3, 1)), group((1, None), (2, 3))])
    assert (found.groups, found.pairs) == (1, Pairs(swapped=1))
    assert found.rewards["x"].old == pytest.approx(2.0)  # of the four that have a value
    assert found.rewards["x"].changed == pytest.approx(2 / 3)  # of the three that have both


def test_the_same_rubric_moves_nothing():
    case, draw = rejecting(), random.Random(0)
    answers = [ideal(case), rule_on("reject", "CURE-1"), rule_on("approve"), rule_on("escalate"), None]
    texts = [write(answer) if answer else "tagless" for answer in draw.choices(answers, k=24)]
    rollouts = [Rollout(0, Episode.plain(case.id, text, n), None, 0.0) for n, text in enumerate(texts)]
    rubric = Rubric.load("default")
    found = replay(rescore(rollouts, Briefs.bind([case], BOOK), rubric, rubric))
    assert (found.spearman, found.kendall) == pytest.approx((1, 1))
    assert found.pairs.kept == found.pairs.count == 24 * 23 / 2
    assert not found.overturned and found.turned == 0.0 and all(m.changed == 0 for m in found.rewards.values())


def test_a_reward_that_is_new_has_no_old_mean():
    case = rejecting()
    rollouts = [Rollout(0, Episode.plain(case.id, write(ideal(case))), 1.0, 0.0, {"gone": 0.5, "rules": 0.25})]
    found = replay(rescore(rollouts, Briefs.bind([case], BOOK), Rubric.load("default")))
    assert (found.rewards["gone"].old, found.rewards["gone"].new, found.rewards["gone"].changed) == (0.5, None, None)
    assert (found.rewards["rules"].old, found.rewards["rules"].new, found.rewards["rules"].changed) == (0.25, 1.0, 1.0)
    assert found.rewards["evidence"].old is None
