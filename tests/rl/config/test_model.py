from pathlib import Path

from rl.config import ModelConfig


def test_other_weights_are_another_configuration() -> None:
    built = ModelConfig(tiny={}, attn_implementation="eager")
    loaded = built.with_weights(Path("runs/x/tiny"))
    assert (loaded.path, loaded.tiny, loaded.attn_implementation) == ("runs/x/tiny", None, "eager")
    assert built.path is None and built.tiny is not None
