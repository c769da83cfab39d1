"""Encoder: texts to vectors, with any encoder that transformers or sentence-transformers saved. Loads torch when it
is built, and not before.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import DataError

Vectors = NDArray[np.float32]
"""``(texts, dimensions)``, each of length 1, so that products are cosines."""

_DECIDING = ("*.safetensors", "*model*.bin", "*.json", "*.model", "vocab.txt")
"""Files that decide what an encoder makes of a text."""
_BATCH = 64


class Encoder:
    """What `sentence_transformers` makes of a folder: modules as they were saved, or the mean over a plain model's
    last layer. It reads no more of a text than it was made for.

    Args:
        path: a folder, or a name on the Hub.

    Raises:
        DataError: there is none, or sentence-transformers is not installed; or, when it is asked, what it gives is no
            vector.
    """

    def __init__(self, path: str | Path):
        self.path = str(path)
        self.model = load_encoder(self.path)

    @cached_property
    def identity(self) -> str:
        """What tells it from others: the hash of its files, 12 hex digits, or its name on the Hub."""
        folder = Path(self.path)
        if not folder.is_dir():
            return self.path
        digest = hashlib.sha256()
        for file in sorted({file for pattern in _DECIDING for file in folder.rglob(pattern)}):
            digest.update(f"{file.relative_to(folder).as_posix()} {file.stat().st_size} ".encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()[:12]

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what rules are looked for by."""
        return self._vectors(self.model.encode_query, texts)

    def documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of rules."""
        return self._vectors(self.model.encode_document, texts)

    def _vectors(self, encode: Any, texts: Sequence[str]) -> Vectors:
        options = {"batch_size": _BATCH, "show_progress_bar": False, "normalize_embeddings": True}
        vectors: Vectors = encode(list(texts), **options).astype(np.float32)
        if not np.isfinite(vectors).all():  # they would rank the rules by their places in the book
            raise DataError("the encoder's vectors are not finite: its training has diverged", file=self.path)
        return vectors


def load_encoder(path: str, options: Mapping[str, Any] | None = None) -> Any:
    """A `sentence_transformers.SentenceTransformer`.

    Args:
        options: what ``from_pretrained`` is told beside.

    Raises:
        DataError: there is none, or sentence-transformers is not installed.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        message = "encoders are loaded with sentence-transformers: pip install 'ruling[retrieval]'"
        raise DataError(message) from error
    try:
        return SentenceTransformer(path, model_kwargs=dict(options or {}))
    except (OSError, ValueError) as error:  # no such folder, no such name, or a folder with no encoder in it
        raise DataError(f"no encoder can be loaded: {error}", file=path) from error
