"""Unreasoned: a model in this process answers at once, without reasoning.

A verdict for a few tokens: the cheap pass of a cascade, where the model itself is to say which cases need reasoning.
"""

from collections.abc import Collection, Iterator
from typing import Any

from data import Briefs
from prompts import Episode
from prompts.parse import END_THINK, THINK
from rl.config.decoding import Decoding
from rl.generation.engine import Key
from rl.generation.local import LocalEngine, write_batches

REASONING = "none"
"""What its identity says of the reasoning that answers go on from."""


class Unreasoned(LocalEngine):
    """An engine whose turns begin with an empty reasoning. Their tokens are those of the answer.

    Args:
        engine: whose model answers; it is loaded once for both.
    """

    def __init__(self, engine: LocalEngine):
        super().__init__(engine.path)
        self._loaded = engine._loaded

    @property
    def name(self) -> str:
        return f"{super().name}, no reasoning"

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        return {**super().identity(decoding), "reasoning": REASONING}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        begun = {brief.id: f"{THINK}{END_THINK}" for brief in briefs}
        wanted = {case for case, _ in missing}
        yield from write_batches(*self._loaded(decoding.dtype), briefs, decoding, wanted, begun)
