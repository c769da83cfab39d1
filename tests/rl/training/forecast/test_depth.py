"""What a deep model holds is told from shallow ones."""

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
import torch

from rl.config.model import ModelConfig
from rl.config.train import SFTRecipe
from rl.models.load import load_config
from rl.training.forecast.batch import Batch, guess
from rl.training.forecast.depth import Depth
from rl.training.forecast.imagined import Imagined
from rl.training.forecast.passes import Held, inputs_of, learn
from rl.training.forecast.subject import imagine


@pytest.mark.slow
@pytest.mark.parametrize("checkpointing", [None, {}])
def test_a_deep_model_holds_what_shallow_ones_tell(checkpointing: Any, tiny_vl: Path, tmp_path: Path) -> None:
    config = load_config(tiny_vl)
    Depth(6, 6).cut(config)
    config.text_config.layer_types = None
    config.save_pretrained(tmp_path)
    recipe = SFTRecipe(name="mine", model=ModelConfig(path=str(tmp_path)), data={"train": "a", "rulebook": "b"})
    config = load_config(tmp_path)
    prompt = guess(40, [12, 7], config)
    assert prompt is not None and Depth.of(config) == Depth(6, 6)
    batch, mode = Batch([prompt, prompt], [5, 9]), Imagined()

    def held(depth: Depth) -> tuple[int, ...]:
        with mode:
            model = imagine(recipe, tmp_path, torch.float32, torch.float32, checkpointing, depth)
        return astuple(learn(model, inputs_of(model, batch, False), None, mode))

    whole, told = Held(*held(Depth(6, 6))), Held(*Depth(6, 6).told_from(held))
    exact = ("saved", "gradients", "peak_without_gradients")
    assert [getattr(told, name) for name in exact] == [getattr(whole, name) for name in exact]
    if checkpointing is None:
        assert told == whole
    else:  # in a deep model, it is at the end of the backward pass that most is held, and all gradients among it
        assert 0.9 * whole.peak < told.peak <= whole.peak
