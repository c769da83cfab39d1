"""Scorecards add up, gates cost all, and a fault is never a 0."""

import cProfile
import logging
import pickle
import random
from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from data import Brief, Briefs, DataError, Rule, Rulebook, Ruling, load_cases
from data.billboard import BillboardConfig, build
from prompts import Episode, FailureReason, ParseFailure, write
from rewards import BatchReward, NotApplicable, Rubric, Score, count_faults, reward
from rewards.batch import Item
from rewards.scoring.scorer import score_items
from rewards.testing.small import BOOK, CASES, CURES, approving, ideal, make_case, rejecting, rule_on
from tests.strategies import RULINGS, TEXTS

RUBRIC = Rubric.load("default")
CITING = write(rule_on("reject", {"rule": "R-0", "evidence": [CURES]}))
REJECTING = Brief.of(rejecting(), BOOK)
BEST = [
    (Brief.of(case, BOOK), RUBRIC.score(ideal(case), case, BOOK).total) for case in (make() for make in CASES.values())
]


@reward(name="t_raises", range=(0, 1))
def raises(ruling, case, excerpt):
    raise RuntimeError("no connection")


@reward(name="t_too_much", range=(0, 1))
def too_much(ruling, case, excerpt):
    return 2.0


@reward(name="t_fails_on_failures", range=(0, 1), on_failure=True)
def fails_on_failures(ruling, case, excerpt):
    return 1.0 if isinstance(ruling, Ruling) else {}["verdict"]


@reward(name="t_fails_on_a_word", range=(0, 1))
def fails_on_a_word(ruling, case, excerpt):
    if "n" in ruling.reasoning:
        raise RuntimeError("overflow")
    return 1.0


@reward(name="t_sees_failures", range=(-1, 1), on_failure=True)
def sees_failures(ruling, case, excerpt):
    return Score(0.25, "seen") if isinstance(ruling, ParseFailure) else 1.0


@reward(name="t_needs_market", range=(0, 1))
def needs_market(ruling, case, excerpt):
    return 1.0 if case.meta.get("market") else NotApplicable


def test_a_card_adds_up():
    case = rejecting()
    card = RUBRIC.score(write(rule_on("reject", "CURE-1", intent="supplement")), case, BOOK)
    assert card.total == pytest.approx(sum(component.contribution for component in card.components.values()))
    assert card["verdict"].reason == "right"
    assert card["rules"].value == pytest.approx(2 / 3)
    assert card["rules"].contribution == pytest.approx(0.25 * 2 / 3)
    assert (card["evidence"].value, card["intent"].value) == (0.0, 1.0)
    assert card.case == "c-1" and card.parsed and card.values["rules"] == card["rules"].value


def test_craft_counts_only_where_the_verdict_is_right():
    card = RUBRIC.score(rule_on("escalate", intent="supplement"), rejecting(), BOOK)
    assert card["intent"].value == 1.0 and card["intent"].contribution == 0.0
    assert card.total == pytest.approx(0.1 + 0.3 * 0.75)


def test_gold_outside_of_the_excerpt_is_left_out():
    case = rejecting().model_copy(update={"rules": ["HEALTH-1"]})
    approval = rule_on("approve", confidence=1.0, intent="supplement", reasoning="HEALTH-1: clear")
    card = RUBRIC.score(approval, case, BOOK.excerpt(case.rules))
    assert card.total == pytest.approx(1 + 0.3 + 0.5)


@pytest.mark.parametrize(
    ("ruling", "gate"),
    [
        (rule_on("approve", "WIN-1"), "rulebook_consistency"),
        (rule_on("reject"), "rulebook_consistency"),
        (rule_on("reject", "WIN-1", reasoning="It is bad."), "reasoning_agreement"),
        (rule_on("approve", "WIN-1", reasoning="It is bad."), "rulebook_consistency"),
    ],
)
def test_a_closed_gate_earns_the_floor(ruling, gate, any_case):
    card = RUBRIC.score(ruling, any_case, BOOK)
    assert (card.closed, card.total) == (gate, RUBRIC.floor)


