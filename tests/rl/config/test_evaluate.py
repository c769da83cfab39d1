from rl.config import EvalRecipe


def test_a_recipe_says_how_a_model_is_asked() -> None:
    assert EvalRecipe.load("billboard").decoding.template == "compact"
