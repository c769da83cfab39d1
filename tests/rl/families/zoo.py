"""Tiny random models of many families, each of the family's own configuration and processor classes.

What is real of each: the classes, how pictures are cut up and become tokens, and the shape of the chat template (its
roles, its picture mark, whether it has a system's turn). What is not: the size, the weights, and the tokenizer, which
is trained on the texts at hand.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from transformers.models.llama4.processing_llama4 import chat_template as LLAMA4_TEMPLATE
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE as SMOLVLM_TEMPLATE

from rl.models.tiny import CHAT_TEMPLATE, END_OF_TEXT, END_OF_TURN, VISION_END, VISION_START, train_tokenizer

CONTEXT, SIDE, PATCH = 1024, 28, 14
"""Tokens; pixels of the side of a tile and of a patch."""
QWENS = "<|vision_start|><|image_pad|><|vision_end|>"


def marked(image: str) -> str:
    """The tiny model's own chat template, with another mark for pictures."""
    return CHAT_TEMPLATE.replace(QWENS, image)


GEMMA = """\
{{ bos_token }}{% for message in messages %}\
{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}\
<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{% if message.content is string %}{{ message.content | trim }}{% else %}{% for part in message.content %}\
{% if part.type == 'image' %}<start_of_image>{% else %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}\
<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""
"""Gemma 2's: a system's turn is an error."""
GEMMA3 = """\
{{ bos_token }}{% if messages[0].role == 'system' %}\
{% set first = messages[0].content if messages[0].content is string else messages[0].content[0].text %}\
{% set first = first + '\n\n' %}{% set turns = messages[1:] %}{% else %}{% set first = '' %}{% set turns = messages %}\
{% endif %}{% for message in turns %}<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}
{{ first if loop.first else '' }}{% if message.content is string %}{{ message.content | trim }}{% else %}\
{% for part in message.content %}{% if part.type == 'image' %}<start_of_image>{% else %}{{ part.text | trim }}\
{% endif %}{% endfor %}{% endif %}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""
"""Gemma 3's: what a system says begins the user's turn."""
LLAVA = """\
{% for message in messages %}{% if message.role != 'system' %}{{ message.role.upper() + ': ' }}{% endif %}\
{% for part in message.content | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}\
{% for part in message.content | selectattr('type', 'equalto', 'text') %}{{ part.text + ' ' }}{% endfor %}{% endfor %}\
{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"""
"""LLaVA 1.5's: pictures come first in a turn, and nothing ends it."""
MISTRAL = """\
{{ bos_token }}{% if messages[0].role == 'system' %}{% set first = messages[0].content %}\
{% set turns = messages[1:] %}{% else %}{% set first = none %}{% set turns = messages %}{% endif %}\
{% if first is not none %}[SYSTEM_PROMPT]{{ first if first is string else first[0].text }}[/SYSTEM_PROMPT]{% endif %}\
{% for message in turns %}{% if message.role == 'user' %}[INST]{% if message.content is string %}{{ message.content }}\
{% else %}{% for part in message.content %}{% if part.type == 'image' %}[IMG]{% else %}{{ part.text }}{% endif %}\
{% endfor %}{% endif %}[/INST]{% else %}\
{{ message.content if message.content is string else message.content[0].text }}\
{{ eos_token }}{% endif %}{% endfor %}"""
"""Mistral Small 3's."""
MLLAMA = """\
{{ bos_token }}{% set seen = namespace(image=false) %}{% for message in messages %}\
{% if message.content is not string %}{% for part in message.content if part.type == 'image' %}\
{% set seen.image = true %}{% endfor %}{% endif %}{% endfor %}{% if seen.image and messages[0].role == 'system' %}\
{{ raise_exception('Prompting with images is incompatible with system messages.') }}{% endif %}\
{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>

{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}\
{% if part.type == 'image' %}<|image|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|eot_id|>\
{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>

{% endif %}"""
"""Llama 3.2 Vision's: pictures and a system's turn are an error."""


