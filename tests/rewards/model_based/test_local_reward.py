"""Rewards by models of one's own: settings are checked early, and models are loaded whole."""

import pytest

from data import DataError
from rewards import Rubric


@pytest.mark.parametrize(
    ("name", "settings", "complaint"),
    [
        ("local_judge", {}, "needs a value for model"),
        ("local_judge", {"model": "a", "batch_siz": 4}, r"no parameter 'batch_siz' \(did you mean 'batch_size'"),
        ("reward_model", {"model": "a", "batch_size": 0}, "batch_size"),
        ("self_consistency", {"model": "a", "decay": 1.5}, "decay"),
        ("self_consistency", {"model": "a", "dtype": "int8"}, "dtype"),
    ],
)
def test_settings_are_checked_when_the_rubric_is_read(name: str, settings: dict, complaint: str):
    with pytest.raises((DataError, ValueError), match=complaint):
        Rubric(name="own", craft={name: {"weight": 0.1, **settings}})


@pytest.mark.slow
def test_own_models_are_loaded_whole_where_training_shards_its_own():
    pytest.importorskip("deepspeed")
    from transformers.integrations import HfDeepSpeedConfig, is_deepspeed_zero3_enabled
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config

    from rewards.models.local_model import unsharded

    config = HfDeepSpeedConfig({"train_batch_size": 1, "zero_optimization": {"stage": 3}})
    try:
        assert is_deepspeed_zero3_enabled()
        with unsharded():
            assert not is_deepspeed_zero3_enabled()
        assert is_deepspeed_zero3_enabled() and config is not None
    finally:
        unset_hf_deepspeed_config()
    with unsharded():
        pass
    assert not is_deepspeed_zero3_enabled()
