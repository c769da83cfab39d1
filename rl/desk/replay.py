"""Replay: an episode that was kept, put to a fresh desk: what it asked is asked again, so its answers have their
pictures, and are those of the desk at hand.
"""

from dataclasses import dataclass

from data import Brief, DataError
from prompts import Episode, Message
from prompts.opening import rest_of
from prompts.parts import Text
from rl.desk.desks import Desks


@dataclass(frozen=True)
class Replayed:
    """An episode as a conversation."""

    messages: list[Message]
    """What is asked; then, turn by turn, what the policy wrote behind its header, and what a tool answered."""
    judged: Brief
    """The case under all the rules that were shown; see `Desk.judged`."""
    episode: Episode
    """The same with the answers of this desk."""


def replay(
    episode: Episode,
    brief: Brief,
    desks: Desks,
    template: str = "default",
    *,
    special_tokens: tuple[str, ...] = (),
    told: bool = False,
    opening: str = "",
) -> Replayed:
    """An episode at the desk once more.

    Args:
        brief: the case, as it was shown.
        special_tokens: literals of the tokenizer at hand.
        told: whether the chat template tells of the tools; see `Desks.prompt`.
        opening: what the chat template writes of every turn; see `prompts.opening`.

    Raises:
        DataError: a turn of the policy asks for nothing and is not the last, or the last one asks for more.
    """
    desk, turns = desks.at(brief, special_tokens), []
    messages = desks.prompt(brief, template, special_tokens, told)
    written = [turn for turn in episode.turns if turn.author == "policy"]
    for number, turn in enumerate(written, start=1):
        turns.append(turn)
        messages.append(Message("assistant", (Text(rest_of(turn.text, opening)),)))
        answer = desk.answer(turn.text)
        if (answer is None) != (number == len(written)):
            what = "asks for more" if answer is not None else "asks for nothing, and is not the last"
            raise DataError(f"turn {number} of {len(written)} on case '{episode.case}' {what}", field="turns")
        if answer is not None:
            turns.append(answer.turn)
            messages.append(answer.message)
    return Replayed(messages, desk.judged, Episode(episode.case, tuple(turns), episode.sample))