@dataclass
class Words:
    """A tokenizer for these texts, with a family's own tokens in it."""

    texts: list[str]
    template: str
    specials: tuple[str, ...] = ()
    named: dict[str, str] = field(default_factory=dict)
    """What the family's processor asks its tokenizer for by name: ``image_token``."""
    begins: bool = False
    """Whether there is a token that a text begins with."""

    def __post_init__(self) -> None:
        self.tokenizer: Any = train_tokenizer(self.texts, 512, CONTEXT)
        own = [*self.specials, *self.named.values()]
        # Which tokens are special goes by the shape; those that are named are attributes.
        self.tokenizer.add_special_tokens({"additional_special_tokens": [*self.tokenizer.all_special_tokens, *own]})
        if self.named:
            self.tokenizer._set_model_specific_special_tokens(special_tokens=self.named)
        if self.begins:
            self.tokenizer.add_special_tokens({"bos_token": "<bos>"})
        self.tokenizer.chat_template = self.template

    def id(self, token: str) -> int:
        found: int = self.tokenizer.convert_tokens_to_ids(token)
        assert found is not None and found != self.tokenizer.unk_token_id, token
        return found

    @property
    def language(self) -> dict[str, Any]:
        """Of the language model, under the names that most families have for it."""
        return {
            "vocab_size": len(self.tokenizer), "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": CONTEXT,
            "bos_token_id": self.tokenizer.bos_token_id, "eos_token_id": self.id(END_OF_TURN),
            "pad_token_id": self.id(END_OF_TEXT), "tie_word_embeddings": True,
        }  # fmt: skip


SIGLIP: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE,
    "patch_size": PATCH,
}  # fmt: skip
QWEN_VISION: dict[str, Any] = {
    "depth": 2, "num_heads": 2, "patch_size": PATCH, "spatial_merge_size": 2, "temporal_patch_size": 2
}  # fmt: skip
MROPE = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 3, 3]}
PIXELS = {"shortest_edge": 16 * 28 * 28, "longest_edge": 16 * 28 * 28}
SQUARE = {"height": SIDE, "width": SIDE}

Built = tuple[Any, Any]
"""A model and its processor."""


def _qwen_ids(words: Words) -> dict[str, int]:
    return {
        "image_token_id": words.id("<|image_pad|>"), "video_token_id": words.id("<|video_pad|>"),
        "vision_start_token_id": words.id(VISION_START), "vision_end_token_id": words.id(VISION_END),
    }  # fmt: skip


def qwen2_vl(words: Words) -> Built:
    config = tf.Qwen2VLConfig(
        text_config=words.language | {"rope_parameters": MROPE},
        vision_config=QWEN_VISION | {"embed_dim": 32, "hidden_size": 64, "mlp_ratio": 2},
        tie_word_embeddings=True,
        **_qwen_ids(words),
    )
    pictures = {"size": PIXELS, "patch_size": PATCH, "merge_size": 2, "temporal_patch_size": 2}
    return tf.Qwen2VLForConditionalGeneration(config), tf.Qwen2VLProcessor(
        tf.Qwen2VLImageProcessor(**pictures), words.tokenizer, tf.Qwen2VLVideoProcessor(**pictures), words.template
    )


def qwen2_5_vl(words: Words) -> Built:
    vision = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "window_size": 56,
              "fullatt_block_indexes": [1]}  # fmt: skip
    config = tf.Qwen2_5_VLConfig(
        text_config=words.language | {"rope_parameters": MROPE},
        vision_config=QWEN_VISION | vision,
        tie_word_embeddings=True,
        **_qwen_ids(words),
    )
    pictures = {"size": PIXELS, "patch_size": PATCH, "merge_size": 2, "temporal_patch_size": 2}
    return tf.Qwen2_5_VLForConditionalGeneration(config), tf.Qwen2_5_VLProcessor(
        tf.Qwen2VLImageProcessor(**pictures), words.tokenizer, tf.Qwen2VLVideoProcessor(**pictures), words.template
    )


