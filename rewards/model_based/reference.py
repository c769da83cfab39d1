"""Reference: a slow copy of the policy, asked how likely it finds a decision.

Only the *decision* counts: the cited rules and the verdict. Evidence, confidence, intent and advice do not, since they
could be filled with what is easy to foresee.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from data import DataError, Ruling
from prompts import opening_of, render, write
from prompts.opening import rest_of
from prompts.parse import ANSWER
from rewards.batch import Item
from rewards.model_based.local_reward import LocalReward, Precision

REFERENCE = "reference.safetensors"
_DECODER = json.JSONDecoder()
_EVIDENCE, _VERDICT = '"evidence": ', '"verdict": '


@dataclass(kw_only=True, eq=False)
class ReferenceReward(LocalReward):
    """A reward that asks a reference.

    The reference starts as ``model``. In training it then follows the policy: after each step
    ``reference = decay · reference + (1 - decay) · policy``. It needs every weight of the policy in one piece: where
    they are sharded (ZeRO-3, FSDP), `follow` refuses, and ``decay: 1`` keeps the reference as it was. DDP, ZeRO-2 and
    LoRA adapters (added to the weights that they adapt) can be followed.

    Raises:
        DataError: when built: there is no such model, or its tokenizer does not say where in the text a token stands.
    """

    decay: Annotated[float, Field(gt=0, le=1)] = 0.995
    """Share of the reference that a step leaves; GRPO-CARE's, which is applied every ten steps there."""
    template: str = "default"
    """The prompt template that the policy is trained with."""
    dtype: Precision = "float32"
    """Precision of the reference: in half precision, an average that moves by a 200th of a difference stands still."""

    def __post_init__(self) -> None:
        from prompts.processor import tokenizer_of
        from rewards.models.local_model import LocalModel
        from rewards.models.moving_average import MovingAverage

        if self.decay < 1 and self.dtype != "float32":
            raise DataError(
                "a reference that follows the policy needs float32; decay: 1 keeps it fixed", field="dtype"
            )
        self._local = LocalModel.load(self.model, self.dtype, self.device)
        self._tokenizer: Any = tokenizer_of(self._local.processor)
        if not self._tokenizer.is_fast:
            raise DataError("its tokenizer does not say where tokens stand: it needs a fast one", file=self.model)
        self._average = MovingAverage(self._local.model, self.decay) if self.decay < 1 else None

    def follow(self, policy: Any) -> None:
        """Has the reference follow a model from now on, each time `after_step` is called.

        Raises:
            DataError: its weights are sharded, or are not those of the same architecture.
        """
        if self._average is not None:
            self._average.follow(policy)

    def after_step(self, progress: float) -> None:
        """Moves the reference."""
        if self._average is not None:
            self._average.update()

    def save(self, folder: Path) -> None:
        """Writes the reference as it has become."""
        if self._average is not None:
            self._average.save(folder / REFERENCE)

    def restore(self, folder: Path) -> None:
        """Goes on with the reference that `save` wrote."""
        if self._average is not None:
            self._average.load(folder / REFERENCE)

    def log_likelihoods(self, items: Sequence[Item], rulings: Sequence[Ruling]) -> list[float | Exception]:
        """How likely the reference finds the decisions of rulings on the cases of items, one to one: the natural
        logarithm of the decision's probability given the case and the ruling's reasoning, or the fault that there is
        none.
        """
        from rewards.models.likelihood import log_likelihoods

        specials = self._local.special_tokens
        opening = opening_of(self._local.processor)
        decisions = [self._decision(rest_of(write(ruling, specials), opening)) for ruling in rulings]

        def read(inputs: Any, rows: list[int]) -> list[float]:
            return log_likelihoods(self._local, inputs, [decisions[i] for i in rows])

        prompts = [render(item.case, item.excerpt, self.template, specials) for item in items]
        further = [len(tokens) for tokens, _ in decisions]
        return self._local.each(prompts, read, self.batch_size, case_of=prompts.__getitem__, further=further)

    def _decision(self, completion: str) -> tuple[list[int], list[bool]]:
        """The tokens of a completion up to its verdict, and which of them decide."""
        spans = decisive(completion)
        encoded = self._tokenizer(completion[: spans[-1][1]], add_special_tokens=False, return_offsets_mapping=True)
        counted = [
            any(first < end and start < last for start, end in spans) for first, last in encoded["offset_mapping"]
        ]
        return encoded["input_ids"], counted


def decisive(completion: str) -> list[tuple[int, int]]:
    """Where in a completion, as `prompts.write` writes it, the decision stands: all of the answer up to the word of
    the verdict, without the lists of evidence. Starts and ends of spans, in characters.

    Example:
        >>> cited = [{"rule": "A-1", "evidence": [{"quote": "tea", "field": "title"}]}]
        >>> text = write(Ruling(reasoning="A-1: tea.", verdict="reject", confidence=0.9, violations=cited))
        >>> [text[start:end] for start, end in decisive(text)]
        ['{"violations": [{"rule": "A-1", ', '}], "verdict": "reject']
    """
    start = completion.index(ANSWER) + len(ANSWER)
    end = completion.index(_VERDICT, start) + len(_VERDICT)
    spans = []
    # Inside a text the quotes of such a key would be escaped.
    while (key := completion.find(_EVIDENCE, start, end)) >= 0:
        spans.append((start, key))
        _, start = _DECODER.raw_decode(completion, key + len(_EVIDENCE))
    _, end = _DECODER.raw_decode(completion, end)
    return [*spans, (start, end - 1)]


def ruling_of(item: Item) -> Ruling:
    """What an item states; parse failures are not put to a reference."""
    assert isinstance(item.ruling, Ruling), "a parse failure has no answer to find likely"
    return item.ruling
