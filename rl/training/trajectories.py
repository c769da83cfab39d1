"""Trajectories as what SFT learns from: episodes at the desk, each turn of the policy's a lesson, and nothing that it
is told, unless a model that knows nothing is to learn to read.

Answers are those of the recipe's own desk, asked anew. A row holds the episode as token ids with their media, and
which of them are the policy's; it is encoded when it is read, as it is where a policy writes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad

from data import Brief, Briefs, DataError
from prompts import Episode, Message, opening_of
from prompts.chat import encode
from prompts.neutralise import neutralise
from prompts.parse import ANSWER, END_ANSWER, END_THINK, THINK
from prompts.parts import Picture
from prompts.processor import Processor, reads_media, special_tokens, tokenizer_of
from prompts.tool_turns import knows_tools
from rl.desk import Desks
from rl.desk.calls import CALL, END_CALL, calls_of
from rl.desk.replay import replay
from rl.shared_prefix.prompt import Prompt, media_of
from rl.training.lengths import check_fit, count
from rl.training.pieces import Pieces

TAGS = (THINK, END_THINK, CALL, END_CALL, ANSWER, END_ANSWER)
"""What a policy writes that a tokenizer may have as a token."""
IGNORED = -100
"""The label of a token that is not learned."""


@dataclass(frozen=True)
class Lesson:
    """An episode as a model reads it."""

    whole: Prompt
    own: torch.Tensor
    """(L,) whether the policy wrote each token."""


def conversations_of(
    episodes: Mapping[str, Sequence[Episode]],
    briefs: Briefs,
    desks: Desks,
    template: str,
    specials: tuple[str, ...] = (),
    told: bool = False,
    opening: str = "",
) -> list[tuple[Brief, list[Message]]]:
    """Each episode with the case that it is about, as a conversation.

    Args:
        episodes: by the ids of cases; those on others are passed over.
        told: whether the chat template tells of the tools.

    Raises:
        DataError: an episode asks for more than it goes on with, or goes on where it asks for nothing, or ends
            without a ruling; or a turn of the policy's has a special token that is none of ours, such as a picture's.
    """
    steering = [token for token in specials if token not in TAGS and neutralise(token) != token]
    for brief in briefs:
        for turn in (turn for episode in episodes.get(brief.id, ()) for turn in episode.turns):
            if turn.author == "policy" and (token := next((one for one in steering if one in turn.text), None)):
                raise DataError(f"a turn on case '{brief.id}' has {token!r}, which is no text to learn", field="turns")
        for episode in episodes.get(brief.id, ()):
            if ANSWER not in episode.completion and not calls_of(episode.completion):
                raise DataError(f"the one on case '{brief.id}' ends without a ruling", field="trajectories")
    shown = {"special_tokens": specials, "told": told, "opening": opening}
    return [
        (brief, replay(episode, brief, desks, template, **shown).messages)  # type: ignore[arg-type]
        for brief in briefs
        for episode in episodes.get(brief.id, ())
    ]


def rows_for_trajectories(
    episodes: Mapping[str, Sequence[Episode]],
    briefs: Briefs,
    desks: Desks,
    processor: Processor,
    context: int,
    template: str = "default",
) -> Any:
    """A `datasets.Dataset` of episodes, each row with a `Lesson` under ``lesson``.

    Raises:
        DataError: an episode cannot be put to the desk, or is longer than ``context`` tokens; or there is none.
    """
    from datasets import Dataset

    opening, told = opening_of(processor), knows_tools(processor)
    about = conversations_of(episodes, briefs, desks, template, special_tokens(processor), told, opening)
    if not about:
        raise DataError("no trajectory is about any of the cases", field="trajectories")
    variables = {"tools": desks.schemas} if told else {}
    lengths = count([messages for _, messages in about], processor, desks.schemas if told else None)
    check_fit([brief for brief, _ in about], lengths, context)
    pieces = Pieces(processor, [tokenizer_of(processor).eos_token_id], variables)
    rows = [
        {"case": brief.id, "place": place, "length": length.total}
        | (
            {Picture.row_column: [part.name for message in messages for part in message.media]}
            if reads_media(processor)
            else {}
        )
        for place, ((brief, messages), length) in enumerate(zip(about, lengths, strict=True))
    ]

    def read(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        lessons = [lesson_of(about[place][1], processor, pieces, variables) for place in batch.get("place", ())]
        return batch | ({"lesson": lessons} if lessons else {})

    return Dataset.from_list(rows).with_transform(read)


def lesson_of(
    messages: Sequence[Message], processor: Processor, pieces: Pieces, variables: Mapping[str, Any]
) -> Lesson:
    """What a policy reads and writes, as it does in training and in evaluation.

    Args:
        messages: what is asked; then the turns of an assistant, and what tools answered.
        variables: for the chat template.
    """
    first = next(place for place, message in enumerate(messages) if message.role == "assistant")
    read = [Prompt.of(encode(processor, [messages[:first]], **variables))]
    own = [False]
    for message in messages[first:]:
        wrote = message.role == "assistant"
        said = "".join(part.text for part in message.texts)
        read.append(pieces.wrote(said) if wrote else pieces.answered(message))
        own.append(wrote)
    told = torch.tensor([wrote for piece, wrote in zip(read, own, strict=True) for _ in range(len(piece.ids))])
    return Lesson(Prompt.joined(read), told)


class Collator:
    """Lessons as a batch, padded behind, with labels on what the policy wrote, or on all text.

    Args:
        padding: the token that fills rows up.
        media: the tokens that stand for pictures and the like, where all others are learned.
    """

    def __init__(self, padding: int, media: Sequence[int] | None = None):
        self.padding = padding
        self.media = None if media is None else torch.tensor(media)

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        lessons: list[Lesson] = [row["lesson"] for row in rows]
        width = max(len(lesson.own) for lesson in lessons)

        def filled(values: torch.Tensor, value: int = 0) -> torch.Tensor:
            return pad(values, (0, width - len(values)), value=value)

        wholes = [lesson.whole for lesson in lessons]
        labels = [lesson.whole.ids.masked_fill(~self._learned(lesson), IGNORED) for lesson in lessons]
        types = {
            name: torch.stack(
                [
                    filled(whole.types[name][0] if name in whole.types else torch.zeros(0, dtype=torch.long))
                    for whole in wholes
                ]
            )
            for name in dict.fromkeys(name for whole in wholes for name in whole.types)
        }
        return {
            "input_ids": torch.stack([filled(whole.ids, self.padding) for whole in wholes]),
            "attention_mask": torch.stack([filled(torch.ones_like(whole.ids)) for whole in wholes]),
            "labels": torch.stack([filled(row, IGNORED) for row in labels]),
            **media_of(wholes, in_one_row=False),
            **types,
        }

    def _learned(self, lesson: Lesson) -> torch.Tensor:
        return lesson.own if self.media is None else ~torch.isin(lesson.whole.ids, self.media)
