"""PromptsOnce: the messages about a case as a server wants them, made once for all that is asked about it.

A picture is opened, scaled and encoded for the wire; with eight samples of a case under way at once that would be done
eight times.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data import Brief, Briefs
from prompts import render
from rl.desk import Desks

if TYPE_CHECKING:
    from anyio import Lock

KEPT = 32
"""Cases whose messages are kept: pictures as text are large."""


@dataclass
class PromptsOnce:
    """Messages by case; to be asked from one event loop."""

    briefs: Briefs
    template: str
    desks: Desks | None = None
    """What the model is told that it can do."""
    _made: "OrderedDict[str, tuple[Lock, list[dict[str, Any]]]]" = field(default_factory=OrderedDict)

    async def of(self, case: str) -> list[dict[str, Any]]:
        """The messages about a case.

        Raises:
            DataError: a picture cannot be read.
        """
        from anyio import Lock
        from anyio.to_thread import run_sync

        lock, messages = self._made.setdefault(case, (Lock(), []))
        self._made.move_to_end(case)
        async with lock:
            if not messages:
                messages += await run_sync(_messages, self.briefs[case], self.template, self.desks)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return messages


def _messages(brief: Brief, template: str, desks: Desks | None) -> list[dict[str, Any]]:
    asked = render(brief.case, brief.excerpt, template) if desks is None else desks.prompt(brief, template, told=True)
    return [message.for_server() for message in asked]
