"""Tiny models of families, one function each: the family's own configuration and processor classes, at a toy size."""

from typing import Any

import torch
import transformers as tf

from rl.models.tiny import END_OF_TEXT, VISION_END, VISION_START
from tests.rl.families.words import Words

SIDE, PATCH = 28, 14
"""Pixels of the side of a tile and of a patch."""
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


def _qwen(words: Words, classes: tuple[Any, Any, Any, Any], language: dict[str, Any], vision: dict[str, Any]) -> Built:
    """Of the family's classes of configuration, model, processor and videos."""
    config, model, processor, videos = classes
    pictures = {"size": PIXELS, "patch_size": PATCH, "merge_size": 2, "temporal_patch_size": 2}
    built = config(
        text_config=words.language | language,
        vision_config=QWEN_VISION | vision,
        tie_word_embeddings=True,
        **_qwen_ids(words),
    )
    reader = tf.Qwen2VLImageProcessor(**pictures)
    return model(built), processor(reader, words.tokenizer, videos(**pictures), words.template)


def qwen2_vl(words: Words) -> Built:
    classes = tf.Qwen2VLConfig, tf.Qwen2VLForConditionalGeneration, tf.Qwen2VLProcessor, tf.Qwen2VLVideoProcessor
    vision = {"embed_dim": 32, "hidden_size": 64, "mlp_ratio": 2}
    return _qwen(words, classes, {"rope_parameters": MROPE}, vision)


def qwen2_5_vl(words: Words) -> Built:
    model = tf.Qwen2_5_VLForConditionalGeneration
    classes = tf.Qwen2_5_VLConfig, model, tf.Qwen2_5_VLProcessor, tf.Qwen2VLVideoProcessor
    vision = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "window_size": 56,
              "fullatt_block_indexes": [1]}  # fmt: skip
    return _qwen(words, classes, {"rope_parameters": MROPE}, vision)


def qwen3_vl(words: Words) -> Built:
    classes = tf.Qwen3VLConfig, tf.Qwen3VLForConditionalGeneration, tf.Qwen3VLProcessor, tf.Qwen3VLVideoProcessor
    vision = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "num_position_embeddings": 16,
              "deepstack_visual_indexes": [0, 1]}  # fmt: skip
    return _qwen(words, classes, {"rope_parameters": MROPE | {"mrope_interleaved": True}}, vision)


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
    classes = tf.Qwen3_5Config, tf.Qwen3_5ForConditionalGeneration, tf.Qwen3VLProcessor, tf.Qwen3VLVideoProcessor
    vision = {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "num_position_embeddings": 16}
    language = {
        "layer_types": ["linear_attention", "full_attention"], "linear_key_head_dim": 16,
        "linear_value_head_dim": 16, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
        "rope_parameters": MROPE | {"mrope_interleaved": True, "partial_rotary_factor": 1.0},
    }  # fmt: skip
    return _qwen(words, classes, language, vision)


def qwen3(words: Words) -> Built:
    return tf.Qwen3ForCausalLM(tf.Qwen3Config(**words.language)), words.tokenizer


def llama(words: Words) -> Built:
    return tf.LlamaForCausalLM(tf.LlamaConfig(**words.language)), words.tokenizer


def gemma2(words: Words) -> Built:
    config = tf.Gemma2Config(**words.language, sliding_window=64, query_pre_attn_scalar=16)
    return tf.Gemma2ForCausalLM(config), words.tokenizer