def test_a_parse_failure_earns_the_floor_and_every_low_end(any_case):
    card = RUBRIC.score("<think>WIN-1: no.</think><answer>{", any_case, BOOK)
    assert (card.closed, card.total, card.parsed) == ("format", RUBRIC.floor, False)
    assert card.ruling.reason is FailureReason.UNCLOSED_ANSWER
    assert card["verdict"].value == -6.0 and card["calibration"].value == 0.0
    assert "unclosed_answer" in card["rules"].reason


def test_some_rewards_are_asked_about_failures():
    rubric = Rubric(name="x", craft={"t_sees_failures": 0.5})
    card = rubric.score("nothing", approving(), BOOK)
    assert (card["t_sees_failures"].value, card["t_sees_failures"].reason) == (0.25, "seen")
    assert card.total == rubric.floor


def test_what_does_not_apply_adds_nothing():
    rubric = Rubric(name="x", craft={"t_needs_market": 0.5})
    card = rubric.score(rule_on("approve", confidence=1.0), approving(), BOOK)
    assert card["t_needs_market"].value is None and card.total == pytest.approx(1.3)


def test_without_gold_every_ruling_is_worth_the_same_but_format_still_counts():
    case = make_case()
    totals = {RUBRIC.score(rule_on(v, *c), case, BOOK).total for v, c in [("approve", []), ("reject", ["WIN-1"])]}
    assert totals == {0.0} and RUBRIC.score("", case, BOOK).total == RUBRIC.floor


@pytest.mark.parametrize("where", ["craft", "penalties", "gates"])
@pytest.mark.parametrize(
    ("name", "error"), [("t_raises", "RuntimeError: no connection"), ("t_too_much", "'t_too_much'")]
)
def test_a_fault_makes_the_total_none_never_0(where, name, error, caplog):
    rubric = Rubric(name="x", **{where: [name] if where == "gates" else {name: 0.1}})
    with caplog.at_level(logging.WARNING, "rewards"):
        answers = [write(rule_on("approve")), write(rule_on("approve", confidence=0.6))]
        cards = rubric.score_many(answers, [Brief.of(approving(), BOOK)] * 2)
    for card in cards:
        assert card.total is None and card[name].value is None
        (fault,) = card.unscored
        assert (fault.reward, fault.case) == (name, "c-1") and error in fault.error and error in card[name].reason
        assert card["verdict"].value is not None  # the others still have their say
    assert count_faults(cards) == {name: 2}
    assert len(caplog.records) == 1
    assert f"'{name}' failed on 2 of 2 completions, of which 2 stay unscored" in caplog.text and "'c-1'" in caplog.text


LOST = [rule_on("approve"), rule_on("escalate"), rule_on("reject"), "no ruling"]
"""On a case that is to be rejected: two wrong verdicts, a right one that closes a gate, and what is no ruling."""


@pytest.mark.parametrize("answer", LOST)
def test_a_fault_of_craft_makes_no_difference_where_craft_adds_nothing(answer, caplog):
    rubric, without = (
        Rubric(name="x", craft=craft, gates=["rulebook_consistency"])
        for craft in ({"t_raises": 0.1, "t_fails_on_failures": 0.1}, {})
    )
    with caplog.at_level(logging.WARNING, "rewards"):
        card = rubric.score(answer, rejecting(), BOOK)
    assert card.total == without.score(answer, rejecting(), BOOK).total
    failing = "t_raises" if card.parsed else "t_fails_on_failures"
    assert list(card.errors) == [failing] and card[failing].reason == card.errors[failing]  # told all the same
    assert card[failing].value is card[failing].applies is None
    assert f"'{failing}' failed on 1 of 1 completions, of which 0 stay unscored" in caplog.text


def test_a_fault_of_craft_makes_no_difference_where_gold_has_no_verdict():
    card = Rubric(name="x", craft={"t_raises": 0.1}).score(rule_on("approve"), make_case(), BOOK)
    assert card.total == 0 and "t_raises" in card.errors


