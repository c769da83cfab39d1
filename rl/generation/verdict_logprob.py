"""The probability that a model gave to its own verdict: a second, unstated confidence.

It is that of the verdict's tokens given all that was written before them, violations included, at temperature 1: how
sure the model was of the word, once it had said what is wrong.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

from prompts.parse import ANSWER

_VERDICT = re.compile(r'"verdict"\s*:\s*"(\w+)"')


def verdict_span(completion: str) -> tuple[int, int] | None:
    """Where in a completion the verdict's word stands; None if it has no answer with one."""
    found = list(_VERDICT.finditer(completion, completion.find(ANSWER))) if ANSWER in completion else []
    return found[-1].span(1) if found else None


def verdict_logprob(decode: Callable[[int], str], logprobs: Sequence[float], completion: str) -> float | None:
    """The log-probability of the tokens that hold the verdict's word; None if there is none.

    Args:
        decode: the text of the first n tokens.
        logprobs: one per token.
    """
    span = verdict_span(completion)
    if span is None:
        return None
    counts = range(len(logprobs) + 1)
    first = bisect_right(counts, span[0], key=lambda n: len(decode(n))) - 1
    last = bisect_left(counts, span[1], key=lambda n: len(decode(n)))
    return float(sum(logprobs[first:last])) if last <= len(logprobs) else None
