"""An encoder whose vectors can be told by hand: how often each of a few words stands in a text."""

from collections.abc import Sequence

import numpy as np

from prompts.excerpts.encoder import Vectors

WORDS = ("cure", "gun", "sale")


class WordCounts:
    """Takes the place of `prompts.excerpts.encoder.Encoder`."""

    def __init__(self, identity: str = "words"):
        self.path, self.identity, self.asked = identity, identity, 0

    def queries(self, texts: Sequence[str]) -> Vectors:
        counts = np.array([[text.casefold().count(word) for word in WORDS] for text in texts], dtype=np.float32)
        return counts / np.maximum(1e-9, np.linalg.norm(counts, axis=1, keepdims=True))

    def documents(self, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        return self.queries(texts)
