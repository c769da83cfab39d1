"""Prices and weights that change as training goes on, and those that differ by category."""

import pytest
import yaml
from pydantic import ValidationError

from data import Brief, Briefs, DataError
from prompts import write
from rewards import BatchReward, Rubric, Schedule, rescore
from rewards.testing.small import BOOK, approving, make_case, rejecting, rule_on


class Counted(BatchReward):
    name = "t_counted"
    built = asked = 0

    def __init__(self, *, level: float = 1.0):
        Counted.built += 1
        self.level = level

    def score_batch(self, items):
        Counted.asked += 1
        return [self.level] * len(items)


COUNTED = f"{__name__}:Counted"


@pytest.fixture(autouse=True)
def clean():
    Counted.built = Counted.asked = 0


def breaking(*rules):
    return make_case(verdict="reject", violations=[{"rule": rule} for rule in rules])


def test_between_points_it_is_straight_and_beyond_them_level():
    schedule = Schedule(((0.2, 1.0), (0.4, 3.0), (1.0, 0.0)))
    assert [schedule.at(t) for t in (0.0, 0.2, 0.3, 0.4, 0.7, 1.0)] == pytest.approx([1, 1, 2, 3, 1.5, 0])


def test_any_price_or_weight_may_be_one():
    rubric = Rubric(
        name="t",
        prices={"miss": {0: 1, 1: 3}, "severity": {"critical": {0.5: 2, 1: 4}}},
        calibration={0: 0.3, 1: 0.1},
        craft={"rules": {0: 0.0, 0.5: 0.25}, "evidence": {"weight": {1: 0.1}}},
        penalties={"overlong": {"weight": {0: 0, 1: 0.2}, "start": 10, "end": 20}},
    )
    assert list(map(str, rubric.schedules.items())) == [
        "('prices.miss', Schedule(points=((0.0, 1.0), (1.0, 3.0))))",
        "('prices.severity.critical', Schedule(points=((0.5, 2.0), (1.0, 4.0))))",
        "('calibration', Schedule(points=((0.0, 0.3), (1.0, 0.1))))",
        "('craft.rules', Schedule(points=((0.0, 0.0), (0.5, 0.25))))",
        "('craft.evidence.weight', Schedule(points=((1.0, 0.1),)))",
        "('penalties.overlong.weight', Schedule(points=((0.0, 0.0), (1.0, 0.2))))",
    ]
    assert (rubric.prices.miss, rubric.calibration, rubric.craft["rules"].weight) == (1, 0.3, 0)
    later = rubric.at(0.75)
    assert (later.prices.miss, later.prices.severity.critical, later.craft["rules"].weight) == (2.5, 3, 0.25)
    assert later.penalties["overlong"].weight == pytest.approx(0.15) and later.penalties["overlong"].settings
    assert not later.schedules and later.at(0.1) is later
    assert later.floor == pytest.approx(-2.5 * 3 - 0.15 - 0.5)


def test_a_schedule_that_evens_prices_out_has_prices_all_the_same():
    even = dict.fromkeys(("low", "medium", "high", "critical"), 1)
    assert Rubric(name="t", prices={"miss": {0: 1, 1: 2}, "severity": even}).has_prices
    assert not Rubric(name="t", prices={"miss": {0: 1, 1: 1}, "severity": even}).has_prices
    override = {"money": {"prices": {"miss": 2}}}
    assert Rubric(name="t", prices={"miss": 1, "severity": even}, overrides=override).has_prices


def test_what_is_built_is_built_once_for_all_of_the_training():
    rubric = Rubric(
        name="t",
        craft={COUNTED: {"weight": {0: 0, 1: 0.5}}},
        overrides={"money": {"craft": {COUNTED: 0.2}}, "health": {"craft": {COUNTED: {"level": 0.5}}}},
    )
    assert Counted.built == 0
    for progress in (0, 0.5, 1):
        rubric.at(progress).score_many(["", ""], [Brief.of(approving(), BOOK)] * 2)
    assert Counted.built == 2  # the second for the category with another setting


def test_the_category_of_the_gravest_violation_decides():
    overrides = {"health": {"prices": {"miss": 8}}, "money": {"prices": {"false_flag": 2}, "craft": {"rules": 0.1}}}
    rubric = Rubric(name="t", craft={"rules": 0.3, "evidence": 0.2}, overrides=overrides)

    def miss(*rules):
        return rubric.score(rule_on("approve"), breaking(*rules), BOOK)["verdict"].value

    assert miss("CURE-1") == -16  # critical, in a category below health
    assert miss("HEALTH-1") == -4  # low
    assert miss("WIN-1") == -6  # high, at the price for all
    assert miss("WIN-1", "CURE-1") == -16 and miss("HEALTH-1", "WIN-1") == -6
    card = rubric.score(rule_on("reject", "WIN-1"), breaking("WIN-1"), BOOK)
    assert card["rules"].contribution == pytest.approx(0.1) and card["evidence"].weight == 0.2
    card = rubric.score(rule_on("reject", "WIN-1"), approving(), BOOK)
    assert card["verdict"].value == -1 and card["rules"].weight == 0.3


def test_a_violation_has_the_category_of_the_rule_that_the_excerpt_has():
    rubric = Rubric(name="t", overrides={"money": {"prices": {"miss": 8}}})
    case = make_case(verdict="reject", violations=[{"rule": "HEALTH-1", "or": ["WIN-1"]}])
    assert rubric.score(rule_on("approve"), case, BOOK)["verdict"].value == -2  # low, at the price for all
    case = case.model_copy(update={"rules": ["WIN-1"]})
    assert rubric.score(rule_on("approve"), case, BOOK.excerpt(case.rules))["verdict"].value == -12