def qwen3_vl(words: Words) -> Built:
    vision = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "num_position_embeddings": 16,
              "deepstack_visual_indexes": [0, 1]}  # fmt: skip
    config = tf.Qwen3VLConfig(
        text_config=words.language | {"rope_parameters": MROPE | {"mrope_interleaved": True}},
        vision_config=QWEN_VISION | vision,
        tie_word_embeddings=True,
        **_qwen_ids(words),
    )
    pictures = {"size": PIXELS, "patch_size": PATCH, "merge_size": 2, "temporal_patch_size": 2}
    return tf.Qwen3VLForConditionalGeneration(config), tf.Qwen3VLProcessor(
        tf.Qwen2VLImageProcessor(**pictures), words.tokenizer, tf.Qwen3VLVideoProcessor(**pictures), words.template
    )


def gemma3(words: Words) -> Built:
    language = {"sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"],
                "query_pre_attn_scalar": 16}  # fmt: skip
    config = tf.Gemma3Config(
        text_config=words.language | language,
        vision_config=SIGLIP | {"vision_use_head": False},
        image_token_index=words.id("<image_soft_token>"),
        boi_token_index=words.id("<start_of_image>"),
        eoi_token_index=words.id("<end_of_image>"),
        mm_tokens_per_image=4,
        tie_word_embeddings=True,
    )
    model = tf.Gemma3ForConditionalGeneration(config)
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.02)
    return model, tf.Gemma3Processor(
        tf.Gemma3ImageProcessor(size=SQUARE), words.tokenizer, words.template, image_seq_length=4
    )


def internvl(words: Words) -> Built:
    config = tf.InternVLConfig(
        text_config=words.language | {"model_type": "qwen3"},
        vision_config={
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": [SIDE, SIDE], "patch_size": [PATCH, PATCH],
        },
        image_token_id=words.id("<IMG_CONTEXT>"),
        downsample_ratio=0.5,
        image_seq_length=1,
        tie_word_embeddings=True,
    )  # fmt: skip
    tiles = tf.GotOcr2ImageProcessor(size=SQUARE, crop_to_patches=True, min_patches=1, max_patches=4)
    return tf.InternVLForConditionalGeneration(config), tf.InternVLProcessor(
        tiles, words.tokenizer, tf.InternVLVideoProcessor(size=SQUARE), image_seq_length=1,
        chat_template=words.template,
    )  # fmt: skip


def idefics3(words: Words) -> Built:
    config = tf.Idefics3Config(
        text_config=words.language | {"model_type": "llama"},
        vision_config=SIGLIP,
        image_token_id=words.id("<image>"),
        scale_factor=2,
        pad_token_id=words.id(END_OF_TEXT),
        tie_word_embeddings=True,
    )
    pictures = tf.Idefics3ImageProcessor(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE})
    processor = tf.Idefics3Processor(pictures, words.tokenizer, image_seq_len=1, chat_template=words.template)
    return tf.Idefics3ForConditionalGeneration(config), processor


def smolvlm(words: Words) -> Built:
    config = tf.SmolVLMConfig(
        text_config=words.language | {"model_type": "llama"},
        vision_config=SIGLIP,
        image_token_id=words.id("<image>"),
        scale_factor=2,
        pad_token_id=words.id(END_OF_TEXT),
        tie_word_embeddings=True,
    )
    sizes: dict[str, Any] = {"size": {"longest_edge": 2 * SIDE}, "max_image_size": {"longest_edge": SIDE}}
    return tf.SmolVLMForConditionalGeneration(config), tf.SmolVLMProcessor(
        tf.SmolVLMImageProcessor(**sizes), words.tokenizer, tf.SmolVLMVideoProcessor(**sizes), image_seq_len=1,
        chat_template=words.template,
    )  # fmt: skip


def llava(words: Words) -> Built:
    config = tf.LlavaConfig(
        text_config=words.language | {"model_type": "llama"},
        vision_config=SIGLIP | {"model_type": "clip_vision_model", "projection_dim": 32},
        image_token_index=words.id("<image>"),
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
    )
    return tf.LlavaForConditionalGeneration(config), tf.LlavaProcessor(
        tf.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SQUARE), words.tokenizer, patch_size=PATCH,
        vision_feature_select_strategy="default", chat_template=words.template, num_additional_image_tokens=1,
    )  # fmt: skip


GRID = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]


