import subprocess
import sys
from pathlib import Path

import pytest

from data import DataError
from rewards import Rubric

ROOT = Path(__file__).parents[2]
OFFLINE = """
import sys
from rewards import Rubric
own = {"local_judge": {"weight": 0.1, "model": "a", "batch_size": 4}, "reward_model": {"weight": 0.1, "model": "b"},
       "self_consistency": {"weight": {0: 0.0, 0.5: 0.2}, "model": "c", "decay": 0.9}}
rubric = Rubric(name="own", craft=own)
print(rubric.floor, "torch" in sys.modules, "transformers" in sys.modules)
"""


def test_a_rubric_that_names_them_is_read_without_models_and_without_torch():
    done = subprocess.run([sys.executable, "-c", OFFLINE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["-8.5", "False", "False"]


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

    from rewards._local import unsharded

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
