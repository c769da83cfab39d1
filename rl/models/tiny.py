"""Tiny models: a real architecture of a few million parameters, built on the spot and saved as an ordinary checkpoint.

Every command treats the folder as it would a model from the Hub: `AutoProcessor` and `AutoModelForImageTextToText`
load it offline. The tokenizer is trained on the texts that it will meet, and made so that a ruling takes few tokens:

- a word is one piece together with the space that follows it, so that a quote starts with the same token that the
  phrase starts with where it stands in the ad;
- digits stand alone, so that numbers can be compared;
- a run of punctuation, with the keys of the answer and our tags in it, is one piece, such as ``"}], "verdict": "``;
- a rule id such as ``SALE-1`` is one piece, and so is the end of a finding, ``: clear`` or ``-> broken`` with the new
  line, whatever stands before it;
- every byte is in the vocabulary, so that any language survives.

``<think>`` and ``<answer>`` are ordinary text: decoding with ``skip_special_tokens=True`` keeps them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertModel,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from data import OUTCOMES, Interval, Quote, Region, Ruling, Violation

END_OF_TEXT, TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
VISION_START, VISION_END, IMAGE, VIDEO = "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"
SPECIAL_TOKENS = (END_OF_TEXT, TURN, END_OF_TURN, VISION_START, VISION_END, IMAGE, VIDEO)

CHAT_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if tools and loop.first %}{% for tool in tools %}{{ tool.function.name }}(\
{{ tool.function.parameters.properties | join(', ') }}){{ '\\n' if loop.last else ', ' }}{% endfor %}{% endif %}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>\
{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>\
{% else %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}<|im_end|>
{%- endfor -%}
{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""Qwen's, without the newlines between turns. Content is content: it is never stripped or interpreted. Tools are named
in one line, and what they answer is a turn of theirs."""

_PATCH, _MERGE = 14, 2
_PIXELS_PER_TOKEN = (_PATCH * _MERGE) ** 2


@dataclass(frozen=True)
class TinySize:
    """How big the model is. The default has 2.6 M parameters with a vocabulary of 2,048."""

    vocab: int = 2048
    """Upper bound on the number of tokens, with the special ones."""
    hidden: int = 192
    intermediate: int = 512
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    context: int = 4096
    """Longest prompt and completion together, in tokens."""
    vision_hidden: int = 96
    vision_intermediate: int = 256
    vision_depth: int = 2
    vision_heads: int = 4


def build_tiny(
    out: str | Path,
    texts: Iterable[str],
    kind: Literal["vl", "text", "encoder"] = "vl",
    size: TinySize | None = None,
    image_tokens: int = 16,
    seed: int = 0,
) -> Path:
    """Builds a tiny model with its tokenizer (and image processor) and saves it under ``out``.

    Args:
        out: folder of the checkpoint; created.
        texts: what the tokenizer is trained on: prompts and completions as they will be met.
        kind: ``vl`` is Qwen2.5-VL (text and images), ``text`` is Qwen3, ``encoder`` is BERT, which makes vectors.
        size: dimensions.
        image_tokens: tokens that one picture becomes; a picture of any size is scaled to about
            ``image_tokens`` × 28 × 28 pixels, at its aspect ratio.
        seed: equal seeds and texts give equal weights.
    """
    size = size or TinySize()
    out = Path(out)
    tokenizer = train_tokenizer(texts, size.vocab, size.context)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = _MODELS[kind](tokenizer, size)
    if kind == "encoder":
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
        return out
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.convert_tokens_to_ids(END_OF_TURN),
        pad_token_id=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
    )
    model.save_pretrained(out)
    if kind == "text":
        tokenizer.save_pretrained(out)
        return out
    pixels = {"shortest_edge": image_tokens * _PIXELS_PER_TOKEN, "longest_edge": image_tokens * _PIXELS_PER_TOKEN}
    vision: dict[str, Any] = {"size": pixels, "patch_size": _PATCH, "merge_size": _MERGE, "temporal_patch_size": 2}
    Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**vision),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**vision),
        chat_template=CHAT_TEMPLATE,
    ).save_pretrained(out)
    return out