def llava_next(words: Words) -> Built:
    config = tf.LlavaNextConfig(
        text_config=words.language | {"model_type": "llama"},
        vision_config=SIGLIP | {"model_type": "clip_vision_model", "projection_dim": 32},
        image_token_index=words.id("<image>"),
        image_grid_pinpoints=GRID,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
    )
    pictures = tf.LlavaNextImageProcessor(
        size={"shortest_edge": SIDE}, crop_size=SQUARE, image_grid_pinpoints=GRID, do_pad=True
    )
    return tf.LlavaNextForConditionalGeneration(config), tf.LlavaNextProcessor(
        pictures, words.tokenizer, patch_size=PATCH, vision_feature_select_strategy="default",
        chat_template=words.template, num_additional_image_tokens=1,
    )  # fmt: skip


def llava_onevision(words: Words) -> Built:
    config = tf.LlavaOnevisionConfig(
        text_config=words.language | {"model_type": "qwen3"},
        vision_config=SIGLIP | {"model_type": "siglip_vision_model", "vision_use_head": False},
        image_token_index=words.id("<image>"),
        video_token_index=words.id("<video>"),
        image_grid_pinpoints=GRID,
        vision_feature_layer=-1,
        tie_word_embeddings=True,
    )
    return tf.LlavaOnevisionForConditionalGeneration(config), tf.LlavaOnevisionProcessor(
        tf.LlavaOnevisionImageProcessor(size=SQUARE, image_grid_pinpoints=GRID), words.tokenizer,
        tf.LlavaOnevisionVideoProcessor(size=SQUARE), num_image_tokens=4, vision_feature_select_strategy="full",
        chat_template=words.template, image_token="<image>", video_token="<video>",
    )  # fmt: skip


def llama4(words: Words) -> Built:
    config = tf.Llama4Config(
        text_config=words.language | {
            "intermediate_size_mlp": 128, "num_local_experts": 2, "attention_chunk_size": 256,
            "interleave_moe_layer_step": 1,
        },
        vision_config={
            "hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": SIDE, "patch_size": PATCH, "vision_output_dim": 32, "projector_input_dim": 32,
            "projector_output_dim": 32, "pixel_shuffle_ratio": 0.5,
        },
        image_token_index=words.id("<|patch|>"),
        boi_token_index=words.id("<|image_start|>"),
        eoi_token_index=words.id("<|image_end|>"),
        tie_word_embeddings=False,
    )  # fmt: skip
    return tf.Llama4ForConditionalGeneration(config), tf.Llama4Processor(
        tf.Llama4ImageProcessor(size=SQUARE, max_patches=4), words.tokenizer, patch_size=PATCH,
        chat_template=words.template,
    )  # fmt: skip


def mllama(words: Words) -> Built:
    language = words.language | {"cross_attention_layers": [1], "rope_parameters": {"rope_type": "default",
                                 "rope_theta": 10_000.0}, "tie_word_embeddings": False}  # fmt: skip
    # The picture's token is one more than the head has: it is never written.
    language["vocab_size"] = words.id("<|image|>")
    config = tf.MllamaConfig(
        text_config=language,
        vision_config={
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_global_layers": 1,
            "attention_heads": 2, "image_size": SIDE, "patch_size": PATCH, "max_num_tiles": 4,
            "vision_output_dim": 64, "intermediate_layers_indices": [0],
        },
        image_token_index=words.id("<|image|>"),
    )  # fmt: skip
    return tf.MllamaForConditionalGeneration(config), tf.MllamaProcessor(
        tf.MllamaImageProcessor(size=SQUARE, max_image_tiles=4), words.tokenizer, words.template
    )


def lfm2_vl(words: Words) -> Built:
    language = words.language | {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False}
    config = tf.Lfm2VlConfig(
        text_config=language,
        vision_config={
            "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
            "num_patches": 64, "patch_size": PATCH,
        },
        image_token_id=words.id("<image>"),
        downsample_factor=2,
        projector_hidden_size=64,
    )  # fmt: skip
    pictures = tf.Lfm2VlImageProcessor(
        tile_size=56, encoder_patch_size=PATCH, downsample_factor=2, min_image_tokens=4, max_image_tokens=16,
        min_tiles=2, max_tiles=4, max_num_patches=256, do_image_splitting=True, use_thumbnail=True,
    )  # fmt: skip
    return tf.Lfm2VlForConditionalGeneration(config), tf.Lfm2VlProcessor(pictures, words.tokenizer, words.template)


