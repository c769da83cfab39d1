"""Engine: what writes episodes. A model in this process, one behind a server, and whatever comes to write faster.

Who asks an engine does not know which kind it is. Training asks it where TRL lets it: a trainer's `_generate`.
"""

from collections.abc import Collection, Iterator
from typing import Any, Protocol, runtime_checkable

from data import Briefs
from prompts import Episode
from rl.config.decoding import Decoding

Key = tuple[str, int]
"""A case's id and the number of the sample."""


@runtime_checkable
class Engine(Protocol):
    """What writes episodes."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def template(self) -> str | None:
        """The prompt template that it was trained with; None where that is not known."""

    def identity(self, decoding: Decoding) -> dict[str, Any]:
        """All that tells its episodes from those of others, or of its own in other settings, but what it is shown:
        JSON.

        Raises:
            DataError: there is no such model.
        """

    def provenance(self, decoding: Decoding) -> dict[str, Any]:
        """What ``run.json`` says of it and of how it was asked; see `rl.runs.provenance`."""

    def write(self, briefs: Briefs, decoding: Decoding, missing: Collection[Key]) -> Iterator[list[Episode]]:
        """At least the missing episodes, some at a time, as they come; ``decoding.template`` is given.

        Raises:
            DataError: a case cannot be put to the model; what was written before has been given out.
        """