def train_tokenizer(texts: Iterable[str], vocab: int, context: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of at most ``vocab`` tokens, with Qwen's special tokens and the chat template."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_pieces()), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    roles = [f"{role}\n" for role in ("system", "user", "assistant")] * trainer.min_frequency
    tokenizer.train_from_iterator(chain(texts, roles), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TEXT,
        additional_special_tokens=list(SPECIAL_TOKENS),
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
        model_input_names=["input_ids", "attention_mask"],
    )


def _pieces() -> str:
    """The pattern that cuts a text into the pieces within which BPE merges."""
    keys = sorted({key for part in (Ruling, Violation, Quote, Region, Interval) for key in part.model_fields})
    key = rf'"(?:{"|".join(map(re.escape, keys))})": ?(?:0\.|1\.0)?'
    tag = r"</?(?:think|answer|tool_call)>"
    end = rf"(?::|->) (?:{'|'.join(OUTCOMES)})\n?"
    return "|".join(
        [
            r"(?:system|user|assistant|tool)\n",
            end,
            rf" ?(?:{key}|{tag}|(?!{end})[^\s\p{{L}}\p{{N}}] ?)+",
            r"\p{Lu}{2,}-\p{N}+",
            r"\p{L}[\p{L}\p{M}']* ?",
            r"\p{N}",
            r"\s",
        ]
    )


def _vision_language(tokenizer: PreTrainedTokenizerFast, size: TinySize) -> PreTrainedModel:
    vision = {
        "depth": size.vision_depth,
        "hidden_size": size.vision_hidden,
        "intermediate_size": size.vision_intermediate,
        "num_heads": size.vision_heads,
        "out_hidden_size": size.hidden,
        "patch_size": _PATCH,
        "spatial_merge_size": _MERGE,
        "temporal_patch_size": 2,
        "window_size": 4 * _PATCH * _MERGE,
        # As in the real model, the last block of every few looks at the whole picture, the others at windows.
        "fullatt_block_indexes": [size.vision_depth - 1],
    }
    ids = tokenizer.get_vocab()
    config = Qwen2_5_VLConfig(
        text_config=_language(tokenizer, size) | {"rope_parameters": _mrope(size.hidden // size.heads)},
        vision_config=vision,
        image_token_id=ids[IMAGE],
        video_token_id=ids[VIDEO],
        vision_start_token_id=ids[VISION_START],
        vision_end_token_id=ids[VISION_END],
        tie_word_embeddings=True,
    )
    return Qwen2_5_VLForConditionalGeneration(config)


def _text_only(tokenizer: PreTrainedTokenizerFast, size: TinySize) -> PreTrainedModel:
    # Not Qwen2: for that type AutoTokenizer insists on Qwen's own pieces, whatever the checkpoint says.
    config = Qwen3Config(
        **_language(tokenizer, size),
        head_dim=size.hidden // size.heads,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        tie_word_embeddings=True,
    )
    return Qwen3ForCausalLM(config)


def _encoder(tokenizer: PreTrainedTokenizerFast, size: TinySize) -> PreTrainedModel:
    sizes = {name: value for name, value in _language(tokenizer, size).items() if name != "num_key_value_heads"}
    return BertModel(BertConfig(**sizes))


_MODELS: dict[str, Callable[[PreTrainedTokenizerFast, TinySize], PreTrainedModel]] = {
    "vl": _vision_language,
    "text": _text_only,
    "encoder": _encoder,
}


def _language(tokenizer: PreTrainedTokenizerFast, size: TinySize) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": size.hidden,
        "intermediate_size": size.intermediate,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.kv_heads,
        "max_position_embeddings": size.context,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _mrope(head: int) -> dict[str, Any]:
    """Rotary frequencies shared out to time, height and width as in Qwen2.5-VL: 1/4, 3/8 and 3/8 of them."""
    time = head // 8
    height = (head // 2 - time) // 2
    sections = [time, height, head // 2 - time - height]
    return {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": sections}