def _pixtral(words: Words, merge: int) -> Any:
    pictures = tf.PixtralImageProcessor(size={"longest_edge": 4 * SIDE}, patch_size=PATCH * merge)
    return tf.PixtralProcessor(
        pictures, words.tokenizer, patch_size=PATCH, spatial_merge_size=merge, chat_template=words.template,
        image_token="[IMG]",
    )  # fmt: skip


PIXTRAL = {"model_type": "pixtral", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
           "num_attention_heads": 2, "head_dim": 16, "image_size": 4 * SIDE, "patch_size": PATCH}  # fmt: skip


def pixtral(words: Words) -> Built:
    config = tf.LlavaConfig(
        text_config=words.language | {"model_type": "mistral"},
        vision_config=PIXTRAL,
        image_token_index=words.id("[IMG]"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        tie_word_embeddings=True,
    )
    return tf.LlavaForConditionalGeneration(config), _pixtral(words, 1)


def mistral3(words: Words) -> Built:
    config = tf.Mistral3Config(
        text_config=words.language | {"model_type": "mistral"},
        vision_config=PIXTRAL,
        image_token_index=words.id("[IMG]"),
        vision_feature_layer=-1,
        spatial_merge_size=2,
        tie_word_embeddings=True,
    )
    return tf.Mistral3ForConditionalGeneration(config), _pixtral(words, 2)


def aya_vision(words: Words) -> Built:
    config = tf.AyaVisionConfig(
        text_config=words.language | {"model_type": "cohere2", "sliding_window": 64},
        vision_config=SIGLIP | {"model_type": "siglip_vision_model", "vision_use_head": False},
        image_token_index=words.id("<|IMG_PATCH|>"),
        downsample_factor=2,
        tie_word_embeddings=True,
    )
    tiles = tf.GotOcr2ImageProcessor(size=SQUARE, crop_to_patches=True, min_patches=1, max_patches=4)
    return tf.AyaVisionForConditionalGeneration(config), tf.AyaVisionProcessor(
        tiles,
        words.tokenizer,
        patch_size=PATCH,
        img_size=SIDE,
        downsample_factor=2,
        chat_template=words.template,
    )


def glm4v(words: Words) -> Built:
    config = tf.Glm4vConfig(
        text_config=words.language | {"rope_parameters": MROPE | {"partial_rotary_factor": 1.0}},
        vision_config=QWEN_VISION | {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64,
                                     "image_size": 4 * SIDE},
        image_token_id=words.id("<|image|>"),
        video_token_id=words.id("<|video|>"),
        image_start_token_id=words.id("<|begin_of_image|>"),
        image_end_token_id=words.id("<|end_of_image|>"),
        video_start_token_id=words.id("<|begin_of_video|>"),
        video_end_token_id=words.id("<|end_of_video|>"),
        tie_word_embeddings=True,
    )  # fmt: skip
    pictures: dict[str, Any] = {"size": {"shortest_edge": 4 * 28 * 28, "longest_edge": 2 * 16 * 28 * 28},
                                "patch_size": PATCH, "merge_size": 2, "temporal_patch_size": 2}  # fmt: skip
    return tf.Glm4vForConditionalGeneration(config), tf.Glm4vProcessor(
        tf.Glm4vImageProcessor(**pictures), words.tokenizer, tf.Glm4vVideoProcessor(**pictures),
        chat_template=words.template,
    )  # fmt: skip


def paligemma(words: Words) -> Built:
    config = tf.PaliGemmaConfig(
        text_config=words.language | {"model_type": "gemma"},
        vision_config=SIGLIP | {"model_type": "siglip_vision_model", "vision_use_head": False},
        image_token_index=words.id("<image>"),
        projection_dim=64,
        tie_word_embeddings=True,
    )
    pictures = tf.SiglipImageProcessor(size=SQUARE)
    pictures.image_seq_length = 4
    return tf.PaliGemmaForConditionalGeneration(config), tf.PaliGemmaProcessor(pictures, words.tokenizer)


def qwen3_5(words: Words) -> Built:
    vision = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "num_position_embeddings": 16}
    language = {
        "layer_types": ["linear_attention", "full_attention"], "linear_key_head_dim": 16,
        "linear_value_head_dim": 16, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
        "rope_parameters": MROPE | {"mrope_interleaved": True, "partial_rotary_factor": 1.0},
    }  # fmt: skip
    config = tf.Qwen3_5Config(
        text_config=words.language | language,
        vision_config=QWEN_VISION | vision,
        tie_word_embeddings=True,
        **_qwen_ids(words),
    )
    pictures = {"size": PIXELS, "patch_size": PATCH, "merge_size": 2, "temporal_patch_size": 2}
    return tf.Qwen3_5ForConditionalGeneration(config), tf.Qwen3VLProcessor(
        tf.Qwen2VLImageProcessor(**pictures), words.tokenizer, tf.Qwen3VLVideoProcessor(**pictures), words.template
    )


