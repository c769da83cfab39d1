"""Export: a trained model as a folder that plain transformers (and what reads its format, such as vLLM) loads."""

import shutil
from pathlib import Path
from typing import Any, get_args

from data import DataError
from data.files import whole_folder
from rewards.models.checkpoint import base_of_adapter, load_config
from rewards.models.location import resolve
from rl.config.decoding import Precision
from rl.config.model import ModelConfig
from rl.models.load import load_model, load_processor
from rl.runs.manifest import COMPLETE

LEFT_OUT = ("optimizer*", "scheduler*", "rng_state*", "training_args.bin", "trainer_state.json", COMPLETE,
            "critic.safetensors", "global_step*", "latest", "zero_to_fp32.py", "built_from.json")  # fmt: skip
"""What a checkpoint has for going on with its run."""


def export(run: str | Path, to: str | Path, merge: bool = False) -> Path:
    """Writes a model's weights, configuration and processor into a new folder, in the precision that they have.

    Args:
        run: a run's folder (its final checkpoint is meant), or a checkpoint's.
        to: the folder to be made.
        merge: add an adapter to the weights that it is on; otherwise, an adapter stays one.

    Returns:
        ``to``.

    Raises:
        DataError: there is no such model, the folder is there already or lies in
            the model's, or there is nothing to merge.
    """
    where, target = Path(resolve(run)), Path(to)
    if not (where / "config.json").is_file() and base_of_adapter(str(where)) is None:
        raise DataError("holds no trained model", file=where)
    if target.exists():
        raise DataError("is there already: name another folder", file=target)
    if target.resolve().is_relative_to(where.resolve()):
        raise DataError("lies in the model's own folder: name one elsewhere", file=target)
    base = base_of_adapter(str(where))
    if merge and base is None:
        raise DataError("is no adapter: its weights are whole already, leave out --merge", file=where)
    with whole_folder(target) as draft:
        if merge:
            assert base is not None
            _merged(where, base).save_pretrained(draft)
            load_processor(where).save_pretrained(draft)
        else:
            shutil.copytree(where, draft, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return target


def _merged(adapter: Path, base: str) -> Any:
    config = load_config(base)
    stored = str(config.dtype or config.get_text_config().dtype or "float32").removeprefix("torch.")
    dtype: Any = stored if stored in get_args(Precision) else "auto"
    model: Any = load_model(ModelConfig(path=str(adapter), dtype=dtype), trainable=False)
    return model.merge_and_unload()
