import json
import random
from pathlib import Path

import pytest

from data import Brief, Briefs, DataError
from rl.config.policy import GRPORecipe
from rl.curation.hard_cases import cases_to_train_on, choose
from tests.rl.conftest import toy_briefs


def recipe(toy: Path, output: Path, **hard) -> GRPORecipe:
    data = {"train": [str(toy / "text.jsonl")], "rulebook": str(toy / "rules.yaml"), "template": "compact"}
    trainer = {"max_completion_length": 8}
    return GRPORecipe(
        name="toy", output=output, data=data, model={"path": "-"}, rubric="billboard", trainer=trainer, hard=hard
    )


@pytest.fixture
def briefs(toy: Path) -> Briefs:
    return toy_briefs(toy / "text.jsonl")


def test_wrong_cases_make_up_the_share():
    names = [str(n) for n in range(100)]
    chosen = choose(names, {"3", "5"}, 0.25, random.Random(0))
    assert len(chosen) == 8 and {"3", "5"} <= chosen.keys()


def test_weights_make_up_for_the_drawing():
    names, wrong = [str(n) for n in range(100)], {"3", "5"}
    weights = choose(names, wrong, 0.25, random.Random(0))
    of_wrong = sum(weight for name, weight in weights.items() if name in wrong)
    assert of_wrong / sum(weights.values()) == pytest.approx(0.02)
    assert sum(weights.values()) == pytest.approx(len(weights))


def test_without_enough_right_cases_all_are_chosen():
    names = [str(n) for n in range(10)]
    assert sorted(choose(names, set(names[:8]), 0.25, random.Random(0))) == names


def test_where_nothing_is_wrong_all_are_chosen():
    assert choose(["a", "b"], set(), 0.25, random.Random(0)) == {"a": 1.0, "b": 1.0}


def test_all_cases_unless_asked(toy, tmp_path, briefs):
    asked_for_none = recipe(toy, tmp_path).model_copy(update={"hard": None})
    assert cases_to_train_on(asked_for_none, "no model is needed", briefs) is briefs


def test_the_model_is_asked_once_and_the_choice_is_kept(toy, tmp_path, briefs, tiny_text: Path):
    asked = recipe(toy, tmp_path, look_at=6)
    first = cases_to_train_on(asked, str(tiny_text), briefs)
    assert len(first) == 6  # an untrained model gets all wrong
    (tmp_path / "hard.json").write_text((tmp_path / "hard.json").read_text().replace(str(tiny_text), "gone"))
    assert cases_to_train_on(asked, "gone", briefs).cases == first.cases


def test_the_chosen_keep_their_excerpts_and_are_weighed(toy, tmp_path, briefs, tiny_text: Path):
    found = briefs.book.excerpt(["RED-1"], retrieved=True)
    searched = Briefs([Brief(briefs[0].case.model_copy(update={"weight": 3.0}), found), *briefs[1:6]], briefs.book)
    chosen = cases_to_train_on(recipe(toy, tmp_path, look_at=6), str(tiny_text), searched)
    assert chosen["toy-0"].excerpt is found and chosen["toy-0"].case.weight == 3.0
    assert searched["toy-0"].case.weight == 3.0 and chosen.book is briefs.book


def test_a_choice_made_otherwise_is_refused(toy, tmp_path, briefs, tiny_text: Path):
    cases_to_train_on(recipe(toy, tmp_path, look_at=6), str(tiny_text), briefs)
    with pytest.raises(DataError, match="other settings"):
        cases_to_train_on(recipe(toy, tmp_path, look_at=7), str(tiny_text), briefs)
    with pytest.raises(DataError, match="other cases"):
        cases_to_train_on(recipe(toy, tmp_path, look_at=6), str(tiny_text), briefs[:3])


@pytest.mark.parametrize(
    ("damage", "field"),
    [
        ({"look_at": None}, "look_at"),
        ({"weights": ["toy-1"]}, "weights"),
        ({"weights": {}}, "weights"),
        ({"weights": {"toy-1": "much"}}, r"weights\.toy-1"),
        ({"weights": {"toy-1": -1}}, r"weights\.toy-1"),
        ({"share": "a quarter"}, "share"),
    ],
)
def test_a_damaged_choice_is_named(damage: dict, field: str, toy, tmp_path, briefs):
    asked = recipe(toy, tmp_path, look_at=6)
    whole = {"look_at": 6, "share": 0.25, "model": "m", "wrong": 1, "weights": {briefs[0].id: 1.0}}
    file = tmp_path / "hard.json"
    file.write_text(json.dumps(whole))
    assert len(cases_to_train_on(asked, "m", briefs)) == 1
    file.write_text(json.dumps(whole | damage))
    with pytest.raises(DataError, match=rf"hard\.json: {field}: .*remove it"):
        cases_to_train_on(asked, "m", briefs)
    file.write_text("{}")
    with pytest.raises(DataError, match=r"hard\.json: look_at: "):
        cases_to_train_on(asked, "m", briefs)
