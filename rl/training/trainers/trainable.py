"""Trainable: architectures that write and that TRL cannot train (trl 1.16, transformers 5.23), refused by name before
the first step instead of a traceback in it.
"""

from typing import Any

from transformers import PreTrainedModel

from data import DataError


def check_trainable(model: Any, sees: bool) -> None:
    """Refuses a model that TRL's trainers cannot train.

    Args:
        model: with an adapter on it, or without.
        sees: whether some of what it is trained on has pictures.

    Raises:
        DataError: it is one; says why.
    """
    bare = model.get_base_model() if hasattr(model, "get_base_model") else model
    if not isinstance(bare, PreTrainedModel):
        return
    name = bare.config.model_type
    if bare.base_model is bare:
        # Tokens are scored from the hidden states of the model below the head (`add_fused_lm_head`).
        message = "there is no model below its head, which TRL needs to score tokens: take another model"
        raise DataError(f"{name}: {message}", field="model.path")
    if sees and getattr(bare.config.get_text_config(), "cross_attention_layers", None):
        # Which pictures each token may look at is told of the prompt's tokens only: TRL joins prompts and completions,
        # moves them, and leaves that as it was.
        message = "its layers look at pictures by cross-attention, which TRL cannot train: take another model"
        raise DataError(f"{name}: {message}, or leave pictures out with `images: ignore`", field="model.path")
