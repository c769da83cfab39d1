"""What is self-distillation's own in a recipe."""

import pytest

from data import DataError
from rl.config import DistilRecipe, SFTRecipe

SERVED = {
    "distil.endpoint.url": "http://localhost:8000/v1",
    "distil.endpoint.model": "large",
    "distil.top_k": "20",
    "temperature": "1",
}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"distil.feedback": "rubric"}, "'gold', 'scorecard', 'findings' or 'none'"),
        ({"distil.divergence": "kl"}, "'forward', 'reverse' or 'jensen_shannon'"),
        ({"distil.decay": "1.5"}, "less than or equal to 1"),
        ({"distil.top_k": "0"}, "greater than or equal to 1"),
        ({"distil.lag": "3"}, "unknown key"),
        ({"distil.feedback": "none"}, "feedback: a policy that is told nothing cannot teach itself"),
        (SERVED | {"distil.top_k": "null"}, "top_k: a server gives its likeliest tokens"),
        (SERVED | {"distil.decay": "0.9"}, "decay: a teacher behind an endpoint does not follow"),
        (SERVED | {"temperature": "0.7"}, r"trainer\.temperature: a server tells log-probabilities at temperature 1"),
        (SERVED | {"distil.endpoint.url": "http://me:key@host/v1"}, r"distil\.endpoint\.url.*OPENAI_API_KEY"),
        (SERVED | {"distil.endpoint.retries": "-1"}, r"distil\.endpoint\.retries"),
        ({"distil.grpo": "0.5", "num_generations": "1"}, "GRPO compares the completions on a case"),
        ({"beta": "0.1"}, r"trainer\.beta.*set distil\.grpo"),
        ({"credit": "masked"}, r"credit.*set distil\.grpo"),
        ({"desk": "{tools: [zoom]}"}, "desk: episodes with tools are not distilled"),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        DistilRecipe.load("billboard/distil", settings)


def test_a_teacher_behind_an_endpoint_is_told_anything_or_nothing() -> None:
    for feedback in ("none", "gold"):
        recipe = DistilRecipe.load("billboard/distil", SERVED | {"distil.feedback": feedback})
        assert recipe.distil.endpoint is not None and recipe.distil.endpoint.model == "large"


def test_one_completion_a_case_is_enough_and_a_mixture_wants_two() -> None:
    assert DistilRecipe.load("billboard/distil").arguments(bf16=False).num_generations == 1
    mixed = DistilRecipe.load("billboard/distil", {"distil.grpo": "0.5", "num_generations": "4"})
    assert mixed.arguments(bf16=False).num_generations == 4


def test_lessons_can_tell_of_rulings_and_not_of_episodes() -> None:
    assert SFTRecipe.load("billboard/sft", {"feedback": "0.5"}).feedback == 0.5
    with pytest.raises(DataError, match="feedback: it tells of rulings"):
        SFTRecipe.load("billboard_desk/sft", {"feedback": "0.5"})
