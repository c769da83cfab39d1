"""A tiny model of LLaVA-OneVision's shape: pictures in tiles, a SigLIP tower, a Qwen2 trunk."""

from pathlib import Path

import torch
from transformers import (
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessor,
    LlavaOnevisionProcessor,
    LlavaOnevisionVideoProcessor,
)

from rl.models.tiny import CHAT_TEMPLATE, IMAGE, VIDEO, VISION_END, VISION_START, train_tokenizer

SIDE, PATCH = 56, 14
GRID = [[SIDE, SIDE], [SIDE, 2 * SIDE], [2 * SIDE, SIDE]]


def build_llava(out: Path, texts: list[str], context: int = 512, seed: int = 0) -> Path:
    """Builds the model, untrained, with a tokenizer for these texts, and saves it as an ordinary checkpoint."""
    tokenizer = train_tokenizer(texts, 512, context)
    ids = tokenizer.get_vocab()
    language = {
        "model_type": "qwen2", "vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": context, "bos_token_id": None, "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id, "tie_word_embeddings": True,
    }  # fmt: skip
    vision = {
        "model_type": "siglip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "image_size": SIDE, "patch_size": PATCH, "vision_use_head": False,
    }  # fmt: skip
    config = LlavaOnevisionConfig(
        vision_config=vision,
        text_config=language,
        image_token_id=ids[IMAGE],
        video_token_id=ids[VIDEO],
        image_grid_pinpoints=GRID,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        LlavaOnevisionForConditionalGeneration(config).save_pretrained(out)
    LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessor(size={"height": SIDE, "width": SIDE}, image_grid_pinpoints=GRID),
        tokenizer=tokenizer,
        video_processor=LlavaOnevisionVideoProcessor(),
        num_image_tokens=(SIDE // PATCH) ** 2,
        vision_feature_select_strategy="full",
        chat_template=CHAT_TEMPLATE.replace(VISION_START, "").replace(VISION_END, ""),
        image_token=IMAGE,
        video_token=VIDEO,
    ).save_pretrained(out)
    return out
