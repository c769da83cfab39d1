"""The function that TRL gets, called as TRL 1.16 calls it."""

import inspect
from collections import defaultdict

import pytest

from prompts import write
from rewards import Rubric, reward
from tests.rewards.small import BOOK, approving, ideal, rejecting, rule_on


@reward(name="t_fails_on_approval", range=(0, 1))
def fails_on_approval(ruling, case, excerpt):
    if ruling.verdict == "approve":
        raise RuntimeError("no")
    return 1.0


RUBRIC = Rubric(name="t", craft={"rules": 0.3, "t_fails_on_approval": 0.1}, gates=["rulebook_consistency"])


def call(completions, cases, **columns):
    logged = defaultdict(list)
    func = RUBRIC.reward_func(BOOK)
    totals = func(
        prompts=[[{"role": "user", "content": "…"}]] * len(cases),
        completions=completions,
        completion_ids=[[1, 2]] * len(cases),
        case=[case.model_dump_json(by_alias=True, exclude_none=True) for case in cases],
        trainer_state=None,
        log_extra=lambda column, values: None,
        log_metric=lambda name, value: logged[name].append(value),
        images=[None] * len(cases),
        **columns,
    )
    return func, totals, dict(logged)


def test_totals_cards_and_means():
    right, wrong = write(ideal(rejecting())), write(rule_on("approve"))
    func, totals, logged = call([right, "no ruling", wrong], [rejecting()] * 3)
    assert totals[0] == pytest.approx(1 + 0.3 + 0.3 + 0.1) and totals[1] == RUBRIC.floor and totals[2] is None
    assert [card.total for card in func.cards] == totals
    assert logged["ruling/rules"] == [pytest.approx(1 / 3)]
    assert logged["ruling/verdict"] == [pytest.approx((1 - 8 - 8) / 3)]
    assert logged["ruling/t_fails_on_approval"] == [0.5]  # over those that it scored
    assert logged["ruling/parsed"] == [pytest.approx(2 / 3)]
    assert logged["ruling/gate_closed"] == [pytest.approx(1 / 3)]
    assert logged["ruling/unscored"] == [pytest.approx(1 / 3)]


def test_chat_messages_and_content_parts_are_read():
    text = write(ideal(rejecting()))
    chat = [{"role": "assistant", "content": text}]
    parts = [{"role": "assistant", "content": [{"type": "text", "text": text}]}]
    _, totals, _ = call([text, chat, parts, []], [rejecting()] * 4)
    assert totals[0] == totals[1] == totals[2] and totals[3] == RUBRIC.floor


def test_inline_rules_gold_and_alternatives_survive_the_column():
    case = rejecting()
    case.gold.violations[0].alternatives = ["CURE-2"]
    case.rules = ["WIN-1", BOOK["CURE-2"].model_copy(update={"text": "Reworded."})]
    completion = write(rule_on("reject", "CURE-2", "WIN-1"))
    func, _, _ = call([completion], [case])
    assert func.cards[0]["rules"].value == 1.0


def test_trl_sees_one_synchronous_function_with_a_name():
    func = RUBRIC.reward_func(BOOK)
    assert func.__name__ == "ruling"
    assert not inspect.iscoroutinefunction(func) and not inspect.iscoroutinefunction(func.__call__)


def test_an_empty_batch_is_no_trouble():
    func, totals, logged = call([], [])
    assert totals == [] and func.cards == [] and logged["ruling/parsed"] == [0.0]
    assert approving().id == "c-1"
