from pathlib import Path

import pytest

from data import DataError
from rl.config import EvalRecipe, ModelConfig, SFTRecipe


def test_variables_of_the_chat_template_keep_their_types() -> None:
    written = {"enable_thinking": "true", "effort": "low", "budget": "5"}
    overrides = {f"model.chat_template_kwargs.{name}": value for name, value in written.items()}
    expected = {"enable_thinking": True, "effort": "low", "budget": 5}
    assert SFTRecipe.load("billboard/sft", overrides).model.chat_template_kwargs == expected
    asked = EvalRecipe.load("billboard/eval", {"decoding.chat_template_kwargs": "{enable_thinking: true}"})
    assert asked.decoding.chat_template_kwargs == {"enable_thinking": True}


def test_other_weights_are_another_configuration() -> None:
    built = ModelConfig(tiny={}, attn_implementation="eager")
    loaded = built.with_weights(Path("runs/x/tiny"))
    assert (loaded.path, loaded.tiny, loaded.attn_implementation) == ("runs/x/tiny", None, "eager")
    assert built.path is None and built.tiny is not None


def test_native_video_is_refused_with_the_reason() -> None:
    for recipe, start in ((SFTRecipe, "billboard/sft"), (EvalRecipe, "billboard/eval")):
        overrides = {"model.frames": "video"} | ({"model.path": "runs/x"} if recipe is EvalRecipe else {})
        with pytest.raises(DataError, match=r"model\.?.*TRL 1\.16 does not train it"):
            recipe.load(start, overrides)
    assert SFTRecipe.load("billboard/sft", {"model.frames": "pictures"}).model.frames == "pictures"
