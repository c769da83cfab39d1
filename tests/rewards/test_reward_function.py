"""The function that TRL gets, called as TRL 1.16 calls it."""

import inspect
from collections import defaultdict
from types import SimpleNamespace

import pytest

from data import Briefs, DataError
from prompts import Episode, Turn, write
from rewards import BatchReward, Rubric, TooManyUnscored, reward
from rewards.reward_function import step_metrics
from rewards.testing.small import BOOK, approving, ideal, rejecting, rule_on


@reward(name="t_fails_on_approval", range=(0, 1))
def fails_on_approval(ruling, case, excerpt):
    if ruling.verdict == "approve":
        raise RuntimeError("no")
    return 1.0


RUBRIC = Rubric(
    name="t",
    craft={"rules": 0.3},
    penalties={"t_fails_on_approval": 0.1},
    gates=["rulebook_consistency"],
    unscored_limit=0.5,
)
BRIEFS = Briefs.bind([rejecting(), approving().model_copy(update={"id": "c-2"})], BOOK)
FUNC = RUBRIC.reward_func(BRIEFS)


def call(completions, cases, func=FUNC, trainer_state=None, **columns):
    logged = defaultdict(list)
    totals = func(
        prompts=[[{"role": "user", "content": "…"}]] * len(cases),
        completions=completions,
        completion_ids=[[1, 2]] * len(cases),
        case=cases,
        trainer_state=trainer_state,
        log_extra=lambda column, values: None,
        log_metric=lambda name, value: logged[name].append(value),
        images=[None] * len(cases),
        **columns,
    )
    return totals, dict(logged)


def test_totals_cards_and_means():
    right, wrong = write(ideal(rejecting())), write(rule_on("approve"))
    totals, logged = call([right, "no ruling", wrong], ["c-1"] * 3)
    assert totals[0] == pytest.approx(1 + 0.3 + 0.3 - 0.1) and totals[1] == RUBRIC.floor and totals[2] is None
    cards = FUNC.score([right, "no ruling", wrong], ["c-1"] * 3)
    assert [card.total for card in cards] == totals
    assert {name: [value] for name, value in step_metrics(cards).items()} == logged
    assert logged["ruling/rules"] == [pytest.approx(1 / 3)]
    assert logged["ruling/verdict"] == [pytest.approx((1 - 8 - 8) / 3)]
    assert logged["ruling/t_fails_on_approval"] == [0.5]  # over those that it scored
    assert logged["ruling/parsed"] == [pytest.approx(2 / 3)]
    assert logged["ruling/gate_closed"] == [pytest.approx(1 / 3)]
    assert logged["ruling/unscored"] == logged["ruling/unscored/t_fails_on_approval"] == [pytest.approx(1 / 3)]


def test_what_was_not_asked_is_left_out_of_the_means_and_what_makes_no_difference_stops_no_run():
    craft = {"t_fails_on_approval": 0.1, f"{__name__}:Built": {"weight": 0.1}}
    rubric = Rubric(name="t", craft=craft, unscored_limit=0)
    right, wrong = write(ideal(rejecting())), write(rule_on("approve"))
    totals, logged = call([right, wrong, "no ruling", wrong], ["c-1"] * 4, rubric.reward_func(BRIEFS))
    assert totals == pytest.approx([1.5, -8 + 0.3 * 0.19, rubric.floor, -8 + 0.3 * 0.19])
    assert logged["ruling/unscored"] == [0.0] and logged["ruling/unscored/t_fails_on_approval"] == [0.5]
    assert logged["ruling/t_built"] == logged["ruling/t_fails_on_approval"] == [0.5]  # of the first and the third


def test_chat_messages_and_content_parts_are_read():
    text = write(ideal(rejecting()))
    chat = [{"role": "assistant", "content": text}]
    parts = [{"role": "assistant", "content": [{"type": "text", "text": text}]}]
    totals, _ = call([text, chat, parts, []], ["c-1"] * 4)
    assert totals[0] == totals[1] == totals[2] and totals[3] == RUBRIC.floor


