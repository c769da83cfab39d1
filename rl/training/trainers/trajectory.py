"""Trajectory: an episode while it is written, as its turns and as what stands behind its prompt."""

from collections.abc import Sequence

import torch

from prompts import Episode, Turn
from rl.desk import Answer, Desk
from rl.shared_prefix.prompt import Prompt


class Trajectory:
    """One row of a batch.

    Args:
        prompt: what the policy reads first.
        desk: where it may look things up.
    """

    def __init__(self, prompt: Prompt, desk: Desk):
        self.prompt, self.desk = prompt, desk
        self.turns: list[Turn] = []
        self._pieces: list[Prompt] = []

    def write(self, ids: Sequence[int], turn: Turn) -> None:
        """Adds a turn of the policy's."""
        self.turns.append(turn)
        self._pieces.append(Prompt(torch.tensor(ids, dtype=torch.long)))

    def go_on(self, answer: Answer, piece: Prompt) -> None:
        """Adds what was answered, and the header of the next turn."""
        self.turns.append(answer.turn)
        self._pieces.append(piece)

    @property
    def behind(self) -> Prompt:
        """All that stands behind the prompt."""
        return Prompt.joined(self._pieces)

    @property
    def pictured(self) -> Prompt | None:
        """The same where there are media in it; None where it is text."""
        return self.behind if any(piece.media for piece in self._pieces) else None

    @property
    def own(self) -> list[int]:
        """Of each token behind the prompt: 1 where the policy wrote it, 0 where it was told."""
        return [1 - place % 2 for place, piece in enumerate(self._pieces) for _ in range(len(piece.ids))]

    @property
    def length(self) -> int:
        """Tokens, with those of the prompt."""
        return len(self.prompt.ids) + sum(len(piece.ids) for piece in self._pieces)

    @property
    def last(self) -> int:
        """How many tokens stand behind the prompt before its last turn."""
        return sum(len(piece.ids) for piece in self._pieces[:-1])

    def episode(self, case: str, sample: int) -> Episode:
        return Episode(case, tuple(self.turns), sample)
