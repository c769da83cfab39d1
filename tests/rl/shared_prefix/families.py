"""A tiny random model of every family that a prefix is shared in, and prompts for it without a processor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import (
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    InternVLConfig,
    InternVLForConditionalGeneration,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    PreTrainedModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from rl.shared_prefix.prompt import Prompt

VOCAB, IMAGE, EOS = 61, 60, 59
"""Written tokens are below `EOS`, so that no picture is written."""
LANGUAGE: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": EOS,
    "tie_word_embeddings": False,
    "initializer_range": 0.3,
}
MROPE = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [1, 1, 2]}
SIGLIP = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 8,
    "patch_size": 2,
}
QWEN_VISION = {
    "depth": 2,
    "num_heads": 2,
    "patch_size": 2,
    "spatial_merge_size": 2,
    "temporal_patch_size": 2,
}
QWEN_IDS = {"image_token_id": IMAGE, "video_token_id": 1, "vision_start_token_id": 2, "vision_end_token_id": 3}


def qwen2_vl() -> PreTrainedModel:
    config = Qwen2VLConfig(
        text_config=LANGUAGE | {"rope_parameters": MROPE},
        vision_config=QWEN_VISION | {"embed_dim": 16, "hidden_size": 32, "mlp_ratio": 2},
        **QWEN_IDS,
    )
    return Qwen2VLForConditionalGeneration(config)


def qwen2_5_vl() -> PreTrainedModel:
    vision = QWEN_VISION | {
        "hidden_size": 16,
        "intermediate_size": 24,
        "out_hidden_size": 32,
        "window_size": 8,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(text_config=LANGUAGE | {"rope_parameters": MROPE}, vision_config=vision, **QWEN_IDS)
    return Qwen2_5_VLForConditionalGeneration(config)


def qwen3_vl() -> PreTrainedModel:
    vision = QWEN_VISION | {
        "hidden_size": 16,
        "intermediate_size": 24,
        "out_hidden_size": 32,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0, 1],
    }
    config = Qwen3VLConfig(text_config=LANGUAGE | {"rope_parameters": MROPE}, vision_config=vision, **QWEN_IDS)
    return Qwen3VLForConditionalGeneration(config)


def llava_onevision() -> PreTrainedModel:
    config = LlavaOnevisionConfig(
        text_config=LANGUAGE | {"model_type": "qwen2"},
        vision_config=SIGLIP | {"model_type": "siglip_vision_model", "vision_use_head": False},
        image_token_id=IMAGE,
        video_token_id=1,
        image_grid_pinpoints=[[8, 8], [8, 16], [16, 8]],
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    return LlavaOnevisionForConditionalGeneration(config)


def smolvlm() -> PreTrainedModel:
    config = SmolVLMConfig(
        text_config=LANGUAGE | {"model_type": "llama"},
        vision_config=SIGLIP,
        image_token_id=IMAGE,
        scale_factor=2,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    return SmolVLMForConditionalGeneration(config)


def gemma3() -> PreTrainedModel:
    config = Gemma3Config(
        text_config=LANGUAGE
        | {
            "sliding_window": 7,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            "query_pre_attn_scalar": 8,
        },
        vision_config=SIGLIP | {"vision_use_head": False},
        image_token_id=IMAGE,
        image_token_index=IMAGE,
        boi_token_index=2,
        eoi_token_index=3,
        mm_tokens_per_image=4,
        tie_word_embeddings=False,
    )
    model = Gemma3ForConditionalGeneration(config)
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight)  # 0 otherwise: no picture seen
    return model


def internvl() -> PreTrainedModel:
    config = InternVLConfig(
        text_config=LANGUAGE | {"model_type": "qwen2"},
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": [8, 8],
            "patch_size": [2, 2],
        },
        image_token_id=IMAGE,
        downsample_ratio=0.5,
        image_seq_length=4,
    )
    return InternVLForConditionalGeneration(config)


def qwen3() -> PreTrainedModel:
    return Qwen3ForCausalLM(Qwen3Config(**LANGUAGE))


def llama() -> PreTrainedModel:
    return LlamaForCausalLM(LlamaConfig(**LANGUAGE))


@dataclass(frozen=True)
class Pictures:
    """What a processor makes of the pictures of one conversation."""

    media: dict[str, torch.Tensor]
    tokens: list[int]
    """How many tokens each picture becomes."""


def grids(count: int, draw: torch.Generator) -> Pictures:
    sizes = [(1, 4, 4), (1, 4, 8), (1, 8, 4)][:count]
    patches = sum(h * w for _, h, w in sizes)
    media = {
        "pixel_values": torch.randn(patches, 3 * 2 * 2 * 2, generator=draw),
        "image_grid_thw": torch.tensor(sizes),
    }
    return Pictures(media, [h * w // 4 for _, h, w in sizes])


def any_resolution(count: int, draw: torch.Generator) -> Pictures:
    """A single picture is cut into tiles beside its small copy, several are not."""
    cut = count == 1
    pixels = torch.randn(count, 3 if cut else 1, 3, 8, 8, generator=draw)
    media = {
        "pixel_values": pixels,
        "image_sizes": torch.tensor([[8, 16]] * count),
        "batch_num_images": torch.tensor([count]),
    }
    return Pictures(media, [16 + 4 * 9 if cut else 17] * count)


def by_row(count: int, draw: torch.Generator) -> Pictures:
    pixels = torch.randn(1, count, 3, 8, 8, generator=draw)
    mask = torch.ones(1, count, 8, 8, dtype=torch.bool)
    return Pictures({"pixel_values": pixels, "pixel_attention_mask": mask}, [4] * count)


def plain(count: int, draw: torch.Generator) -> Pictures:
    return Pictures({"pixel_values": torch.randn(count, 3, 8, 8, generator=draw)}, [4] * count)


@dataclass(frozen=True)
class Family:
    build: Callable[[], PreTrainedModel]
    pictures: Callable[[int, torch.Generator], Pictures] | None = None
    types: str | None = None
    """What its processor calls the types of tokens."""

    def model(self, seed: int = 0) -> PreTrainedModel:
        torch.manual_seed(seed)
        return self.build().eval()

    def prompt(self, size: int, pictures: int, seed: int) -> Prompt:
        """``size`` text tokens with so many pictures between them."""
        draw = torch.Generator().manual_seed(seed)
        ids = torch.randint(4, EOS, (size,), generator=draw).tolist()
        media: dict[str, torch.Tensor] = {}
        if pictures and self.pictures is not None:
            made = self.pictures(pictures, draw)
            media |= made.media
            for place, tokens in enumerate(made.tokens):
                at = 1 + place + sum(made.tokens[:place])  # a text token between two pictures
                ids[at:at] = [IMAGE] * tokens
        row = torch.tensor(ids)
        if self.types is not None:
            media[self.types] = (row == IMAGE).long()[None]
        return Prompt(row, media)


FAMILIES = {
    "qwen2_vl": Family(qwen2_vl, grids, "mm_token_type_ids"),
    "qwen2_5_vl": Family(qwen2_5_vl, grids, "mm_token_type_ids"),
    "qwen3_vl": Family(qwen3_vl, grids, "mm_token_type_ids"),
    "llava_onevision": Family(llava_onevision, any_resolution),
    "smolvlm": Family(smolvlm, by_row),
    "gemma3": Family(gemma3, plain, "token_type_ids"),
    "internvl": Family(internvl, plain),
    "qwen3": Family(qwen3),
    "llama": Family(llama),
}
