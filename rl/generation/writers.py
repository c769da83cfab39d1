"""Writers: how a model in this process writes a batch of completions.

`PrefixShared` reads what prompts have in common once, each prompt once for all completions on it, and lets go of rows
that have ended. `RowByRow` is `generate` of transformers, for models whose rows cannot be packed and for completions
that begin with what is given.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel

from prompts.chat import Conversation
from rl.generation.beginning import Beginnings
from rl.generation.logprobs import ChosenLogProbs
from rl.generation.reader import Reader
from rl.shared_prefix.attention import bare, prepare, why_not
from rl.shared_prefix.check import TOLERATED, distance
from rl.shared_prefix.generate import can_generate, generate
from rl.shared_prefix.stem import Stem, stem_of
from rl.terminal.console import console, is_first_process

Lengths = Sequence[int]
"""Of prompts, in tokens."""


@dataclass(frozen=True)
class Rows:
    """Completions, those on one prompt side by side."""

    ids: list[list[int]]
    """What stands behind the end of a turn may be there or not."""
    logprobs: list[list[float]]
    """Of the first tokens of each."""


class Writer(Protocol):
    """How completions are written."""

    def write(self, conversations: Sequence[Conversation], check: Callable[[Lengths], None]) -> Rows:
        """``num_return_sequences`` completions for each conversation.

        Args:
            check: is told the lengths of the prompts before anything is written, and may refuse them.

        Raises:
            DataError: a picture cannot be read.
        """


def writer_for(model: PreTrainedModel, reader: Reader, settings: GenerationConfig) -> Writer:
    """The faster one that a model can be trusted with."""
    by_row = RowByRow(model, reader, settings)
    reason = why_not(bare(model))
    if reason is None and not can_generate(_one_each(settings)):
        reason = "it is to be written in a way of its own"
    if reason is not None:
        _tell(reason)
        return by_row
    return PrefixShared(model, reader, settings, by_row)


class RowByRow:
    """`generate` of transformers: a row for each completion, padded to the longest.

    Args:
        begun: how the completions begin, one for each conversation that is to be written about next.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        reader: Reader,
        settings: GenerationConfig,
        begun: Beginnings | None = None,
    ):
        self._model: Any = model
        self._reader, self._settings, self._begun = reader, settings, begun

    def write(self, conversations: Sequence[Conversation], check: Callable[[Lengths], None]) -> Rows:
        inputs = self._reader.padded(conversations).to(self._model.device)
        if self._begun is not None:
            inputs = self._begun.behind(inputs)
        check(inputs["attention_mask"].sum(dim=1).tolist())
        watching = ChosenLogProbs()
        watchers = LogitsProcessorList([watching] if self._begun is None else [watching, self._begun])
        written = self._model.generate(**inputs, generation_config=self._settings, logits_processor=watchers)
        rows = written[:, inputs["input_ids"].shape[1] :].tolist()
        return Rows(rows, watching.logprobs or [[] for _ in rows])


class PrefixShared:
    """Each prompt read once; what prompts begin with is kept from batch to batch, so let the weights stay the same.

    Before anything is written, it is asked of a real prompt whether this changes what the model says.

    Args:
        otherwise: who writes if it does.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        reader: Reader,
        settings: GenerationConfig,
        otherwise: Writer,
    ):
        self._model, self._reader, self._otherwise = bare(model), reader, otherwise
        self._samples, self._settings = settings.num_return_sequences or 1, _one_each(settings)
        self._stem: Stem | None = None
        self._agrees: bool | None = None
        prepare(self._model)

    def write(self, conversations: Sequence[Conversation], check: Callable[[Lengths], None]) -> Rows:
        if self._agrees is False:
            return self._otherwise.write(conversations, check)
        prompts = [prompt.to(self._model.device) for prompt in self._reader.prompts(conversations)]
        check([len(prompt.ids) for prompt in prompts])
        self._stem = stem_of(self._model, prompts, self._stem)
        if self._agrees is None:
            found = distance(self._model, prompts[0], self._stem)
            self._agrees = found <= TOLERATED.get(self._model.dtype, TOLERATED[torch.bfloat16])
            if not self._agrees:
                _tell(f"shared, a share of {found:.2g} of what comes next would be another token")
                return self._otherwise.write(conversations, check)
        rows = [prompt for prompt in prompts for _ in range(self._samples)]
        written = generate(self._model, rows, self._settings, self._stem)
        return Rows([row.ids for row in written], [row.logprobs for row in written])


def _one_each(settings: GenerationConfig) -> GenerationConfig:
    alone = copy(settings)
    alone.num_return_sequences = 1
    return alone


def _tell(reason: str) -> None:
    if is_first_process():
        console().print(f"each prompt is read for every completion, not shared: {reason}")