def test_an_episode_is_scored_by_its_last_turn():
    text = write(ideal(rejecting()))
    looked = Episode("c-1", (Turn("no ruling"), Turn("a page", author="tool"), Turn(text)))
    cut_off = Episode("c-1", (Turn(text), Turn(text, author="tool")))
    assert FUNC.score([looked], ["c-1"]) == FUNC.score([text], ["c-1"])
    assert FUNC.score([cut_off], ["c-1"])[0].total == RUBRIC.floor


def test_rows_are_scored_on_the_case_that_they_name():
    right = write(ideal(rejecting()))
    totals, _ = call([right] * 3, ["c-2", "c-1", "c-2"])
    assert totals[0] == totals[2] < 0 < totals[1]
    with pytest.raises(DataError, match=r"no case 'c-3' in the data \(did you mean 'c-2'"):
        call([right], ["c-3"])


def test_inline_rules_gold_and_alternatives_are_those_of_the_case():
    case = rejecting()
    case.gold.violations[0].alternatives = ["CURE-2"]
    case.rules = ["WIN-1", BOOK["CURE-2"].model_copy(update={"text": "Reworded."})]
    completion = write(rule_on("reject", "CURE-2", "WIN-1"))
    (card,) = RUBRIC.reward_func(Briefs.bind([case], BOOK)).score([completion], [case.id])
    assert card["rules"].value == 1.0


def test_trl_sees_one_synchronous_function_with_a_name():
    assert FUNC.__name__ == "ruling"
    assert not inspect.iscoroutinefunction(FUNC) and not inspect.iscoroutinefunction(FUNC.__call__)


def test_an_empty_batch_is_no_trouble():
    totals, logged = call([], [])
    assert totals == [] and FUNC.score([], []) == [] and logged["ruling/parsed"] == [0.0]


def test_too_many_unscored_stop_the_run_and_say_why():
    wrong, right = write(rule_on("approve")), write(ideal(rejecting()))
    call([wrong, right], ["c-1"] * 2)  # as many as are allowed
    message = (
        r"2 of 3 completions could not be scored, and rubric 't' allows 50%. Rewards that failed: "
        r"'t_fails_on_approval' on 2; first 't_fails_on_approval' on case 'c-1': RuntimeError: no"
    )
    with pytest.raises(TooManyUnscored, match=message):
        call([wrong, right, wrong], ["c-1"] * 3)


def test_parse_failures_are_scored_and_stop_nothing():
    totals, logged = call(["no ruling"] * 4, ["c-1"] * 4)
    assert totals == [RUBRIC.floor] * 4 and logged["ruling/unscored"] == [0.0]


def test_prices_follow_the_training():
    func = Rubric(name="t", prices={"miss": {0: 1, 0.5: 3}}).reward_func(BRIEFS)
    for step, price in [(0, 1), (25, 2), (50, 3), (75, 3), (100, 3), (101, 3)]:
        state = SimpleNamespace(global_step=step, max_steps=100)
        _, logged = call([write(rule_on("approve"))], ["c-1"], func, state)
        assert logged["ruling/verdict"] == [-price * 2]  # critical
        (card,) = func.score([write(rule_on("approve"))], ["c-1"], min(1, step / 100))
        assert card["verdict"].value == -price * 2
    _, logged = call([write(rule_on("approve"))], ["c-1"], func, SimpleNamespace(global_step=0, max_steps=0))
    assert logged["ruling/verdict"] == [-2]


class Built(BatchReward):
    name = "t_built"

    def score_batch(self, items):
        return [1.0 for _ in items]


def test_the_rewards_that_are_told_of_the_training_are_those_that_score():
    craft = {f"{__name__}:Built": {"weight": {0: 0.1, 1: 0.4}}}
    rubric = Rubric(name="t", craft=craft, overrides={"money": {"prices": {"miss": 2}}})
    (built,) = rubric.reward_func(BRIEFS).batch_rewards
    assert isinstance(built, Built)
    assert rubric.at(0.5).reward_func(BRIEFS).batch_rewards == [built]


def test_what_a_tool_said_last_counts_as_nothing_written():
    text = write(ideal(rejecting()))
    chats = [[{"role": "assistant", "content": text}], [{"role": "tool", "content": text}], []]
    totals, _ = call(chats, [rejecting().id] * 3)
    assert totals[0] > totals[1] == totals[2] == call([""], [rejecting().id])[0][0]
