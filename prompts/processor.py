"""Processor: what turns messages into tensors for a model. A text-only model's is a tokenizer."""

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, ProcessorMixin

Processor: TypeAlias = "ProcessorMixin | PreTrainedTokenizerBase"


def tokenizer_of(processor: Processor) -> "PreTrainedTokenizerBase":
    """The tokenizer inside a processor, or the tokenizer itself."""
    whole: Any = processor
    tokenizer: PreTrainedTokenizerBase = getattr(whole, "tokenizer", whole)
    return tokenizer


def reads_media(processor: Processor) -> bool:
    """Whether it reads more than text."""
    return processor is not tokenizer_of(processor)


def special_tokens(processor: Processor) -> tuple[str, ...]:
    """Every special token, so that reviewed text that contains one can be neutralised."""
    tokenizer = tokenizer_of(processor)
    added = [token.content for token in tokenizer.added_tokens_decoder.values()]
    return tuple(dict.fromkeys([*tokenizer.all_special_tokens, *added]))
