"""Loading models and processors: from a folder, a run or the Hub, whole or with adapters, and never by halves.

A checkpoint that lacks a weight, or has one that the model does not know, is an error: the trainer's own resume
loads vision-language checkpoints with ``strict=False`` and matches nothing.
"""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    ProcessorMixin,
)
from transformers.integrations import is_deepspeed_zero3_enabled
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
from transformers.utils import is_bitsandbytes_available

from data import DataError
from rl.model_config import LoraConfig, ModelConfig

FINAL = Path("checkpoints") / "final"
"""Where in a run's folder the trained model lies."""
ADAPTER = "adapter_config.json"

Processor = ProcessorMixin | PreTrainedTokenizerBase
"""What turns messages and images into tensors: a text-only model has a tokenizer."""


def resolve(path: str | Path) -> str:
    """The folder (or name on the Hub) of a model: for a run's folder, that of its final checkpoint."""
    final = Path(path) / FINAL
    return str(final if final.is_dir() else path)


def load_processor(path: str | Path) -> Processor:
    """The processor of a vision-language model, or the tokenizer of a text model; padding on the left.

    Raises:
        DataError: there is no such model, or it has no chat template.
    """
    where = resolve(path)
    try:
        processor: Processor = AutoProcessor.from_pretrained(where)
    except (OSError, ValueError) as error:
        raise DataError(f"no processor or tokenizer can be loaded: {_first_line(error)}", file=path) from error
    if processor.chat_template is None:
        raise DataError("the model has no chat template: take an instruction-tuned one", file=path)
    tokenizer = tokenizer_of(processor)
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor


def tokenizer_of(processor: Processor) -> PreTrainedTokenizerBase:
    """The tokenizer inside a processor, or the tokenizer itself."""
    return processor.tokenizer if isinstance(processor, ProcessorMixin) else processor


def special_tokens(processor: Processor) -> tuple[str, ...]:
    """Every special token, so that reviewed text that contains one can be neutralised."""
    tokenizer = tokenizer_of(processor)
    added = [token.content for token in tokenizer.added_tokens_decoder.values()]
    return tuple(dict.fromkeys([*tokenizer.all_special_tokens, *added]))


def load_model(config: ModelConfig, checkpoint: str | Path | None = None, trainable: bool = True) -> PreTrainedModel:
    """The model that a configuration describes, ready to train (or, with ``trainable=False``, to generate).

    Args:
        checkpoint: folder of a checkpoint of this very run, to resume from it.

    Raises:
        DataError: there is no such model, or its weights do not match it key by key.
    """
    assert config.path is not None, "build the tiny model first"
    where = resolve(checkpoint or config.path)
    base = _base_of_adapter(where)
    model = _load_weights(base or where, config, strict=checkpoint is not None)
    if base is not None:
        model = _load_adapter(model, where, trainable)
    elif config.lora is not None and trainable:
        model = _add_adapter(model, config)
    return model.train(trainable)


def empty_model(path: str | Path, lora: LoraConfig | None = None) -> PreTrainedModel:
    """The model of a ``config.json``, without weights (meta device): to count its parameters."""
    config = AutoConfig.from_pretrained(path)
    with torch.device("meta"):
        model = _auto_class(config).from_config(config)
        return _with_lora(model, lora) if lora is not None else model


def context_length(model_or_config: Any) -> int:
    """How many tokens prompt and completion may have together."""
    config = getattr(model_or_config, "config", model_or_config)
    return int(config.get_text_config().max_position_embeddings)


def _load_weights(path: str, config: ModelConfig, strict: bool) -> PreTrainedModel:
    # Weights of another shape are reported and refused below, with the missing ones.
    options: dict[str, Any] = {"dtype": config.dtype, "ignore_mismatched_sizes": True}
    if config.attn_implementation is not None:
        options["attn_implementation"] = config.attn_implementation
    if config.load_in_4bit:
        options["quantization_config"] = _four_bits()
    try:
        architecture = _auto_class(AutoConfig.from_pretrained(path))
        model, report = architecture.from_pretrained(path, output_loading_info=True, **options)
    except (OSError, ValueError) as error:
        raise DataError(f"no model can be loaded: {_first_line(error)}", file=path) from error
    faults = ["missing_keys", "mismatched_keys"] + (["unexpected_keys"] if strict else [])
    _complain(path, {fault: report[fault] for fault in faults})
    return model


def _auto_class(config: Any) -> Any:
    sees = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    return AutoModelForImageTextToText if sees else AutoModelForCausalLM


def _base_of_adapter(path: str) -> str | None:
    """The model that an adapter was trained on; None where ``path`` is no adapter."""
    if not (Path(path) / ADAPTER).is_file():
        return None
    from peft import PeftConfig

    return PeftConfig.from_pretrained(path).base_model_name_or_path


def _load_adapter(model: PreTrainedModel, path: str, trainable: bool) -> Any:
    from peft import PeftModel, get_peft_model_state_dict, load_peft_weights

    adapted = PeftModel.from_pretrained(model, path, is_trainable=trainable)
    stored, known = set(load_peft_weights(path, device="cpu")), set(get_peft_model_state_dict(adapted))
    _complain(path, {"missing_keys": known - stored, "unexpected_keys": stored - known})
    return adapted


def _add_adapter(model: PreTrainedModel, config: ModelConfig) -> Any:
    assert config.lora is not None
    if config.load_in_4bit:
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return _with_lora(model, config.lora)


def _with_lora(model: PreTrainedModel, lora: LoraConfig) -> Any:
    from peft import LoraConfig as PeftLoraConfig
    from peft import get_peft_model

    chosen = PeftLoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
        task_type="CAUSAL_LM",
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


def _complain(path: str, faults: dict[str, Any]) -> None:
    named = {fault.replace("_", " "): sorted(map(str, keys)) for fault, keys in faults.items() if keys}
    if named:
        shown = "; ".join(f"{len(keys)} {fault} ({', '.join(keys[:3])}…)" for fault, keys in named.items())
        raise DataError(f"the weights do not match the model: {shown}", file=path)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