@pytest.mark.parametrize(
    "parts",
    [
        {"penalties": {"t_raises": 0.1, "t_fails_on_failures": 0.1}, "gates": ["rulebook_consistency"]},
        {"gates": ["t_raises", "t_fails_on_failures", "rulebook_consistency"]},
        {"gates": ["rulebook_consistency", "t_raises", "t_fails_on_failures"]},
    ],
)
def test_a_fault_of_a_penalty_or_a_gate_counts_unless_a_gate_is_closed(parts):
    rubric = Rubric(name="x", **parts)
    cards = rubric.score_many([one if isinstance(one, str) else write(one) for one in LOST], [REJECTING] * 4)
    assert [card.total for card in cards] == [None, None, rubric.floor, rubric.floor]
    assert all(card.unscored for card in cards)


@pytest.mark.parametrize("reward", ["verdict", "calibration"])
def test_a_fault_of_the_verdict_or_of_calibration_counts_unless_a_gate_is_closed(reward):
    rubric = Rubric(name="x", gates=["rulebook_consistency"])
    steps = [
        replace(step, reward=replace(step.reward, function=raises.function)) if step.kind == reward else step
        for step in rubric.plan.steps
    ]
    plan = replace(rubric.plan, steps=tuple(steps))
    totals = [card.total for card in score_items(plan, [Item.of(one, REJECTING) for one in LOST])]
    assert totals == [None, None, rubric.floor, rubric.floor]


def test_many_are_scored_as_one_is_and_in_order():
    cases = [CASES[name]() for name in ("approve", "reject", "escalate") * 4]
    for i, case in enumerate(cases):
        case.id = str(i)
        case.rules = ["ODD-1", "CURE-1", "WIN-1"] if i % 2 else None
    rng = random.Random(0)
    completions = [write(ideal(case)) if rng.random() < 0.6 else "no" for case in cases]
    cards = RUBRIC.score_many(completions, Briefs.bind(cases, BOOK))
    assert [card.case for card in cards] == [case.id for case in cases]
    for card, completion, case in zip(cards, completions, cases, strict=True):
        assert card == RUBRIC.score(completion, case, BOOK.excerpt(case.rules))


ASKED: list[str] = []


@reward(name="t_counts_questions", range=(0, 1), on_failure=True)
def counts_questions(ruling, case, excerpt):
    ASKED.append(case.id)
    if case.id == "fails":
        raise RuntimeError("no connection")
    return len(ASKED) / 100


class CountsItems(BatchReward):
    name = "t_counts_items"

    def score_batch(self, items):
        return [len(items) / 100] * len(items)


def test_completions_that_are_alike_are_scored_once_and_each_has_its_card():
    ASKED.clear()
    briefs = Briefs.bind([approving().model_copy(update={"id": id_}) for id_ in ("a", "b", "fails")], BOOK)
    one, other = write(rule_on("approve")), write(rule_on("approve", confidence=0.6))
    rubric = Rubric(name="x", penalties={"t_counts_questions": 0.1, f"{__name__}:CountsItems": 0.1})
    about = [briefs[id_] for id_ in ("a", "b", "a", "a", "fails", "a", "fails", "a")]
    answers = [one, one, other, Episode.plain("a", one, sample=1), one, "no ruling", one, "no ruling"]
    cards = rubric.score_many(answers, about)
    assert sorted(ASKED) == ["a", "a", "a", "b", "fails"]
    assert [card.case for card in cards] == [brief.id for brief in about]
    values = [card["t_counts_questions"].value for card in cards]
    assert values[0] == values[3] and values[5] == values[7] and len(set(values)) == 5
    assert [card.total for card in cards[0:4:3]] == [cards[0].total] * 2 != [None] * 2
    assert [len(card.unscored) for card in cards] == [0, 0, 0, 0, 1, 0, 1, 0] and cards[6].total is None
    assert {card["t_counts_items"].value for card in cards} == {0.06, 0.0}  # a batch reward sees every ruling


def test_components_are_a_mapping_in_the_order_of_the_rubric_and_travel_without_the_rubric():
    cards = RUBRIC.score_many([CITING, "no ruling"], [REJECTING] * 2)
    for card in cards:
        said = dict(card.components)
        assert card.components == said == pickle.loads(pickle.dumps(card.components))
        assert list(card.components) == [entry.name for entry in RUBRIC.entries] and len(said) == len(card.components)
        assert card.values == {name: component.value for name, component in said.items()}
        assert repr(card.components) == repr(said) and "rule" not in card.components
        with pytest.raises(KeyError):
            card["rule"]


