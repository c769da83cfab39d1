"""Dense: rules by how near an encoder's vectors are to that of a case (Karpukhin et al. 2020, *Dense Passage Retrieval
for Open-Domain Question Answering*). The vectors of the rules may be kept beside the book.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data import DataError, Rulebook
from data.files import at_file, whole_file
from prompts.excerpts.encoder import Encoder, Vectors
from prompts.excerpts.retriever import Retriever, Scores


class Dense(Retriever):
    """Cosines.

    Args:
        book: the rules.
        encoder: what makes vectors of texts.
        kept: a folder for vectors, each file named by the book's fingerprint and the encoder's; made where there is
            none. None keeps them nowhere.

    Raises:
        DataError: the vectors that are kept are damaged, or cannot be written.
    """

    name = "dense"

    def __init__(self, book: Rulebook, encoder: Encoder, kept: Path | None = None):
        super().__init__(book)
        self.encoder = encoder
        file = kept / f"{book.fingerprint}-{_plain(encoder.identity)}.npy" if kept is not None else None
        self.vectors = _read(file, len(book)) if file is not None and file.is_file() else self._made(file)

    @property
    def compares_by(self) -> str:
        return f"cosine, encoder {self.encoder.identity}"

    def scores(self, queries: Sequence[str]) -> Scores:
        found: Scores = self.encoder.queries(queries) @ self.vectors.T
        return found

    def _made(self, file: Path | None) -> Vectors:
        if not self.documents:  # an encoder makes nothing of nothing, not even vectors of its length
            return np.zeros((0, self.encoder.queries([""]).shape[1]), dtype=np.float32)
        vectors = self.encoder.documents(self.documents)
        if file is not None:
            with whole_file(file) as draft, draft.open("wb") as content:
                np.save(content, vectors, allow_pickle=False)
        return vectors


def _read(file: Path, rules: int) -> Vectors:
    try:
        with at_file(file, "read"):
            vectors: Vectors = np.load(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(f"is no index: {error}. Remove it, and it is made anew", file=file) from error
    if vectors.ndim != 2 or len(vectors) != rules or vectors.dtype != np.float32 or not np.isfinite(vectors).all():
        raise DataError(f"is not the index of {rules} rules: remove it, and it is made anew", file=file)
    return vectors


def _plain(name: str) -> str:
    """A name on the Hub as a part of a file's name."""
    return name.replace("/", "--")