def qwen3(words: Words) -> Built:
    return tf.Qwen3ForCausalLM(tf.Qwen3Config(**words.language)), words.tokenizer


def llama(words: Words) -> Built:
    return tf.LlamaForCausalLM(tf.LlamaConfig(**words.language)), words.tokenizer


def gemma2(words: Words) -> Built:
    config = tf.Gemma2Config(**words.language, sliding_window=64, query_pre_attn_scalar=16)
    return tf.Gemma2ForCausalLM(config), words.tokenizer


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
        Family("Qwen2-VL", qwen2_vl),
        Family("Qwen2.5-VL", qwen2_5_vl),
        Family("Qwen3-VL", qwen3_vl),
        Family("Qwen3.5", qwen3_5),
        Family(
            "Gemma 3", gemma3, GEMMA3, _GEMMA, begins=True,
            named=_tokens(image_token="<image_soft_token>", boi_token="<start_of_image>", eoi_token="<end_of_image>"),
        ),
        Family(
            "InternVL", internvl, marked("<IMG_CONTEXT>"),
            named=_tokens(
                start_image_token="<img>", end_image_token="</img>", context_image_token="<IMG_CONTEXT>",
                video_token="<video>",
            ),
        ),
        Family("Idefics3", idefics3, SMOLVLM_TEMPLATE, _IDEFICS),
        Family("SmolVLM", smolvlm, SMOLVLM_TEMPLATE, (*_IDEFICS, "<video>")),
        Family("LLaVA", llava, LLAVA, ("<image>",)),
        Family("LLaVA-NeXT", llava_next, marked("<image>"), ("<image>",)),
        Family("LLaVA-OneVision", llava_onevision, marked("<image>"), ("<image>", "<video>")),
        Family("Llama 4", llama4, LLAMA4_TEMPLATE, _LLAMA4, begins=True),
        Family(
            "Llama 3.2 Vision", mllama, MLLAMA,
            ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>", "<bos>", "<|image|>"),
            begins=True,
        ),
        Family(
            "LFM2-VL", lfm2_vl, marked("<image>"),
            ("<image>", "<|image_start|>", "<|image_end|>", "<|img_thumbnail|>",
             *(f"<|img_row_{row}_col_{column}|>" for row in range(1, 5) for column in range(1, 5))),
        ),
        Family("Pixtral", pixtral, MISTRAL, _MISTRAL, begins=True),
        Family("Mistral 3", mistral3, MISTRAL, _MISTRAL, begins=True),
        Family("Aya Vision", aya_vision, marked("<image>"), _AYA),
        Family(
            "GLM-4V", glm4v, marked("<|begin_of_image|><|image|><|end_of_image|>"),
            ("<|image|>", "<|video|>", "<|begin_of_image|>", "<|end_of_image|>", "<|begin_of_video|>",
             "<|end_of_video|>"),
        ),
        Family("PaliGemma", paligemma, "", ("<image>",), begins=True),
        Family("Qwen3", qwen3, sees=False),
        Family("Llama", llama, sees=False),
        Family("Gemma 2", gemma2, GEMMA, _GEMMA, begins=True, sees=False),
    )
}  # fmt: skip