def test_no_completion_chooses_its_prices():
    rubric = Rubric(name="t", overrides={"health": {"prices": {"miss": 8}}})
    for completion in ("", rule_on("approve"), rule_on("reject", "WIN-1"), rule_on("escalate", "ODD-1")):
        assert rubric.score(completion, rejecting(), BOOK)["verdict"].weight == 1.0
        floor = rubric.by_category["health"].floor
        assert rubric.score("", rejecting(), BOOK).total == floor != rubric.floor
    case = rejecting().model_copy(update={"rules": ["WIN-1", "HEALTH-1"]})  # without the gravest, of another category
    assert rubric.score("", case, BOOK.excerpt(case.rules)).total == rubric.floor


def test_a_batch_of_many_categories_asks_each_reward_once():
    craft = {COUNTED: 0.2}
    rubric = Rubric(name="t", craft=craft, overrides={"money": {"craft": {COUNTED: 0.4}, "calibration": 0.1}})
    briefs = [Brief.of(case, BOOK) for case in (breaking("WIN-1"), breaking("CURE-1"), approving())]
    answers = [rule_on("reject", "WIN-1"), rule_on("reject", "CURE-1"), rule_on("approve")]
    cards = rubric.score_many([write(answer) for answer in answers], briefs)
    assert Counted.asked == 1
    assert [card["t_counted"].contribution for card in cards] == pytest.approx([0.4, 0.2, 0.2])
    assert [card["calibration"].weight for card in cards] == [0.1, 0.3, 0.3]


def test_overrides_may_be_schedules_and_keep_the_settings_that_they_do_not_name():
    overlong = {"weight": 0.1, "start": 10, "end": 20}
    overrides = {"money": {"prices": {"miss": {0: 4, 1: 8}}, "penalties": {"overlong": {0: 0.1, 1: 0.3}}}}
    rubric = Rubric(name="t", penalties={"overlong": overlong}, overrides=overrides)
    for progress, miss, weight in [(0, 4, 0.1), (0.5, 6, 0.2), (1, 8, 0.3)]:
        own = rubric.at(progress).by_category["money"]
        assert own.prices.miss == miss and own.penalties["overlong"].weight == pytest.approx(weight)
        assert own.penalties["overlong"].settings == {"start": 10, "end": 20}


def test_overrides_for_what_the_book_has_not_are_refused():
    rubric = Rubric(name="t", overrides={"monye": {"prices": {"miss": 8}}})
    with pytest.raises(DataError, match=r"no category 'monye' \(did you mean 'money'\?\)"):
        rubric.reward_func(Briefs.bind([], BOOK))
    with pytest.raises(DataError, match="no category 'monye'"):
        rescore([], Briefs.bind([], BOOK), Rubric.load("default"), rubric)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"prices": {"miss": {0: 4, 2: 1}}}, r"prices\.miss: a schedule's points .* \(got 2: 1\)"),
        ({"craft": {"rules": {0: "much"}}}, r"craft\.rules: a schedule's points .* \(got 0: 'much'\)"),
        ({"craft": {"rules": {0: 0.2, 1: 0.6}}}, "the weights sum to 0.6; at most 0.5"),
        ({"craft": {"rules": {0: 0.5, 0.5: 0.3, 1: 0}, "evidence": {0: 0, 0.5: 0.3}}}, "the weights sum to"),
        ({"prices": {"escalation": {0: 0.3, 0.5: -1, 1: 0.3}}}, "it would never be best to escalate"),
        ({"overrides": {"money": {"price": {}}}}, r"overrides\.money\.price: unknown key \(did you mean 'prices'\?\)"),
        ({"overrides": {"money": {"prices": {"mis": 1}}}}, r"overrides\.money\.prices\.mis: unknown key"),
        ({"overrides": {"money": {"craft": {"ruels": 0.1}}}}, r"overrides\.money: no reward is called 'ruels'"),
        ({"overrides": {"money": {"craft": {"rules": 0.6}}}}, r"overrides\.money\.craft: the weights sum to 0\.6"),
        ({"time_limit": 0}, "time_limit"),
        ({"unscored_limit": 1.5}, "unscored_limit"),
        ({"calibration_score": "lgo"}, "calibration_score"),
    ],
)
def test_what_would_be_unsound_at_any_time_or_anywhere_is_refused(content, message, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"name": "own", **content}), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        Rubric.load(path)
    with pytest.raises((ValidationError, DataError)):
        Rubric.model_validate({"name": "own", **content})


def test_a_setting_that_looks_like_a_schedule_is_a_setting():
    with pytest.raises(ValueError, match="reward 't_counted': level"):
        Rubric(name="t", craft={COUNTED: {"weight": 0.1, "level": {0: 1}}})


def test_from_the_command_line(tmp_path):
    assert Rubric.load("default", {"prices.miss": "{0: 2, 1: 4}"}).at(1).prices.miss == 4


def test_the_log_score_takes_the_place_of_the_quadratic_one():
    rubric = Rubric(name="t", calibration_score="log")
    card = rubric.score(rule_on("reject", "WIN-1", confidence=1.0), approving(), BOOK)
    assert "calibration" not in card.components
    assert card["log_score"].value == pytest.approx(0) and card["log_score"].weight == 0.3
