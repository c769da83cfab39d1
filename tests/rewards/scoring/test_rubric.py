"""Rubrics: what is shipped is sound, and what is unsound is refused with its place."""

import pytest
import yaml
from pydantic import ValidationError

from data import DataError
from rewards import Prices, Rubric
from rewards.scoring.rubric import SHIPPED
from rewards.testing.small import BOOK, CASES, approving, ideal, rejecting, rule_on

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(tmp_path, **content: object) -> Rubric:
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump({"name": "own", **content}), encoding="utf-8")
    return Rubric.load(path)


def test_what_is_shipped():
    assert NAMES == [
        "billboard",
        "billboard_advice",
        "billboard_desk",
        "contextdp",
        "default",
        "ec_darkpattern",
        "kuaimod",
        "live",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_shipped_rubrics_are_sound(name):
    rubric = Rubric.load(name)
    low, high = rubric.escalation_band
    assert rubric.name == name and rubric.description and 0 < low < high < 1
    assert rubric.gates == ["rulebook_consistency", "reasoning_agreement"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gold", sorted(CASES))
def test_gold_earns_the_most_and_nothing_less_than_the_floor(name, gold):
    rubric, case = Rubric.load(name), CASES[gold]()
    card = rubric.score(ideal(case), case, BOOK)
    # Gold without an annotated intent leaves the weight of intent unearned by anyone.
    # Its bonus for calls is paid to a few of many rulings on a case, and never to one that stands alone.
    earned = [card[part] for part in rubric.craft if card[part].value is not None and part != "tool_bonus"]
    craft = sum(part.weight for part in earned)
    assert card.total == pytest.approx(1 + rubric.calibration + craft) and card.closed is None
    worst = min(
        rubric.score(rule_on(verdict, *cited, confidence=q), case, BOOK).total
        for verdict, cited in [("approve", []), ("reject", ["WIN-1", "CURE-2"]), ("escalate", ["ODD-1"])]
        for q in (0.0, 1.0)
    )
    assert rubric.floor <= worst - 0.5


def test_the_floor_is_reached_by_the_worst_ruling_plus_a_half():
    rubric = Rubric.load("default")
    repeating = rule_on(
        "approve", confidence=1.0, reasoning="so it is fine to say this again, " * 200 + "\nWIN-1: clear"
    )
    repeating.advice, case = "这款茶一周内治愈糖尿病。", rejecting()
    case.lang = "en"
    card = rubric.score(repeating, case, BOOK)
    # Overlong and overcitation are for right rulings alone, and one of five rules is judged.
    assert card.total == pytest.approx(rubric.floor + 0.5 + 0.1 + 0.1 + 0.02, abs=0.02)


def test_prices_are_told_apart():
    assert Rubric.load("billboard").has_prices
    assert not Rubric.load("ec_darkpattern").has_prices
    uneven = {"low": 1, "medium": 1, "high": 1, "critical": 2}
    assert Rubric(name="x", prices={"miss": 1, "severity": uneven}).has_prices


def test_overrides_change_what_is_loaded():
    assert Rubric.load("billboard", {"prices.miss": "1"}).prices.miss == 1.0


def test_parts_take_weights_and_parameters(tmp_path):
    rubric = load(tmp_path, craft={"rules": 0.5}, penalties={"overlong": {"weight": 0.2, "start": 10, "end": 20}})
    card = rubric.score(rule_on("approve", reasoning="x" * 15), approving(), BOOK)
    assert card["overlong"].value == 0.5 and card["overlong"].contribution == pytest.approx(-0.1)


OWN = """
from rewards import reward

@reward(name="t_own", range=({low}, 1))
def own(ruling, case, excerpt):
    return 0.5
"""


def test_own_rewards_lie_beside_the_rubric(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    (tmp_path / "own.py").write_text(OWN.format(low=0))
    rubric = load(tmp_path, craft={"own.py:own": 0.4})
    card = rubric.score(rule_on("approve"), approving(), BOOK)
    assert card["t_own"].contribution == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"craftt": {}}, "craftt: unknown key (did you mean 'craft'?)"),
        ({"prices": {"mis": 4}}, "prices.mis: unknown key (did you mean 'miss'?)"),
        ({"prices": {"severity": {"hihg": 1}}}, "(did you mean 'high'?)"),
        ({"craft": {"rules": 0.3, "evidence": 0.3}}, "craft: the weights sum to 0.6; at most 0.5"),
        ({"penalties": {"repetition": 0.6}}, "penalties: the weights sum to 0.6; at most 0.5"),
        ({"craft": {"rules": -0.1}}, "craft.rules.weight"),
        ({"craft": {"rules": {"wieght": 0.1}}}, "craft.rules.weight"),
        ({"craft": {"ruels": 0.3}}, "no reward is called 'ruels' (did you mean 'rules'?)"),
        ({"gates": ["rulebook_consistancy"]}, "(did you mean 'rulebook_consistency'?)"),
        ({"penalties": {"overlong": {"weight": 0.1, "begin": 1}}}, "reward 'overlong' has no parameter 'begin'"),
        ({"prices": {"miss": 0.2, "escalation": 0}}, "it would never be best to escalate"),
        ({"prices": {"escalation": 1}}, "prices.escalation"),
        ({"prices": {"false_flag": -1}}, "prices.false_flag"),
        ({"calibration": 2}, "calibration"),
        (
            {"craft": {"repetition": 0.1}, "penalties": {"repetition": 0.1}},
            "reward 'repetition' is in the rubric twice",
        ),
        ({"gates": ["own.py:own"]}, "gate: reward 't_own' has range (-2.0, 1.0)"),
    ],
)
def test_unsound_rubrics_are_refused_with_their_place(tmp_path, content, message):
    (tmp_path / "own.py").write_text(OWN.format(low=-2))
    with pytest.raises(DataError) as error:
        load(tmp_path, **content)
    assert message in str(error.value) and "own.yaml" in str(error.value)


