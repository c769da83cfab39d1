"""The reward model that a configuration describes, ready to train: a policy's trunk with a scalar head on it.

Training may begin with a policy, whose language-modelling head is left out, or with a reward model. An adapter goes on
learning in either case.
"""

from pathlib import Path

from transformers import AutoModel

from data import DataError
from rewards.models.checkpoint import base_of_adapter, load_adapter, load_config, load_weights
from rewards.models.location import resolve
from rewards.models.scalar_head import ScalarHead, has_head, read_head
from rl.config.model import ModelConfig
from rl.models.freeze import freeze
from rl.models.load import add_adapter, loading_options

_OF_POLICY = {r"^model\.": ""}
"""How an adapter's modules are called over a model that writes text, and over its trunk alone."""


def load_scorer_to_train(config: ModelConfig, checkpoint: str | Path | None = None) -> ScalarHead:
    """The model with its head: zeros where it begins with a policy, so that training starts from no opinion.

    Args:
        checkpoint: folder of a checkpoint of this very run, to resume from it.

    Raises:
        DataError: there is no such model, its weights do not match it key by key, or it is a classifier.
    """
    assert config.path is not None, "build the tiny model first"
    where = resolve(checkpoint or config.path)
    base, is_scorer = base_of_adapter(where), has_head(where)
    if not is_scorer and "SequenceClassification" in str(load_config(base or where).architectures):
        raise DataError("is a classifier, and its head would be lost: start from a model that writes text", file=where)
    # What a policy has besides is its language-modelling head.
    strict = checkpoint is not None and base is None
    model = load_weights(base or where, config.dtype, architecture=AutoModel, strict=strict, **loading_options(config))
    if base is not None:
        model = load_adapter(model, where, trainable=True, renamed=None if is_scorer else _OF_POLICY)
    elif config.lora is not None:
        model = add_adapter(model, config)
    else:
        freeze(model, config.freeze)
    head = read_head(where, model.config) if is_scorer else None
    scorer: ScalarHead = ScalarHead(model, head).train()
    return scorer
