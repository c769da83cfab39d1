import time
from collections.abc import Sequence

import pytest

from data import Brief, Briefs, Case, DataError, Rule, Rulebook, Ruling
from prompts import Episode, Look, Turn, write
from rewards import BatchReward, Item, Rubric, rescore
from rewards.testing.small import BOOK, approving, ideal, rejecting, rule_on
from rl.runs.rollouts import Rollout

CASES = [approving().model_copy(update={"id": "a"}), rejecting().model_copy(update={"id": "r"})]
BRIEFS = Briefs.bind(CASES, BOOK)
RUBRIC = Rubric.load("default")


def rollout(case: str, text: str, sample: int = 0, step: int = 0, total: float | None = 0.0) -> Rollout:
    return Rollout(step, Episode.plain(case, text, sample), total, 0.0, {"verdict": 0.25})


def test_the_new_side_is_what_the_rubric_gives_and_the_old_what_was_saved():
    text = write(ideal(CASES[1]))
    [group] = rescore([rollout("r", text, total=-3.0)], BRIEFS, RUBRIC)
    [answer] = group.members
    card = RUBRIC.score(text, CASES[1], BOOK)
    assert (answer.new.total, answer.new.values, answer.new.closed) == (card.total, card.values, False)
    assert sum(answer.new.contributions.values()) == pytest.approx(card.total)
    assert (answer.old.total, answer.old.values) == (-3.0, {"verdict": 0.25})
    assert answer.old.contributions is answer.old.closed is None  # rollouts do not say


def test_an_old_rubric_is_asked_instead_of_the_rollouts():
    text = write(rule_on("approve"))
    [group] = rescore([rollout("r", text)], BRIEFS, RUBRIC, Rubric.load("default", {"prices.miss": 2}))
    [answer] = group.members
    assert (answer.old.values["verdict"], answer.new.values["verdict"]) == (-4.0, -6.0)
    assert answer.old.closed is False


def test_a_group_is_what_was_drawn_for_one_case_at_one_step():
    """Also where groups of one step are interleaved, and where a case is drawn for twice at one step."""
    drawn = [("a", 0, 0), ("r", 0, 0), ("a", 1, 0), ("r", 1, 0), ("a", 0, 0), ("a", 1, 0), ("a", 0, 3)]
    rollouts = [rollout(case, "", sample, step) for case, sample, step in drawn]
    groups = rescore(rollouts, BRIEFS, RUBRIC)
    assert [(group.step, group.case, len(group.members)) for group in groups] == [
        (0, "a", 2), (0, "r", 2), (0, "a", 2), (3, "a", 1),
    ]  # fmt: skip
    assert [[m.rollout.episode.sample for m in group.members] for group in groups] == [[0, 1], [0, 1], [0, 1], [0]]


def test_the_last_turn_is_what_counts():
    turns = (Turn("tagless"), Turn("a page", author="tool"), Turn(write(ideal(CASES[1]))))
    [group] = rescore([Rollout(0, Episode("r", turns), 0.0, 0.0)], BRIEFS, RUBRIC)
    assert group.members[0].parsed and group.members[0].new.total == RUBRIC.score(turns[-1].text, CASES[1], BOOK).total


def test_progress_is_told_of_every_rollout():
    told: list[int] = []
    rescore([rollout("a", "", step=step) for step in (0, 0, 0, 1)], BRIEFS, RUBRIC, advance=told.append)
    assert told == [1, 2, 1]


def test_rollouts_of_other_cases_are_an_error_that_names_the_case_and_the_step():
    with pytest.raises(DataError, match=r"case 'rr' .step 7. that the data have not .did you mean 'r'"):
        rescore([rollout("rr", "", step=7)], BRIEFS, RUBRIC)


def test_a_schedule_stands_where_it_stood_when_the_completion_was_drawn():
    rubric = Rubric(name="stricter", prices={"miss": {0: 1, 1: 5}, "severity": {"high": 1, "critical": 1}})
    rollouts = [rollout("r", write(rule_on("approve")), step=step) for step in (0, 2, 4)]
    for steps, expected in ((8, [-1, -2, -3]), (None, [-1, -2.6, -4.2])):
        groups = rescore(rollouts, BRIEFS, rubric, steps=steps)
        assert [g.members[0].new.values["verdict"] for g in groups] == pytest.approx(expected)


class Slow(BatchReward):
    """A judge of one at a time that hands over all or nothing."""

    name = "t_slow_in_hindsight"

    def score_batch(self, items: Sequence[Item]) -> list[float]:
        for _ in items:
            time.sleep(0.002)
        return [0.5 for _ in items]


def test_a_slow_reward_loses_nothing_on_a_step_that_its_limit_is_too_short_for():
    text = write(ideal(CASES[1]))
    slow = Rubric(name="slow", craft={f"{__name__}:Slow": {"weight": 0.1, "time_limit": 0.1}})
    rollouts = [rollout("r", text, sample) for sample in range(150)]
    assert all(card.total is None for card in slow.score_many([text] * 150, [BRIEFS["r"]] * 150))
    for old in (None, slow):
        [group] = rescore(rollouts, BRIEFS, slow, old)
        assert all(answer.new.total is not None and answer.old.total is not None for answer in group.members)
        assert [answer.rollout for answer in group.members] == rollouts


def test_an_episode_is_held_against_the_rules_that_it_looked_up():
    """Without them, it would cite what it was never shown."""
    book = Rulebook(name="desk", rules=[Rule(id="FEE-1", text="No fee."), Rule(id="SAY-1", text="No claim.")])
    gold = {"verdict": "reject", "violations": [{"rule": "FEE-1", "evidence": [{"quote": "fee", "field": "title"}]}]}
    case = Case.model_validate({"id": "a", "text": {"title": "a fee"}, "gold": gold})
    briefs = Briefs([Brief(case, book.excerpt([], retrieved=True))], book)
    said = Ruling(
        reasoning='FEE-1: "fee" -> broken\n', verdict="reject", confidence=0.9,
        violations=[{"rule": "FEE-1", "evidence": [{"quote": "fee", "field": "title"}]}],
    )  # fmt: skip
    look = Look(tool="search_rules", rules=("FEE-1",))
    asked = Turn("<think>?</think>"), Turn("FEE-1: No fee.", "tool", looks=(look,))
    looked, guessed = Episode("a", (*asked, Turn(write(said)))), Episode.plain("a", write(said), 1)
    rubric = Rubric.load("billboard_desk")
    rollouts = [Rollout(0, episode, 0.0, 0.0) for episode in (looked, guessed)]
    (group,) = rescore(rollouts, briefs, rubric)
    told, blind = (member.new for member in group.members)
    assert not told.closed and blind.closed, "what it cites is no rule that it was shown"
    cards = rubric.reward_func(briefs).score([looked, guessed], ["a", "a"])
    assert [card.total for card in cards] == [told.total, blind.total]
