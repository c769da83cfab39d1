"""Checkpoints: models and processors from a folder, a run or the Hub, whole or with adapters, and never by halves.

A checkpoint that lacks a weight, or has one of another shape, is an error: the trainer's own resume loads
vision-language checkpoints with ``strict=False`` and matches nothing. Loads torch: to be imported where a model is
about to be built.
"""

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from data import DataError
from prompts.processor import Processor, tokenizer_of
from rewards.models.location import resolve
from rewards.models.machine import computes_in_bfloat16
from rewards.models.patch_projection import project_by_product
from rewards.models.pixel_type import take_any_pixels

ADAPTER = "adapter_config.json"


def load_processor(path: str | Path) -> Processor:
    """The processor of a vision-language model, or the tokenizer of a text model; padding on the left.

    Raises:
        DataError: there is no such model, or it has no chat template.
    """
    where = resolve(path)
    try:
        processor: Processor = AutoProcessor.from_pretrained(where)
    except Exception as error:  # anything may be raised on damaged files, and none of it is our bug
        raise DataError(f"no processor or tokenizer can be loaded: {_first_line(error)}", file=path) from error
    if processor.chat_template is None:
        raise DataError("the model has no chat template: take an instruction-tuned one", file=path)
    _check_pixels(processor, path)
    tokenizer = tokenizer_of(processor)
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor


def _check_pixels(processor: Any, path: str | Path) -> None:
    """Refuses numbers that would make every picture one and the same to the model.

    Raises:
        DataError: one is not finite, or no number; names it.
    """
    for name in ("image_mean", "image_std", "rescale_factor"):
        given = getattr(getattr(processor, "image_processor", None), name, None)
        for number in given if isinstance(given, list | tuple) else [] if given is None else [given]:
            if not isinstance(number, int | float) or not isfinite(number):
                raise DataError(f"want finite numbers, not {number!r:.80}", file=path, field=f"image_processor.{name}")


def load_config(path: str | Path) -> Any:
    """The configuration of a model, which says its architecture.

    Raises:
        DataError: there is none, or it is damaged.
    """
    try:
        return AutoConfig.from_pretrained(path)
    except Exception as error:  # as above
        raise DataError(f"no model can be loaded: {_first_line(error)}", file=path) from error


def load_weights(
    path: str, dtype: str = "auto", *, architecture: Any = None, strict: bool = False, **options: Any
) -> PreTrainedModel:
    """A model with its weights.

    Args:
        path: a folder or a name on the Hub.
        dtype: precision of the weights; ``auto`` is what the checkpoint says, but float32 where it says bfloat16 and
            the machine would only emulate that.
        architecture: one of transformers' auto classes; by default, the one that writes text.
        strict: refuse weights that the model does not know, too.
        options: for ``from_pretrained``.

    Raises:
        DataError: there is no such model, or its weights do not match it key by key.
    """
    config = load_config(path)
    try:
        architecture = architecture or generative_class(config)
        stored = config.dtype or config.get_text_config().dtype
        if dtype == "auto" and stored == torch.bfloat16 and not computes_in_bfloat16():
            dtype = "float32"
        # Weights of another shape are reported and refused below, with the missing ones.
        model, report = architecture.from_pretrained(
            path, dtype=dtype, ignore_mismatched_sizes=True, output_loading_info=True, **options
        )
    except Exception as error:  # as above
        raise DataError(f"no model can be loaded: {_first_line(error)}", file=path) from error
    faults = ["missing_keys", "mismatched_keys"] + (["unexpected_keys"] if strict else [])
    _complain(path, {fault: report[fault] for fault in faults})
    loaded: PreTrainedModel = model
    project_by_product(loaded)
    take_any_pixels(loaded)
    return loaded


def generative_class(config: Any) -> Any:
    """The auto class of the model that writes text, and sees pictures if the architecture does."""
    sees = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    return AutoModelForImageTextToText if sees else AutoModelForCausalLM


def base_of_adapter(path: str) -> str | None:
    """The model that an adapter was trained on; None where ``path`` is no adapter."""
    if not (Path(path) / ADAPTER).is_file():
        return None
    from peft import PeftConfig

    return PeftConfig.from_pretrained(path).base_model_name_or_path


def load_adapter(model: PreTrainedModel, path: str, trainable: bool, renamed: Mapping[str, str] | None = None) -> Any:
    """The model with an adapter on it.

    Args:
        renamed: for an adapter of another class over the same layers, patterns in its modules' names, and what stands
            there in this model's.

    Raises:
        DataError: the adapter's weights do not match the model key by key.
    """
    from peft import PeftConfig, PeftModel, get_peft_model_state_dict, load_peft_weights

    options: dict[str, Any] = {} if renamed is None else {"key_mapping": dict(renamed)}
    config = PeftConfig.from_pretrained(path)
    config.task_type = task_of(model)
    adapted = PeftModel.from_pretrained(model, path, is_trainable=trainable, config=config, **options)
    stored, known = set(load_peft_weights(path, device="cpu", **options)), set(get_peft_model_state_dict(adapted))
    _complain(path, {"missing_keys": known - stored, "unexpected_keys": stored - known})
    return adapted


def task_of(model: PreTrainedModel) -> str | None:
    """What an adapter is told that the model is for: to write text, or nothing in particular where it is a trunk."""
    return "CAUSAL_LM" if model.can_generate() else None


def context_length(model_or_config: Any) -> int:
    """How many tokens prompt and completion may have together."""
    config = getattr(model_or_config, "config", model_or_config)
    return int(config.get_text_config().max_position_embeddings)


def _complain(path: str, faults: dict[str, Any]) -> None:
    named = {fault.replace("_", " "): sorted(map(str, keys)) for fault, keys in faults.items() if keys}
    if named:
        shown = "; ".join(f"{len(keys)} {fault} ({', '.join(keys[:3])}…)" for fault, keys in named.items())
        raise DataError(f"the weights do not match the model: {shown}", file=path)


def _first_line(error: Exception) -> str:
    """What libraries tell users as it stands; what slips out of them with its name: ``KeyError: 'model_type'``."""
    first = str(error).strip().split("\n")[0]
    return first if type(error) in (OSError, ValueError) else f"{type(error).__name__}: {first}"
