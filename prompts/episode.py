"""Episode: what a policy wrote about a brief, turn by turn; its last turn is read as the ruling.

One turn is the plain case. A policy with tools has several: its own, and between them what the tools answered.

Example:
    >>> looked = Turn('{"read_rule": "A-1"}'), Turn("A-1: No guns.", author="tool"), Turn("<think>...")
    >>> Episode("b-17", looked).completion
    '<think>...'
    >>> Episode.plain("b-17", "<think>...").completion
    '<think>...'
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from prompts.look import Look
from prompts.parts import Medium, Text


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
    parts: tuple[Text | Medium, ...] = ()
    """What a tool's answer shows, neutralised, pictures included; empty where it is known by its text alone, as when
    it was read again."""
    looks: tuple[Look, ...] = ()
    """Of a tool's answer: what each call let the policy see."""

    def kept(self) -> dict[str, Any]:
        """As JSON: without ids and log-probabilities of tokens, and without pictures, which asking again gives."""
        looks = {"looks": [look.kept() for look in self.looks]} if self.looks else {}
        return {"author": self.author, "text": self.text, "tokens": self.tokens, **looks}

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Turn":
        """A turn that was `kept`.

        Raises:
            TypeError: something in it is not known, or of another type.
            ValueError: its looks are none.
        """
        turn = cls(**{**row, "looks": tuple(Look.model_validate(look) for look in row.get("looks", ()))})
        if not isinstance(turn.text, str) or turn.author not in ("policy", "tool"):
            raise TypeError(f"no text of a policy or a tool: {turn!r:.200}")
        return turn


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
    seconds: float | None = field(default=None, compare=False)
    """How long it took to write; of episodes that were written side by side, each one's share. None where nobody took
    the time."""

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
    def looks(self) -> tuple[Look, ...]:
        """What it looked at, in order; empty without tools."""
        return tuple(look for turn in self.turns for look in turn.looks)

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The rules that tools showed it, in order."""
        return tuple(dict.fromkeys(rule for look in self.looks for rule in look.rules))

    @property
    def refused(self) -> str | None:
        """Why a server would not answer; None where it did, and where there was none."""
        return self.served.refused if self.served else None

    @property
    def tokens(self) -> int | None:
        """How many tokens the policy wrote; None where that is not known."""
        counts = [turn.tokens for turn in self.turns if turn.author == "policy"]
        return None if None in counts else sum(count or 0 for count in counts)
