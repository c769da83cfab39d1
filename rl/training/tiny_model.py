"""The tiny model of a run: built once, whole or not at all, and reused only where the same would be built again.

Beside its weights, ``built_from.json`` says what it was built from: the recipe's settings and seed, and a hash of the
texts that its tokenizer was trained on.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from data import DataError
from data.files import read_json, whole_folder, write_json
from rl.config.model import TinyConfig

BUILT_FROM = "built_from.json"


def build(folder: Path, texts: Sequence[str], tiny: TinyConfig, seed: int) -> Path:
    """Builds the tiny model that a recipe describes."""
    from rl.models.tiny import TinySize, build_tiny

    size = TinySize(vocab=tiny.vocab, hidden=tiny.hidden, layers=tiny.layers, context=tiny.context)
    return build_tiny(folder, texts, tiny.kind, size, tiny.image_tokens, seed)


def built_once(folder: Path, texts: Sequence[str], tiny: TinyConfig, seed: int) -> Path:
    """Builds the model where there is none yet.

    Raises:
        DataError: there is one that was built from something else, or does not say from what.
    """
    made_from = {
        "tiny": tiny.model_dump(),
        "seed": seed,
        "texts": hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
    }
    if not folder.exists():
        with whole_folder(folder) as draft:
            build(draft, texts, tiny, seed)
            write_json(draft / BUILT_FROM, made_from)
    note = folder / BUILT_FROM
    if not note.is_file() or read_json(note) != made_from:
        raise DataError(
            "was built from other data or settings: give the run another output, or remove it", file=folder
        )
    return folder
