"""Tiny random models of many families, each of the family's own configuration and processor classes.

What is real of each: the classes, how pictures are cut up and become tokens, and the shape of the chat template (its
roles, its picture mark, whether it has a system's turn). What is not: the size, the weights, and the tokenizer, which
is trained on the texts at hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers as tf
from transformers.models.llama4.processing_llama4 import chat_template as LLAMA4_TEMPLATE
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE as SMOLVLM_TEMPLATE

from rl.models.tiny import CHAT_TEMPLATE, END_OF_TEXT, END_OF_TURN
from tests.rl.families import builders
from tests.rl.families.builders import Built
from tests.rl.families.templates import GEMMA, GEMMA3, LLAVA, MISTRAL, MLLAMA, marked
from tests.rl.families.words import Words


@dataclass(frozen=True)
class Family:
    """One family: how its tiny model is made."""

    name: str
    build: Callable[[Words], Built]
    template: str = CHAT_TEMPLATE
    specials: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()
    begins: bool = False
    sees: bool = True

    def save(self, out: Path, texts: list[str]) -> Path:
        """Builds it for these texts and saves it as an ordinary checkpoint."""
        words = Words(texts, self.template, self.specials, dict(self.named), self.begins)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model, processor = self.build(words)
        model.generation_config = tf.GenerationConfig(
            eos_token_id=words.id(END_OF_TURN), pad_token_id=words.id(END_OF_TEXT)
        )
        model.save_pretrained(out)
        processor.save_pretrained(out)
        return out


def _tokens(**named: str) -> tuple[tuple[str, str], ...]:
    return tuple(named.items())


_IDEFICS = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>",
            *(f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)))  # fmt: skip
_LLAMA4 = ("<|image|>", "<|image_start|>", "<|image_end|>", "<|patch|>", "<|tile_x_separator|>",
           "<|tile_y_separator|>", "<|header_start|>", "<|header_end|>", "<|eot|>", "<|begin_of_text|>")  # fmt: skip
_GEMMA = ("<start_of_turn>", "<end_of_turn>", "<bos>")
_MISTRAL = ("[INST]", "[/INST]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[IMG]", "[IMG_BREAK]", "[IMG_END]", "<bos>")
_AYA = ("<image>", "<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_PATCH|>", "<|IMG_LINE_BREAK|>", "TILE_GLOBAL",
        *(f"TILE_{n}" for n in range(1, 13)))  # fmt: skip

FAMILIES = {
    family.name: family
    for family in (
        Family("Qwen2-VL", builders.qwen2_vl),
        Family("Qwen2.5-VL", builders.qwen2_5_vl),
        Family("Qwen3-VL", builders.qwen3_vl),
        Family("Qwen3.5", builders.qwen3_5),
        Family(
            "Gemma 3", builders.gemma3, GEMMA3, _GEMMA, begins=True,
            named=_tokens(image_token="<image_soft_token>", boi_token="<start_of_image>", eoi_token="<end_of_image>"),
        ),
        Family(
            "InternVL", builders.internvl, marked("<IMG_CONTEXT>"),
            named=_tokens(
                start_image_token="<img>", end_image_token="</img>", context_image_token="<IMG_CONTEXT>",
                video_token="<video>",
            ),
        ),
        Family("Idefics3", builders.idefics3, SMOLVLM_TEMPLATE, _IDEFICS),
        Family("SmolVLM", builders.smolvlm, SMOLVLM_TEMPLATE, (*_IDEFICS, "<video>")),
        Family("LLaVA", builders.llava, LLAVA, ("<image>",)),
        Family("LLaVA-NeXT", builders.llava_next, marked("<image>"), ("<image>",)),
        Family("LLaVA-OneVision", builders.llava_onevision, marked("<image>"), ("<image>", "<video>")),
        Family("Llama 4", builders.llama4, LLAMA4_TEMPLATE, _LLAMA4, begins=True),
        Family(
            "Llama 3.2 Vision", builders.mllama, MLLAMA,
            ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>", "<bos>", "<|image|>"),
            begins=True,
        ),
        Family(
            "LFM2-VL", builders.lfm2_vl, marked("<image>"),
            ("<image>", "<|image_start|>", "<|image_end|>", "<|img_thumbnail|>",
             *(f"<|img_row_{row}_col_{column}|>" for row in range(1, 5) for column in range(1, 5))),
        ),
        Family("Pixtral", builders.pixtral, MISTRAL, _MISTRAL, begins=True),
        Family("Mistral 3", builders.mistral3, MISTRAL, _MISTRAL, begins=True),
        Family("Aya Vision", builders.aya_vision, marked("<image>"), _AYA),
        Family(
            "GLM-4V", builders.glm4v, marked("<|begin_of_image|><|image|><|end_of_image|>"),
            ("<|image|>", "<|video|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>",
             "<|end_of_video|>"),
        ),
        Family("PaliGemma", builders.paligemma, "", ("<image>",), begins=True),
        Family("Qwen3", builders.qwen3, sees=False),
        Family("Llama", builders.llama, sees=False),
        Family("Gemma 2", builders.gemma2, GEMMA, _GEMMA, begins=True, sees=False),
    )
}  # fmt: skip
