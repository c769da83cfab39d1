"""Batch rewards: built once with checked settings, asked once for a whole batch, and held to their contract."""

import math
from typing import ClassVar

import pytest

from data import Brief, Case, DataError
from prompts import Episode, ParseFailure, Turn, parse, write
from rewards import BatchReward, Item, NotApplicable, Rubric, Score, find_reward
from rewards.testing.small import BOOK, approving, ideal, make_case, rejecting, rule_on

APPROVAL, REJECTION = write(ideal(approving())), write(ideal(rejecting()))
BRIEF = Brief.of(approving(), BOOK)


class Recording(BatchReward):
    """Answers what it is told to, and remembers what it was asked."""

    name = "t_recording"
    answers: ClassVar[list] = []
    built: ClassVar[list] = []
    asked: ClassVar[list] = []

    def __init__(self, model: str = "none", temperature: float = 0.0):
        self.built.append((model, temperature))

    def score_batch(self, items):
        self.asked.append(items)
        return self.answers[: len(items)]


class AskedAboutFailures(Recording):
    name = "t_asked_about_failures"
    on_failure = True


class Nameless(BatchReward):
    def score_batch(self, items):
        return []


class Unfinished(BatchReward):
    name = "t_unfinished"


HERE = f"{__name__}:"


@pytest.fixture(autouse=True)
def clean():
    Recording.answers, Recording.built, Recording.asked = [0.5] * 9, [], []


def rubric(name: str = "Recording", where: str = "craft", gates: tuple = (), **settings: object) -> Rubric:
    return Rubric(name="t", gates=list(gates), **{where: {HERE + name: {"weight": 0.5, **settings}}})


def cards(texts, *answers, name="Recording", where="craft"):
    if answers:
        Recording.answers = list(answers)
    return rubric(name, where).score_many(texts, [BRIEF] * len(texts))


def test_it_is_built_when_first_asked_and_not_when_the_rubric_is_read():
    made = rubric(model="qwen", temperature=1)
    assert made.entries[-1].settings == {"model": "qwen", "temperature": 1.0} and not Recording.built
    made.score(APPROVAL, approving(), BOOK)
    made.score_many([APPROVAL] * 3, [BRIEF] * 3)
    assert Recording.built == [("qwen", 1.0)]


def test_it_is_asked_once_for_a_batch_about_what_was_parsed():
    given = cards([APPROVAL, "no ruling", REJECTION], 0.25, 0.75, where="penalties")
    ((first, second),) = Recording.asked
    assert isinstance(first, Item) and (first.completion, second.completion) == (APPROVAL, REJECTION)
    assert [card["t_recording"].value for card in given] == [0.25, 0.0, 0.75]
    assert given[0].total == pytest.approx(1.3 - 0.125) and given[2].total < 0


def test_one_that_wants_to_is_asked_about_failures_too():
    given = cards(["no ruling", APPROVAL], 1.0, 0.5, name="AskedAboutFailures", where="penalties")
    assert isinstance(Recording.asked[0][0].ruling, ParseFailure)
    assert [card["t_asked_about_failures"].value for card in given] == [1.0, 0.5]
    assert given[0].closed == "format"


@pytest.mark.parametrize("name", ["Recording", "AskedAboutFailures"])
def test_craft_is_not_asked_where_it_can_add_nothing(name):
    made = rubric(name, gates=["rulebook_consistency"])
    shut, miss = rule_on("approve", "WIN-1"), rule_on("reject", "WIN-1")
    given = made.score_many([shut, "no ruling", APPROVAL, miss], [BRIEF] * 4)
    ((item,),) = Recording.asked
    assert item.completion == APPROVAL
    asked = [card[made.entries[-1].name] for card in given]
    assert [(part.value, part.applies, part.contribution, part.reason) for part in asked] == [
        (None, None, 0.0, "not asked: gate 'rulebook_consistency' is closed"),
        (0.0, None, 0.0, "not a ruling: no_think"),
        (0.5, True, 0.25, ""),
        (None, None, 0.0, "not asked: the verdict is wrong"),
    ]
    assert [card.total for card in given] == pytest.approx([made.floor, made.floor, 1.55, -1 + 0.3 * 0.19])


def test_craft_is_asked_where_gold_has_no_verdict():
    (card,) = rubric().score_many([APPROVAL], [Brief.of(make_case(), BOOK)])
    assert card["t_recording"].value == 0.5 and card.total == card["t_recording"].contribution == 0


def test_gates_and_penalties_are_asked_whatever_the_verdict():
    for where in ("gates", "penalties"):
        made = Rubric(name="t", **{where: [HERE + "Recording"] if where == "gates" else {HERE + "Recording": 0.5}})
        made.score_many([REJECTION], [BRIEF])
        assert Recording.asked.pop()[0].completion == REJECTION


def test_a_reward_that_is_craft_here_and_a_penalty_there_is_asked_by_what_it_is_for_the_case():
    made = Rubric(
        name="t",
        overrides={"money": {"craft": {HERE + "Recording": 0.5}}, "health": {"penalties": {HERE + "Recording": 0.5}}},
    )
    money = make_case(verdict="reject", violations=[{"rule": "WIN-1"}])
    given = made.score_many([APPROVAL] * 2, [Brief.of(money, BOOK), Brief.of(rejecting(), BOOK)])
    ((item,),) = Recording.asked
    assert item.case == rejecting() and given[1]["t_recording"].contribution == -0.25
    assert given[0]["t_recording"].reason == "not asked: the verdict is wrong"


