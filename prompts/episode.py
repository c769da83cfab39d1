"""Episode: what a policy wrote about a brief, turn by turn; its last turn is read as the ruling.

One turn is the plain case. A policy with tools has several: its own, and between them what the tools answered.

Example:
    >>> looked = Turn('{"read_rule": "A-1"}'), Turn("A-1: No guns.", author="tool"), Turn("<think>...")
    >>> Episode("b-17", looked).completion
    '<think>...'
    >>> Episode.plain("b-17", "<think>...").completion
    '<think>...'
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side wrote before the other went on."""

    text: str
    """With what the chat template had written of it (`prompts.opening`)."""
    author: Literal["policy", "tool"] = "policy"
    tokens: int | None = None
    """Its length in tokens of the model, without the one that ends it; None where that is not known."""
    token_ids: tuple[int, ...] | None = None
    """Those tokens; None where they are not known, as behind most servers."""
    logprobs: tuple[float, ...] | None = None
    """Natural logarithms of the policy's probabilities of those tokens, at temperature 1; None where not known. One
    fewer than tokens where the last one's is not known."""


@dataclass(frozen=True, slots=True)
class Served:
    """What is known of an episode because a server gave it."""

    refused: str | None = None
    """Why the server would not let the model answer; None where it did. What was written is then no ruling."""
    left_out: tuple[str, ...] = ()
    """Parameters of the request that the server did not take and was asked without."""
    prompt_tokens: int | None = None
    """Length of the prompt in tokens of the model, pictures included; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Episode:
    """What a policy wrote about one case."""

    case: str
    """Id of the case."""
    turns: tuple[Turn, ...]
    """At least one."""
    sample: int = 0
    """Which of the episodes about its case it is, from 0."""
    verdict_logprob: float | None = None
    """Natural logarithm of the probability of the verdict's tokens, given all before them; None where there is no
    verdict or the probability is not known. It is the policy's own, at temperature 1."""
    served: Served | None = None
    """None for what a model in this process wrote."""

    @classmethod
    def plain(cls, case: str, text: str, sample: int = 0) -> "Episode":
        """An episode of one turn, of which nothing but the text is known."""
        return cls(case, (Turn(text),), sample)

    @property
    def completion(self) -> str:
        """What is read as the ruling: the last turn, or nothing if that is a tool's."""
        last = self.turns[-1]
        return last.text if last.author == "policy" else ""

    @property
    def refused(self) -> str | None:
        """Why a server would not answer; None where it did, and where there was none."""
        return self.served.refused if self.served else None

    @property
    def tokens(self) -> int | None:
        """How many tokens the policy wrote; None where that is not known."""
        counts = [turn.tokens for turn in self.turns if turn.author == "policy"]
        return None if None in counts else sum(count or 0 for count in counts)
