"""The model that a configuration describes, ready to train or to generate.

Loading itself is `rewards.models.checkpoint`'s, since rewards load models too.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.integrations import is_deepspeed_zero3_enabled
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import is_bitsandbytes_available

from data import DataError, suggest
from prompts.chat import settle
from prompts.processor import Processor, special_tokens, tokenizer_of
from rewards.models.checkpoint import (
    ADAPTER,
    base_of_adapter,
    context_length,
    generative_class,
    load_adapter,
    load_config,
    load_processor,
    load_weights,
    task_of,
)
from rewards.models.location import resolve
from rl.config.model import LoraConfig, ModelConfig
from rl.models.freeze import Part, freeze
from rl.models.pixels import set_pixels

__all__ = [
    "ADAPTER",
    "Processor",
    "add_adapter",
    "add_lora",
    "check_attention",
    "context_length",
    "empty_model",
    "load_config",
    "load_model",
    "load_processor",
    "loading_options",
    "processor_for",
    "special_tokens",
    "tokenizer_of",
]

_OF_THE_HUB = re.compile(r"[^/:]+/[^/:]+(@[^/:]+)?(:[^/:]+)?")
"""How a kernel is named: ``OWNER/NAME``, then ``@REVISION`` and ``:FUNCTION`` if need be."""


def load_model(config: ModelConfig, checkpoint: str | Path | None = None, trainable: bool = True) -> PreTrainedModel:
    """The model that a configuration describes, ready to train (or, with ``trainable=False``, to generate).

    Args:
        checkpoint: folder of a checkpoint of this very run, to resume from it.

    Raises:
        DataError: there is no such model, or its weights do not match it key by key.
    """
    assert config.path is not None, "build the tiny model first"
    where = resolve(checkpoint or config.path)
    base = base_of_adapter(where)
    model = load_weights(base or where, config.dtype, strict=checkpoint is not None, **loading_options(config))
    if base is not None:
        model = load_adapter(model, where, trainable)
    elif config.lora is not None and trainable:
        model = add_adapter(model, config)
    elif trainable:
        freeze(model, config.freeze)
    return model.train(trainable)


def loading_options(config: ModelConfig) -> dict[str, Any]:
    """What ``from_pretrained`` is told of a configuration, beside the precision.

    Raises:
        DataError: there is no such attention, or nothing to load in 4 bits with.
    """
    options: dict[str, Any] = {}
    check_attention(config.attn_implementation)
    if config.attn_implementation is not None:
        options["attn_implementation"] = config.attn_implementation
    if config.load_in_4bit:
        options["quantization_config"] = _four_bits()
    return options


def processor_for(config: ModelConfig) -> Processor:
    """The processor of the model that a configuration describes, its chat template settled.

    Raises:
        DataError: there is no such model, or its chat template or its pictures are not as the configuration has them.
    """
    assert config.path is not None, "build the tiny model first"
    processor = load_processor(config.path)
    set_pixels(processor, config)
    settle(processor, config.chat_template_kwargs)
    return processor


def check_attention(name: str | None) -> None:
    """Refuses the name of an attention that does not exist; whether it runs on this machine shows when it is loaded. A
    kernel of the Hub is named as ``OWNER/NAME``.

    Raises:
        DataError: no attention is called so; names the nearest.
    """
    known = ["eager", *ALL_ATTENTION_FUNCTIONS.valid_keys()]
    if name is not None and name not in known and not _OF_THE_HUB.fullmatch(name):
        message = f"there is no attention '{name}'{suggest(name, known)}: choose from {', '.join(sorted(known))}"
        raise DataError(message, field="model.attn_implementation")


def empty_model(path: str | Path, lora: LoraConfig | None = None, frozen: Sequence[Part] = ()) -> PreTrainedModel:
    """The model of a ``config.json``, without weights (meta device): to count its parameters, and those that learn.

    Raises:
        DataError: there is none, it is damaged, or it has no part that is to be frozen.
    """
    config = load_config(path)
    with torch.device("meta"):
        try:
            model = generative_class(config).from_config(config)
        except Exception as error:  # anything may be raised on numbers that make no model, and none of it is our bug
            message = f"no model can be built from its config.json: {type(error).__name__}: {error}"
            raise DataError(message, file=path) from error
        freeze(model, frozen)
        return add_lora(model, lora) if lora is not None else model


def add_adapter(model: PreTrainedModel, config: ModelConfig) -> Any:
    """The model with a new adapter on it, as a configuration describes it."""
    assert config.lora is not None
    if config.load_in_4bit:
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return add_lora(model, config.lora)


def add_lora(model: PreTrainedModel, lora: LoraConfig) -> Any:
    """The model with new low-rank adapters on it."""
    from peft import LoraConfig as PeftLoraConfig
    from peft import get_peft_model

    chosen = PeftLoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
        task_type=task_of(model),
    )
    # ZeRO-3 gathers weights into buffers of one type: adapters have to keep the model's own.
    return get_peft_model(model, chosen, autocast_adapter_dtype=not is_deepspeed_zero3_enabled())


def _four_bits() -> Any:
    if not is_bitsandbytes_available():
        raise DataError("needs bitsandbytes and a GPU: pip install 'ruling[qlora]'", field="model.load_in_4bit")
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