def test_one_ruling_is_scored_like_a_batch_of_one():
    made = rubric()
    assert made.score(APPROVAL, approving(), BOOK) == made.score_many([APPROVAL], [BRIEF])[0]
    made.score(ideal(approving()), approving(), BOOK)
    assert Recording.asked[-1][0].completion == APPROVAL


def test_an_item_knows_what_it_was_read_from():
    episode = Episode("c-1", (Turn("", author="tool"), Turn(APPROVAL)))
    read, told, failed = (Item.of(answer, BRIEF) for answer in (episode, ideal(approving()), parse("no ruling")))
    assert read.episode is episode and told.episode is failed.episode is None
    assert read.ruling == told.ruling and read.completion == told.completion == APPROVAL and failed.completion == ""
    assert Item.of("no ruling", BRIEF).completion == "no ruling"
    with pytest.raises(ValueError, match="an episode about case 'c-2' cannot be scored on case 'c-1'"):
        Item.of(Episode.plain("c-2", APPROVAL), BRIEF)
    assert (read.case, read.excerpt, read.gold) == (BRIEF.case, BOOK, BRIEF.case.gold)


def test_reasons_and_what_does_not_apply_are_kept():
    first, second = cards([APPROVAL] * 2, Score(0.5, "half"), NotApplicable)
    assert first["t_recording"].reason == "half" and second["t_recording"].value is None
    assert second.total == pytest.approx(1.3)


@pytest.mark.parametrize("bad", [math.nan, 1.5, -0.5, "much", None, RuntimeError("429"), Score(math.inf)])
def test_a_fault_on_one_item_leaves_the_others_alone(bad):
    given = cards([APPROVAL] * 3, 0.5, bad, 1.0)
    assert [card.total is None for card in given] == [False, True, False]
    (fault,) = given[1].unscored
    assert (fault.reward, fault.case) == ("t_recording", "c-1")
    assert "429" in fault.error or ("'t_recording'" in fault.error and "'c-1'" in fault.error)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_outcomes_of_the_wrong_number_belong_to_nobody(count, monkeypatch):
    monkeypatch.setattr(Recording, "score_batch", lambda self, items: [0.5] * count)
    given = cards([APPROVAL] * 2)
    assert all(card.total is None for card in given)
    assert f"'t_recording' returned {count} outcomes for 2 items (first case 'c-1')" in given[0].unscored[0].error


def test_what_a_generator_has_yielded_before_it_fails_counts(monkeypatch):
    def score_batch(self, items):
        yield 0.5
        raise ConnectionError("gone")

    monkeypatch.setattr(Recording, "score_batch", score_batch)
    given = cards([APPROVAL] * 3)
    assert [card["t_recording"].value for card in given] == [0.5, None, None]
    assert given[2].unscored[0].error.startswith("ConnectionError: gone")


def test_it_is_asked_in_parts_where_it_says_so_and_a_part_that_fails_costs_no_part_before_it(monkeypatch):
    monkeypatch.setattr(Recording, "at_once", 2)
    given = cards([APPROVAL] * 5)
    assert [len(items) for items in Recording.asked] == [2, 2, 1]
    assert [card["t_recording"].value for card in given] == [0.5] * 5
    monkeypatch.setattr(Recording, "score_batch", lambda self, items: [1 / (len(items) - 1)] * len(items))
    given = cards([APPROVAL] * 5)
    assert [card["t_recording"].value for card in given] == [1.0] * 4 + [None]
    assert given[4].errors["t_recording"].startswith("ZeroDivisionError")


def test_a_part_of_the_wrong_length_belongs_to_nobody_either(monkeypatch):
    monkeypatch.setattr(Recording, "at_once", 2)
    monkeypatch.setattr(Recording, "score_batch", lambda self, items: [0.5] * 2)
    given = cards([APPROVAL] * 3)
    assert all(card.total is None for card in given)
    assert "'t_recording' returned 2 outcomes for 1 items (first case 'c-1')" in given[0].unscored[0].error


def test_it_is_not_asked_about_nothing():
    assert cards(["no ruling"])[0].closed == "format" and not Recording.asked


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"modle": "x"}, "reward 't_recording' has no parameter 'modle' (did you mean 'model'?)"),
        ({"temperature": "hot"}, "reward 't_recording': temperature"),
    ],
)
def test_settings_are_checked_when_the_rubric_is_read(settings, message):
    with pytest.raises(ValueError) as error:
        rubric(**settings)
    assert message in str(error.value) and not Recording.built


@pytest.mark.parametrize("name", ["Nameless", "Unfinished", "Case"])
def test_a_class_that_is_no_batch_reward_says_so(name):
    assert Case
    with pytest.raises(DataError, match="derive a class that has a name from BatchReward"):
        find_reward(HERE + name)


def test_one_from_a_file_stays_the_same_class_until_the_file_changes(tmp_path):
    source = "from rewards import BatchReward\n\nclass Own(BatchReward):\n    name = 't_own_batch'\n    "
    path = tmp_path / "own.py"
    path.write_text(source + "def score_batch(self, items): return [1.0 for _ in items]\n")
    assert find_reward("own.py:Own", tmp_path) is find_reward("own.py:Own", tmp_path)