def test_many_need_one_brief_each_and_known_rules():
    with pytest.raises(ValueError, match="2 completions for 1 briefs"):
        RUBRIC.score_many(["", ""], Briefs.bind([approving()], BOOK))
    with pytest.raises(DataError, match="X-1"):
        RUBRIC.score_many([""], Briefs.bind([approving().model_copy(update={"rules": ["X-1"]})], BOOK))


def test_a_case_is_scored_by_the_rules_that_it_names_or_not_at_all():
    case = rejecting().model_copy(update={"rules": ["WIN-1", "HEALTH-1"]})
    for excerpt in (BOOK, BOOK.excerpt(["HEALTH-1", "WIN-1"]), BOOK.excerpt(["WIN-1"])):
        with pytest.raises(DataError, match=r"case 'c-1' is judged by WIN-1, HEALTH-1, not by .*: give it its own"):
            RUBRIC.score(ideal(case), case, excerpt)
    looked_for = BOOK.excerpt(["HEALTH-1"], retrieved=True)
    assert RUBRIC.score(rule_on("approve"), case, looked_for)["verdict"].reason == "miss"  # lost by retrieval


def test_no_case_of_billboard_can_be_scored_by_the_whole_book(tmp_path):
    build(BillboardConfig(cases=200, test_cases=2), tmp_path)
    cases, book = load_cases(tmp_path / "train.jsonl"), Rulebook.load(tmp_path / "rulebook.yaml")
    assert len(cases) == 200
    for case in cases:
        with pytest.raises(DataError, match=f"case '{case.id}' is judged by .*, not by the whole book"):
            RUBRIC.score("", case, book)


def test_the_work_is_linear_in_completions_and_flat_in_the_rulebook():
    def calls(count: int, rules: int) -> int:
        book = Rulebook(name="many", rules=[Rule(id=f"R-{i}", text="No.") for i in range(rules)])
        cases = [rejecting().model_copy(update={"id": str(i), "rules": ["R-0", "R-1"]}) for i in range(count)]
        answers = ["no"] * (count // 2) + [CITING] * (count - count // 2)
        profile = cProfile.Profile()
        profile.runcall(lambda: RUBRIC.score_many(answers, Briefs.bind(cases, book)))
        return sum(entry.callcount for entry in profile.getstats())

    calls(10, 10)  # what is compiled or looked up once
    few, many = calls(50, 10), calls(200, 10)
    assert many == pytest.approx(4 * few, rel=0.1)
    assert calls(200, 1000) == pytest.approx(many, rel=0.1)


@settings(deadline=None)
@given(RULINGS)
def test_any_ruling_lies_between_floor_and_gold(ruling):
    written = write(ruling)
    for brief, best in BEST:
        items = [Item.of(answer, brief) for answer in (ruling, written, ruling)]
        card, read, again = score_items(RUBRIC.plan, items)
        assert not card.unscored
        assert card.total == RUBRIC.floor if card.closed else RUBRIC.floor + 0.5 <= card.total <= best + 1e-9
        assert card == read == again


class FailsOnAWord(BatchReward):
    name = "t_batch_fails_on_a_word"

    def score_batch(self, items):
        return [RuntimeError("overflow") if "x" in item.completion else 1.0 for item in items]


WORDS = {"t_fails_on_a_word": 0.0, f"{__name__}:FailsOnAWord": 0.0}
FAILING = Rubric.model_validate({**RUBRIC.model_dump(), "craft": {**RUBRIC.model_dump()["craft"], **WORDS}})
GIVEN = [Brief.of(case, BOOK) for case in (*(make() for make in CASES.values()), make_case())]


@settings(deadline=None)
@given(st.one_of(RULINGS, RULINGS.map(write), TEXTS), st.sampled_from(GIVEN))
def test_no_completion_that_has_lost_craft_can_unscore_itself(answer, brief):
    (card,) = score_items(FAILING.plan, [Item.of(answer, brief)])
    event(f"right: {card.right}, closed: {card.closed}, faults: {len(card.unscored)}")
    assert (card.total is None) == bool(card.right and card.closed is None and card.unscored)
    if card.total is not None:
        assert card.total == RUBRIC.score(answer, brief.case, brief.excerpt).total
