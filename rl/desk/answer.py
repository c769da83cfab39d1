"""Answer: what a desk gives back to a policy's turn: safe to show, and counted."""

from dataclasses import dataclass

from prompts import Look, Message, Turn
from prompts.parts import Medium, Text

PICTURE = "(picture)"
"""Stands in a turn's text for a picture."""


@dataclass(frozen=True)
class Piece:
    """The answer to one call."""

    parts: tuple[Text | Medium, ...]
    look: Look
    name: str
    """What was called, as a policy wrote it, safe to show."""


@dataclass(frozen=True)
class Answer:
    """The answers to the calls of one turn, in their order."""

    pieces: tuple[Piece, ...]

    @property
    def parts(self) -> tuple[Text | Medium, ...]:
        """All that is shown; of several answers, each under its tool's name."""
        if len(self.pieces) == 1:
            return self.pieces[0].parts
        parts: list[Text | Medium] = []
        for piece in self.pieces:
            head = "\n" if parts else ""
            parts += [Text(f"{head}{piece.name or 'no tool'}:\n"), *piece.parts]
        return _joined(parts)

    @property
    def message(self) -> Message:
        """As a tool's message."""
        return Message("tool", self.parts)

    @property
    def looks(self) -> tuple[Look, ...]:
        return tuple(piece.look for piece in self.pieces)

    @property
    def turn(self) -> Turn:
        """As an episode keeps it."""
        parts = self.parts
        text = "".join(part.text if isinstance(part, Text) else PICTURE for part in parts)
        return Turn(text, "tool", parts=parts, looks=self.looks)


def _joined(parts: list[Text | Medium]) -> tuple[Text | Medium, ...]:
    """Texts that stand side by side as one: chat templates may put something between two."""
    joined: list[Text | Medium] = []
    for part in parts:
        if joined and isinstance(part, Text) and isinstance(before := joined[-1], Text):
            joined[-1] = Text(before.text + part.text)
        else:
            joined.append(part)
    return tuple(joined)
