"""How likely a model found what it wrote: each token as it is written, and the verdict's word in the end.

The verdict's probability is a second, unstated confidence: that of its tokens given all that was written before them,
violations included, at temperature 1. How sure the model was of the word, once it had said what is wrong.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from prompts.parse import ANSWER

if TYPE_CHECKING:
    import torch

_VERDICT = re.compile(r'"verdict"\s*:\s*"(\w+)"')
_CONFIDENCE = re.compile(r'"confidence"\s*:\s*(-?[\d.]+(?:[eE][-+]?\d+)?)')


class ChosenLogProbs:
    """A logits processor that notes, while a model generates, how likely each chosen token was. It changes nothing.

    Keeping one step's scores instead of all of them is what makes this cheap: all would be steps × vocabulary.
    """

    def __init__(self) -> None:
        self._scores: torch.Tensor | None = None
        self._chosen: list[torch.Tensor] = []

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        if self._scores is not None:
            chosen = self._scores.gather(1, input_ids[:, -1:]).squeeze(1)
            self._chosen.append(chosen - self._scores.logsumexp(dim=1))
        self._scores = scores
        return scores

    @property
    def logprobs(self) -> list[list[float]]:
        """Per completion, its tokens' log-probabilities; the last token's is not known."""
        import torch

        return torch.stack(self._chosen, dim=1).tolist() if self._chosen else []


def verdict_span(completion: str) -> tuple[int, int] | None:
    """Where in a completion the verdict's word stands; None if it has no answer with one."""
    return _last(_VERDICT, completion)


def confidence_span(completion: str) -> tuple[int, int] | None:
    """Where in a completion the confidence's number stands; None if it has no answer with one."""
    return _last(_CONFIDENCE, completion)


def tokens_of(decode: Callable[[int], str], count: int, span: tuple[int, int]) -> range:
    """The tokens that hold a part of a text, whole or in part.

    Args:
        decode: the text of the first n tokens.
        count: how many there are.
        span: where the part begins and ends.
    """
    counts = range(count + 1)
    first = bisect_right(counts, span[0], key=lambda n: len(decode(n))) - 1
    return range(first, bisect_left(counts, span[1], key=lambda n: len(decode(n))))


def verdict_logprob(decode: Callable[[int], str], logprobs: Sequence[float], completion: str) -> float | None:
    """The log-probability of the tokens that hold the verdict's word; None if there is none.

    Args:
        decode: the text of the first n tokens.
        logprobs: one per token.
    """
    span = verdict_span(completion)
    if span is None:
        return None
    tokens = tokens_of(decode, len(logprobs), span)
    return float(sum(logprobs[tokens.start : tokens.stop])) if tokens.stop <= len(logprobs) else None


def _last(pattern: re.Pattern[str], completion: str) -> tuple[int, int] | None:
    found = list(pattern.finditer(completion, completion.find(ANSWER))) if ANSWER in completion else []
    return found[-1].span(1) if found else None
