"""Parameters: what a request asks for beyond its messages, and what of it a server does not take.

Servers refuse different ones: newer models of a vendor want ``max_completion_tokens`` for ``max_tokens`` and their own
temperature, many know no seed, some no log-probabilities. One that is refused is left out. A request that is refused
for its content may look alike, so a parameter is left out of *all* requests only if the server names it, or if a
second request needs it too, and never once a request has been answered with it: no case can switch anything off for
the others.
"""

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from rl.generation.faults import Said

logger = logging.getLogger(__name__)

OPTIONAL = ("logprobs", "seed", "temperature", "max_tokens", "max_completion_tokens")
"""What a server may refuse, in the order in which it is left out where the server does not say what it minds.
``max_completion_tokens`` is asked for in the place of ``max_tokens``."""

_UNSUPPORTED = re.compile(
    r"support|unknown|unrecogni[sz]ed|unexpected|not (permitted|allowed|accepted|available)|extra|invalid|only|unable"
    r"|deprecated|must|should|out of range",
    re.I,
)


def without(body: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    """The request without those parameters.

    Example:
        >>> without({"max_tokens": 5, "seed": 1}, ["seed"])
        {'max_tokens': 5}
        >>> without({"max_tokens": 5, "seed": 1}, ["max_tokens"])
        {'seed': 1, 'max_completion_tokens': 5}
    """
    asked = {name: value for name, value in body.items() if name not in left_out}
    if "max_tokens" in left_out and "max_completion_tokens" not in left_out:
        asked["max_completion_tokens"] = body["max_tokens"]
    return asked


def minded(said: Said, body: Mapping[str, Any]) -> str | None:
    """The optional parameter of a request that a server says it does not take; None where it names none."""
    asked = [name for name in OPTIONAL if name in body]
    if said.parameter in asked:
        return said.parameter
    if not _UNSUPPORTED.search(said.text):
        return None
    places = {name: found.start() for name in asked if (found := re.search(rf"\b{name}\b", said.text))}
    return min(places, key=lambda name: places[name]) if places else None


@dataclass
class Parameters:
    """What one server takes, as far as is known."""

    server: str
    """What warnings call it."""
    left_out: tuple[str, ...] = ()
    """What it is not asked for any more."""
    _taken: set[str] = field(default_factory=set)
    _needed: dict[str, int] = field(default_factory=dict)

    def taken(self, body: Mapping[str, Any]) -> bool:
        """Whether every optional parameter of a request has been answered with before."""
        return all(name in self._taken for name in OPTIONAL if name in body)

    def answered(self, body: Mapping[str, Any], left_out: Mapping[str, bool]) -> None:
        """Notes that a request was answered.

        Args:
            body: as it was sent.
            left_out: what this request had to leave out, and whether the server had named it.
        """
        self._taken.update(name for name in OPTIONAL if name in body)
        for name, named in left_out.items():
            self._needed[name] = self._needed.get(name, 0) + 1
            if name not in self.left_out and name not in self._taken and (named or self._needed[name] > 1):
                self.left_out = tuple(sorted({*self.left_out, name}))
                instead = " (max_completion_tokens in its place)" if name == "max_tokens" else ""
                logger.warning("%s does not take %s: it is asked without%s", self.server, name, instead)