def test_an_empty_band_is_refused_for_the_mildest_severity():
    with pytest.raises(ValidationError, match="severity is low"):
        Rubric(name="x", prices={"severity": {"low": 0.05}, "escalation": 0.1})


def test_no_such_rubric():
    with pytest.raises(DataError, match="did you mean 'billboard'"):
        Rubric.load("bilboard")


def test_lowest_is_the_worst_of_all_outcomes():
    assert Prices().lowest == -8.0
    assert Prices(miss=0.1, false_flag=3, escalation=0.5).lowest == -3.0
    assert Prices(miss=0.1, false_flag=0.1, escalation=-1).lowest == -1.0


ALONE = {"only": {"evidence": {"weight": 0.8}}, "gates": ["rulebook_consistency"], "penalties": {"repetition": 0.1}}


def test_one_reward_may_stand_alone(tmp_path):
    rubric, case = load(tmp_path, **ALONE), CASES["reject"]()
    assert [(entry.name, entry.kind) for entry in rubric.entries] == [
        ("rulebook_consistency", "gate"),
        ("evidence", "only"),
        ("repetition", "penalty"),
    ]
    assert rubric.score(ideal(case), case, BOOK).total == pytest.approx(0.8)
    assert rubric.floor == pytest.approx(-0.6) and not rubric.has_prices
    assert rubric.score("no ruling", case, BOOK).total == rubric.floor
    # Neither gold nor a right verdict decides: it is asked of everything, and adds what it says.
    wrong = rule_on("approve", confidence=1.0)
    assert rubric.score(wrong, case, BOOK).total == pytest.approx(
        rubric.score(wrong, case, BOOK)["evidence"].contribution
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"prices": {"miss": 2}}, "leave out prices"),
        ({"craft": {"rules": 0.2}, "calibration": 0.1}, "leave out calibration, craft"),
        ({"only": {"evidence": 0.5, "rules": 0.5}}, "leave out a second reward"),
    ],
)
def test_what_stands_alone_has_nothing_beside_it(more, said, tmp_path):
    with pytest.raises(DataError, match=f"one reward stands in place of all others, so {said}"):
        load(tmp_path, **ALONE | more)
