"""Continuation: a model in this process is given its reasoning, and writes the answer.

What is given need not be what the model reasoned: that is how one finds out what its answer follows from.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from data import Briefs
from prompts import Episode
from prompts.neutralise import neutralise
from prompts.parse import END_THINK, THINK
from prompts.processor import special_tokens
from rl.config.decoding import Decoding
from rl.generation.engine import Key
from rl.generation.local import LocalEngine, write_batches


class Continuation(LocalEngine):
    """An engine whose turns begin with a reasoning that is given. Episodes hold it, as if the model had written it;
    their tokens are those of the answer.

    Args:
        engine: whose model writes the answers; it is loaded once for both.
        reasonings: by the ids of the cases. They are neutralised as everything is that a model is shown.
    """

    def __init__(self, engine: LocalEngine, reasonings: Mapping[str, str]):
        super().__init__(engine.path)
        self._loaded, self._reasonings = engine._loaded, reasonings

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        given = json.dumps(sorted(self._reasonings.items())).encode()
        return {**super().identity(decoding), "reasoning": hashlib.sha256(given).hexdigest()[:12]}

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        model, processor = self._loaded(decoding.dtype)
        specials = special_tokens(processor)
        begun = {
            case: f"{THINK}{neutralise(reasoning, specials)}{END_THINK}"
            for case, reasoning in self._reasonings.items()
        }
        yield from write_batches(model, processor, briefs, decoding, {case for case, _ in missing}, begun)
